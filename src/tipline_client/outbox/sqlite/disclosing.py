"""Content that somebody reads, put on record before it is shown. A function over an open transaction."""

from tipline_client.delivery.events import ContentRead, digest_of
from tipline_client.outbox import keeping, rules
from tipline_client.outbox.columns import microseconds
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.writing import Writing

__all__ = ["note_reading"]


def note_reading(writing: Writing, entry_id: str, what: str, *, purpose: str, actor: str) -> None:
    """See `Archive.note_reading`."""
    for number, *_ in writing.execute(statements.ENTRY_BY_ID, {"id": entry_id}):
        text = keeping.note_read(what, purpose=purpose, actor=actor)
        writing.execute(statements.ADD_NOTE, {"entry": number, "text": text, "now": microseconds(writing.now)})
        writing.tell(number, ContentRead(what, actor, digest_of(purpose)))
        return
    raise rules.no_entry(entry_id)
