"""What the desk wants to be told: that a report is filed. It runs in the dispatcher, after the commit."""

from asgiref.sync import sync_to_async

from tipline_client import Event, Hook, events


async def note_filed(event: Event) -> None:
    """Write the report's number into its decision. It may be told twice, which changes nothing."""
    # Django's models are ready only once its settings are.
    from moderation.models import Decision

    if isinstance(event.what, events.EntryAcknowledged):
        decisions = Decision.objects.filter(entry_id=event.entry_id)
        await sync_to_async(decisions.update)(report_id=event.what.report_id)


NOTE_FILED = Hook("note-filed", note_filed, kinds=(events.EntryAcknowledged,))
