"""When serving production is a switch from another environment, so that a backlog waits for a person.

Somebody who turns a dispatcher from the test host to production means the reports from now on. What lay in the queue
for production before that may be a rehearsal; it is legal evidence too, so it is neither sent nor thrown away. Every
store asks here and holds alike. Nothing here reads or writes a store.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tipline_client.delivery.environment import Environment
from tipline_client.outbox.columns import moment
from tipline_client.outbox.values import Lane

__all__ = ["HELD_NOTE", "UNSERVED_AFTER", "backlog_ends_at", "served_of"]

UNSERVED_AFTER: Final = timedelta(hours=1)
"""A lane that no dispatcher served for so long was left, not only restarted. Dispatchers say much more often that they
serve, so that two of different environments beside each other are no switch."""

HELD_NOTE: Final = "held: it was queued before the switch to production"
"""What the record says of an entry that was held so."""


def served_of(rows: Iterable[tuple[Any, ...]]) -> dict[Lane, datetime]:
    """When each lane was last served, from rows of profile, environment and time; what cannot be read is left out."""
    served = {}
    for profile, environment, at in rows:
        try:
            served[Lane(str(profile), Environment(environment))] = moment(at)
        except (TypeError, ValueError):
            continue
    return served


def backlog_ends_at(lane: Lane, served: Mapping[Lane, datetime], *, now: datetime) -> datetime | None:
    """The moment of the switch: what was due in this lane before it is to be held.

    Args:
        lane: Which a dispatcher is about to serve.
        served: When each lane was last served.
        now: The moment of the question, by the clock that wrote `served`.

    Returns:
        `None` when it is no switch: the lane is not production's; no other environment was ever served; or none was
        since this lane was, or this lane was a short while ago.
    """
    if lane.environment is not Environment.PRODUCTION:
        return None
    others = [at for other, at in served.items() if other.environment is not Environment.PRODUCTION]
    if not others:
        return None
    own = served.get(lane)
    switched_at = max(others)
    if own is not None and (own >= switched_at or now - own <= UNSERVED_AFTER):
        return None
    return switched_at
