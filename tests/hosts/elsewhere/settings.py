"""What the project has, and the little that is added for this package."""

import os
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ["ELSEWHERE"])
SERVER = os.environ.get("ELSEWHERE_SERVER")

SECRET_KEY = "of a project for tests"
ROOT_URLCONF = "tests.hosts.elsewhere.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
MEDIA_ROOT = FOLDER / "media"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "tipline_client.django",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
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

if SERVER:
    DATABASE: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": SERVER,
        "USER": "tipline",
        "NAME": os.environ["ELSEWHERE_DATABASE"],
    }
else:
    DATABASE = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": FOLDER / f"{os.environ.get('ELSEWHERE_NAME', 'project')}.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
        "TEST": {"NAME": FOLDER / "test.sqlite3"},
    }
DATABASES = {
    "default": DATABASE,
    "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"},
}

TIPLINE = {"HOME": FOLDER / "home", "DATABASE": "default", "ENDPOINT": "http://127.0.0.1:9/ispws"}
if "ELSEWHERE_ARCHIVE" in os.environ:
    # Its driver is not installed here.
    DATABASES["archive"] = {"ENGINE": "django.db.backends.oracle", "NAME": "archive"}
if "ELSEWHERE_FORGETS" in os.environ:
    del TIPLINE["DATABASE"]
