"""Addresses of the example."""

from django.contrib import admin
from django.urls import path
from moderation.views import decide, show

urlpatterns = [
    path("", decide, name="decide"),
    path("decisions/<str:case>", show, name="show"),
    path("admin/", admin.site.urls),
]
