"""Whose time to be filed is nearly over: found along one index, and told once in the history.

A function over an open transaction. What a deadline is belongs to `delivery.deadline`.
"""

from typing import Final

from tipline_client.delivery.deadline import Deadline
from tipline_client.outbox.columns import FIRST, microseconds, moment
from tipline_client.outbox.contract import Lane
from tipline_client.outbox.rows import name_of
from tipline_client.outbox.sqlite.writing import Writing

__all__ = ["tell_deadlines"]

_NEAR: Final = """
    SELECT number, id, coalesce(known_at, enqueued_at) FROM entries INDEXED BY entries_clock
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
        "now": microseconds(writing.now),
    }
    near = tuple(writing.execute(_NEAR, asked))
    for number, _, began_at in near:
        writing.execute(_WARNED, {"number": number, "now": asked["now"]})
        writing.tell(number, deadline.near(moment(began_at)))
    return tuple(name_of(row) for row in near)
