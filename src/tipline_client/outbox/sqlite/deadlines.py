"""Whose time to be filed is nearly over: found along one index, and told once in the history.

A function over an open transaction. What a deadline is belongs to `delivery.deadline`.
"""

from typing import Final

from tipline_client.delivery.deadline import Deadline
from tipline_client.outbox.columns import FIRST, microseconds
from tipline_client.outbox.contract import Lane, UnreadableRowError
from tipline_client.outbox.rows import entry_of
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.writing import Writing

__all__ = ["tell_deadlines"]

_NEAR: Final = """
    SELECT number FROM entries INDEXED BY entries_clock
    WHERE environment = :environment AND profile = :profile AND state IN ('held', 'queued', 'leased')
        AND coalesce(known_at, enqueued_at) BETWEEN :first AND :before AND warned_at IS NULL
    ORDER BY coalesce(known_at, enqueued_at) LIMIT :limit
"""
_WARNED: Final = "UPDATE entries SET warned_at = :now WHERE number = :number"


def tell_deadlines(writing: Writing, lane: Lane, *, deadline: Deadline, limit: int) -> tuple[str, ...]:
    """Tell of each unfiled entry whose time is nearly over, once; see `Outbox.tell_deadlines`."""
    asked = {
        "environment": lane.environment.value,
        "profile": lane.profile,
        "first": FIRST,
        "before": microseconds(deadline.began_before(writing.now)),
        "limit": limit,
    }
    told = (_tell(writing, number, deadline) for [number] in writing.execute(_NEAR, asked))
    return tuple(entry_id for entry_id in told if entry_id is not None)


def _tell(writing: Writing, number: int, deadline: Deadline) -> str | None:
    [row] = writing.execute(statements.ENTRY_BY_NUMBER, {"number": number})
    try:
        entry = entry_of(row)
    except UnreadableRowError:
        # The claim that meets it sets it aside, and tells of that.
        return None
    writing.execute(_WARNED, {"number": number, "now": microseconds(writing.now)})
    writing.tell(number, deadline.near(entry.clock_began_at))
    return entry.id
