"""How an entry gets in: one statement decides which of two equal enqueues is the first.

A function over a transaction alone, so that it can run inside a transaction that somebody else opened.
"""

from tipline_client.delivery.entry import Entry, NewEntry
from tipline_client.delivery.events import EntryQueued
from tipline_client.delivery.jsonable import to_json
from tipline_client.delivery.states import State
from tipline_client.outbox import rules
from tipline_client.outbox.columns import microseconds
from tipline_client.outbox.rows import entry_of, shown_entry
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.writing import Writing

__all__ = ["enqueue"]


def enqueue(writing: Writing, new: NewEntry, *, held: bool) -> tuple[Entry, bool]:
    """Add an entry, or find the one that holds its key.

    Args:
        writing: An open transaction.
        new: What to add.
        held: Whether it waits for a person first.

    Returns:
        The entry, and whether it is new.

    Raises:
        DuplicateKeyError: The key is there with other content, or the id under another key.
    """
    added = writing.execute(
        statements.ADD_ENTRY,
        {
            "id": new.id,
            "profile": new.profile,
            "environment": new.environment.value,
            "idempotency_key": new.idempotency_key,
            "content_digest": new.content_digest,
            "envelope": new.envelope,
            "data_key": new.data_key,
            "is_escalated": int(new.is_escalated),
            "state": (State.HELD if held else State.QUEUED).value,
            "checkpoint": to_json(new.checkpoint),
            "known_at": None if new.known_at is None else microseconds(new.known_at),
            "now": microseconds(writing.now),
        },
    )
    if added:
        writing.tell(added[0][0], EntryQueued(new.content_digest, is_held=held))
        [row] = writing.execute(statements.ENTRY_BY_NUMBER, {"number": added[0][0]})
        return entry_of(row), True
    key = {
        "profile": new.profile,
        "environment": new.environment.value,
        "idempotency_key": new.idempotency_key,
    }
    for row in writing.execute(statements.ENTRY_BY_KEY, key):
        existing = shown_entry(row)
        rules.check_same_content(existing, new)
        return existing, False
    raise rules.id_in_use(new)
