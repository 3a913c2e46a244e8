"""How an entry gets in: one statement decides which of two equal enqueues is the first.

A conversation, so that it can be held inside a transaction that the caller opened: the report is then queued exactly if
that transaction commits.
"""

from tipline_client.delivery.entry import Entry, NewEntry
from tipline_client.delivery.events import EntryQueued
from tipline_client.delivery.jsonable import to_json
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain
from tipline_client.outbox import rules
from tipline_client.outbox.columns import microseconds
from tipline_client.outbox.postgres import questions, statements
from tipline_client.outbox.postgres.conversation import Conversation
from tipline_client.outbox.postgres.telling import tell
from tipline_client.outbox.rows import entry_of, shown_entry

__all__ = ["enqueue"]


def enqueue(
    new: NewEntry, *, held: bool, chain: HistoryChain | None = None, now: int | None = None, wakes: bool = True
) -> Conversation[tuple[Entry, bool]]:
    """Add an entry, or find the one that holds its key.

    Args:
        new: What to add.
        held: Whether it waits for a person first.
        chain: Links the line that this leaves in the history; one without a secret by default.
        now: When, in microseconds since 1970; `None` for the database's own clock.
        wakes: Whether dispatchers are to be woken when the transaction commits. Such commits wait for each other.

    Returns:
        The entry, and whether it is new.

    Raises:
        DuplicateKeyError: The key is there with other content, or the id under another key.
    """
    key = {"profile": new.profile, "environment": new.environment.value, "idempotency_key": new.idempotency_key}
    added = yield (
        statements.ADD_ENTRY,
        {
            **key,
            "id": new.id,
            "content_digest": new.content_digest,
            "envelope": new.envelope,
            "data_key": new.data_key,
            "is_escalated": new.is_escalated,
            "state": (State.HELD if held else State.QUEUED).value,
            "checkpoint": to_json(new.checkpoint),
            "known_at": None if new.known_at is None else microseconds(new.known_at),
            "now": now,
        },
    )
    if added and wakes and not held:
        yield statements.NEWS, {}
    for row in added:
        entry = entry_of(row)
        yield from tell(chain or HistoryChain(), row[0], EntryQueued(new.content_digest, is_held=held), now=now)
        return entry, True
    # A statement of its own: what another transaction committed meanwhile is not seen by the one that waited for it.
    for row in (yield questions.ENTRY_BY_KEY, key):
        existing = shown_entry(row)
        rules.check_same_content(existing, new)
        return existing, False
    raise rules.id_in_use(new)
