"""Decisions in the admin, to look at: who decides does so at the desk, where the report goes with it."""

from django.contrib import admin

from moderation.models import Decision


@admin.register(Decision)
class DecisionAdmin(admin.ModelAdmin):  # type: ignore[misc]  # Django bears no types
    """The list."""

    list_display = ("case", "decided_at", "entry_id", "report_id")
    readonly_fields = ("case", "url", "decided_at", "entry_id", "report_id")
