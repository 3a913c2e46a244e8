"""Settings of the example: one SQLite file for decisions and reports, beside the folder with the keys.

What differs between hosts comes from the environment. Nothing here leads to a real endpoint.
"""

import os
import secrets
from pathlib import Path

DATA = Path(os.environ.get("DESK_DATA", "django-desk-data")).absolute()

SECRET_KEY = os.environ.get("DESK_SECRET_KEY") or secrets.token_urlsafe(50)
DEBUG = os.environ.get("DESK_DEBUG") == "1"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "desk.urls"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "tipline_client.django",
    "moderation",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA / "desk.sqlite3",
        # A transaction takes its lock at its beginning: two at once then wait for each other instead of failing.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
        # Django would keep the database of its tests in memory, where no outbox can be.
        "TEST": {"NAME": DATA / "test.sqlite3"},
    }
}

TIPLINE = {
    "HOME": DATA / "tipline-home",
    "DATABASE": "default",
    "ENDPOINT": os.environ.get("TIPLINE_ENDPOINT"),
    "USERNAME": os.environ.get("TIPLINE_USERNAME"),
    "PASSWORD_FILE": os.environ.get("TIPLINE_PASSWORD_FILE"),
    "REGISTERED_ESP": os.environ.get("TIPLINE_REGISTERED_ESP") == "yes",
    "HOOKS": ["moderation.hooks.NOTE_FILED"],
}
