"""Whose time to be filed is nearly over: found along one index, and told once in the history.

What a deadline is belongs to `delivery.deadline`. Of two dispatchers that look at once, one tells.
"""

from typing import Final

from tipline_client.delivery.deadline import Deadline
from tipline_client.envelope import HistoryChain
from tipline_client.outbox.columns import FIRST, microseconds, moment
from tipline_client.outbox.contract import Lane
from tipline_client.outbox.postgres import questions
from tipline_client.outbox.postgres.conversation import Conversation
from tipline_client.outbox.postgres.telling import tell
from tipline_client.outbox.rows import name_of

__all__ = ["tell_deadlines"]

_NOW: Final = "SELECT coalesce(%(now)s::bigint, tipline.clock())"
_NEAR: Final = f"""
    UPDATE tipline.entries SET warned_at = %(now)s
    WHERE number IN (
        SELECT number FROM tipline.entries
        WHERE {questions.LANE} AND state IN ('held', 'queued', 'leased')
            AND coalesce(known_at, enqueued_at) BETWEEN %(first)s AND %(before)s AND warned_at IS NULL
        ORDER BY coalesce(known_at, enqueued_at) LIMIT %(limit)s
        FOR UPDATE SKIP LOCKED
    )
    RETURNING number, id, coalesce(known_at, enqueued_at)
"""  # noqa: S608 - names of our own


def tell_deadlines(
    lane: Lane, *, deadline: Deadline, limit: int, chain: HistoryChain, now: int | None
) -> Conversation[tuple[str, ...]]:
    """Tell of each unfiled entry whose time is nearly over, once; see `Outbox.tell_deadlines`."""
    [[at]] = yield _NOW, {"now": now}
    rows = yield (
        _NEAR,
        {
            "environment": lane.environment.value,
            "profile": lane.profile,
            "first": FIRST,
            "before": microseconds(deadline.began_before(moment(at))),
            "limit": limit,
            "now": at,
        },
    )
    near = sorted(rows, key=lambda row: (row[2], row[0]))
    for number, _, began_at in near:
        yield from tell(chain, number, deadline.near(moment(began_at)), now=at)
    return tuple(name_of(row) for row in near)
