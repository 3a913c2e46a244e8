"""A hook that keeps what it is told, and one that asks the project's database as the page says."""

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection

from tipline_client import Event, Hook, events

TOLD: list[Event] = []
KEEP = Hook("keep", TOLD.append, kinds=(events.EntryAcknowledged,))
ASKED: list[str | None] = []
"""The entries of whose reports the database was asked."""


async def ask(event: Event) -> None:
    await sync_to_async(_ask)(event.entry_id)


def _ask(entry_id: str | None) -> None:
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    ASKED.append(entry_id)


ASK = Hook("ask", ask, kinds=(events.EntryAcknowledged,))
NO_HOOK = "coffee"
