"""How a lane stands, kept beside its entries so that every host that serves it sees the same.

What a state means is for the dispatcher to say.
"""

from typing import Final

from tipline_client.delivery.events import Happening
from tipline_client.delivery.jsonable import to_json
from tipline_client.delivery.lane_state import LaneState
from tipline_client.envelope import HistoryChain
from tipline_client.outbox.columns import moment
from tipline_client.outbox.contract import Lane
from tipline_client.outbox.postgres.conversation import Conversation
from tipline_client.outbox.postgres.telling import tell_of_lane
from tipline_client.outbox.rules import lane_state_of

__all__ = ["change_lane", "lane_state"]

_STATE: Final = """
    SELECT coalesce(%(now)s::bigint, tipline.clock()), version, state
    FROM (VALUES (1)) AS always LEFT JOIN tipline.lanes
        ON environment = %(environment)s AND tipline.fingerprint(profile) = tipline.fingerprint(%(profile)s)
"""

_CHANGE: Final = """
    INSERT INTO tipline.lanes AS kept (environment, profile, version, state)
        VALUES (%(environment)s, %(profile)s, %(version)s::bigint + 1, %(state)s)
        ON CONFLICT (environment, tipline.fingerprint(profile))
        DO UPDATE SET version = excluded.version, state = excluded.state WHERE kept.version = %(version)s::bigint
    RETURNING version
"""


def lane_state(lane: Lane, *, now: int | None) -> Conversation[LaneState]:
    """How the lane stands; see `Outbox.lane_state`."""
    [(at, version, state)] = yield (
        _STATE,
        {"environment": lane.environment.value, "profile": lane.profile, "now": now},
    )
    read_at = moment(at)
    return LaneState(read_at) if version is None else lane_state_of(version, state, now=read_at)


def change_lane(
    lane: Lane, state: LaneState, *, what: Happening | None, chain: HistoryChain, now: int | None
) -> Conversation[bool]:
    """Replace the state over the version that it was made from; see `Outbox.change_lane`."""
    row = {
        "environment": lane.environment.value,
        "profile": lane.profile,
        "version": state.version,
        "state": to_json(state),
    }
    if not (yield _CHANGE, row):
        return False
    if what is not None:
        yield from tell_of_lane(chain, lane, what, now=now)
    return True
