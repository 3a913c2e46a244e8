"""The application `tipline_client.django` for a Django project: settings, a client, a command, checks, an admin page.

Add it to `INSTALLED_APPS` and write `TIPLINE = {...}` in the settings. Decisions and reports are then committed
together with `enqueue`, and `manage.py tipline dispatch` delivers. Public are the three names below.
"""

try:
    from tipline_client.django.clients import client, close, enqueue
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in {"django", "asgiref"}:
        raise
    raise ImportError(
        "the application for Django needs its extra: pip install 'tipline-client[django]'", name=error.name
    ) from error

__all__ = ["client", "close", "enqueue"]
