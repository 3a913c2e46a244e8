"""Which lanes are served, what is held after a switch to production, and what a person lets go again.

Functions over an open transaction. When serving is a switch is said in `outbox.switching`.
"""

from typing import Final

from tipline_client.delivery.entry import Entry
from tipline_client.delivery.events import EntryHeld, EntryReleased, digest_of
from tipline_client.outbox import rules
from tipline_client.outbox.columns import microseconds
from tipline_client.outbox.contract import Lane, UnreadableRowError
from tipline_client.outbox.rows import entry_of
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.driver import Value
from tipline_client.outbox.sqlite.writing import Writing
from tipline_client.outbox.switching import HELD_NOTE, backlog_ends_at, served_of

__all__ = ["let_go", "serve"]

_SERVED: Final = "SELECT profile, environment, served_at FROM served"
_SERVE: Final = """
    INSERT INTO served (environment, profile, served_at) VALUES (:environment, :profile, :now)
        ON CONFLICT DO UPDATE SET served_at = max(served_at, excluded.served_at)
"""
_BACKLOG: Final = """
    SELECT number FROM entries INDEXED BY entries_available
    WHERE environment = :environment AND profile = :profile AND state = 'queued' AND available_at < :before
    UNION ALL
    SELECT number FROM entries INDEXED BY entries_leased
    WHERE environment = :environment AND profile = :profile AND state = 'leased' AND lease_expires_at <= :now
        AND available_at < :before
    ORDER BY number
"""
_HOLD: Final = """
    UPDATE entries SET state = 'held', lease_token = NULL, lease_expires_at = NULL WHERE number = :number
"""
_LET_GO: Final = "UPDATE entries SET state = 'queued', available_at = :now WHERE number = :number"


def serve(writing: Writing, lane: Lane) -> int:
    """Write down that the lane is served, and hold what waited before a switch; see `Outbox.serve`."""
    row: dict[str, Value] = {
        "environment": lane.environment.value,
        "profile": lane.profile,
        "now": microseconds(writing.now),
    }
    switched_at = backlog_ends_at(lane, served_of(writing.execute(_SERVED)), now=writing.now)
    held = 0
    if switched_at is not None:
        backlog = writing.execute(_BACKLOG, {**row, "before": microseconds(switched_at)})
        held = sum(_hold(writing, number) for [number] in backlog)
    writing.execute(_SERVE, row)
    return held


def let_go(writing: Writing, entry_id: str, *, reason: str) -> Entry:
    """Put a held entry in the line; see `Outbox.let_go`."""
    rows = writing.execute(statements.ENTRY_BY_ID, {"id": entry_id})
    if not rows:
        raise rules.no_entry(entry_id)
    rules.check_held(entry_of(rows[0]))
    number, now = rows[0][0], microseconds(writing.now)
    writing.execute(_LET_GO, {"number": number, "now": now})
    writing.execute(statements.ADD_NOTE, {"entry": number, "text": f"let go: {reason}", "now": now})
    writing.tell(number, EntryReleased(digest_of(reason)))
    [row] = writing.execute(statements.ENTRY_BY_NUMBER, {"number": number})
    return entry_of(row)


def _hold(writing: Writing, number: int) -> bool:
    [row] = writing.execute(statements.ENTRY_BY_NUMBER, {"number": number})
    try:
        entry = entry_of(row)
    except UnreadableRowError:
        # The claim that meets it sets it aside.
        return False
    if not rules.is_untouched(entry.checkpoint):
        return False
    writing.execute(_HOLD, {"number": number})
    writing.execute(statements.ADD_NOTE, {"entry": number, "text": HELD_NOTE, "now": microseconds(writing.now)})
    writing.tell(number, EntryHeld())
    return True
