"""Which lanes are served, what is held after a switch to production, and what a person lets go again.

When serving is a switch is said in `outbox.switching`. Two dispatchers that start at once both hold; the second finds
the rows of the first held already, and neither claims before it has held.
"""

from typing import Final

from tipline_client.delivery.entry import Entry
from tipline_client.delivery.events import EntryHeld, EntryReleased, digest_of
from tipline_client.envelope import HistoryChain
from tipline_client.outbox import rules
from tipline_client.outbox.columns import microseconds, moment
from tipline_client.outbox.contract import Lane, UnreadableRowError
from tipline_client.outbox.postgres import questions, statements
from tipline_client.outbox.postgres.conversation import Conversation, Value
from tipline_client.outbox.postgres.telling import tell
from tipline_client.outbox.rows import entry_of
from tipline_client.outbox.switching import HELD_NOTE, backlog_ends_at, served_of

__all__ = ["let_go", "serve"]

_NOW: Final = "SELECT coalesce(%(now)s::bigint, tipline.clock())"
_SERVED: Final = "SELECT profile, environment, served_at FROM tipline.served"
_SERVE: Final = """
    INSERT INTO tipline.served AS kept (environment, profile, served_at)
        VALUES (%(environment)s, %(profile)s, %(now)s)
        ON CONFLICT (environment, tipline.fingerprint(profile))
        DO UPDATE SET served_at = greatest(kept.served_at, excluded.served_at)
"""
_BACKLOG: Final = f"""
    SELECT number FROM tipline.entries
    WHERE {questions.LANE} AND available_at < %(before)s
        AND CASE state WHEN 'queued' THEN true WHEN 'leased' THEN lease_expires_at <= %(now)s ELSE false END
        AND state IN ('queued', 'leased')
    ORDER BY number FOR UPDATE
"""  # noqa: S608 - names of our own
_HOLD: Final = """
    UPDATE tipline.entries SET state = 'held', lease_token = NULL, lease_expires_at = NULL WHERE number = %(number)s
"""
_LET_GO: Final = "UPDATE tipline.entries SET state = 'queued', available_at = %(now)s WHERE number = %(number)s"


def serve(lane: Lane, *, chain: HistoryChain, now: int | None) -> Conversation[int]:
    """Write down that the lane is served, and hold what waited before a switch; see `Outbox.serve`."""
    [[at]] = yield _NOW, {"now": now}
    row: dict[str, Value] = {"environment": lane.environment.value, "profile": lane.profile, "now": at}
    switched_at = backlog_ends_at(lane, served_of((yield _SERVED, {})), now=moment(at))
    held = 0
    if switched_at is not None:
        for [number] in (yield _BACKLOG, {**row, "before": microseconds(switched_at)}):
            held += yield from _hold(number, chain=chain, at=at)
    yield _SERVE, row
    return held


def let_go(entry_id: str, *, reason: str, chain: HistoryChain, now: int | None) -> Conversation[Entry]:
    """Put a held entry in the line; see `Outbox.let_go`."""
    yield statements.LOCK_ENTRY, {"id": entry_id}
    rows = yield questions.ENTRY_BY_ID, {"id": entry_id}
    if not rows:
        raise rules.no_entry(entry_id)
    rules.check_held(entry_of(rows[0]))
    number = rows[0][0]
    [[at]] = yield _NOW, {"now": now}
    yield _LET_GO, {"number": number, "now": at}
    yield statements.ADD_NOTE, {"entry": number, "text": f"let go: {reason}", "now": at}
    yield from tell(chain, number, EntryReleased(digest_of(reason)), now=at)
    [row] = yield questions.ENTRY_BY_NUMBER, {"number": number}
    return entry_of(row)


def _hold(number: int, *, chain: HistoryChain, at: int) -> Conversation[bool]:
    [row] = yield questions.ENTRY_BY_NUMBER, {"number": number}
    try:
        entry = entry_of(row)
    except UnreadableRowError:
        # The claim that meets it sets it aside.
        return False
    if not rules.is_untouched(entry.checkpoint):
        return False
    yield _HOLD, {"number": number}
    yield statements.ADD_NOTE, {"entry": number, "text": HELD_NOTE, "now": at}
    yield from tell(chain, number, EntryHeld(), now=at)
    return True
