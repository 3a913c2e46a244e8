"""What the desk wants to be told: that a report is filed. It runs in the dispatcher, after the commit."""

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from tipline_client import Event, Hook, events


async def note_filed(event: Event) -> None:
    """Write the report's number into its decision. It may be told twice, which changes nothing."""
    if isinstance(event.what, events.EntryAcknowledged):
        await sync_to_async(_note)(event.entry_id, event.what.report_id)


def _note(entry_id: str | None, report_id: int) -> None:
    # Django's models are ready only once its settings are.
    from moderation.models import Decision

    # A dispatcher has no requests, at whose ends Django would do it: a connection that the database ended is replaced.
    close_old_connections()
    Decision.objects.filter(entry_id=entry_id).update(report_id=report_id)


NOTE_FILED = Hook("note-filed", note_filed, kinds=(events.EntryAcknowledged,))
