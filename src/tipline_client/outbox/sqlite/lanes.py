"""How a lane stands, kept beside its entries so that every process that serves it sees the same.

Functions over `execute` in an open transaction. What a state means is for the dispatcher to say.
"""

from datetime import datetime
from typing import Final

from tipline_client.delivery.events import Happening
from tipline_client.delivery.jsonable import to_json
from tipline_client.delivery.lane_state import LaneState
from tipline_client.outbox.contract import Lane
from tipline_client.outbox.rules import lane_state_of
from tipline_client.outbox.sqlite.driver import Execute
from tipline_client.outbox.sqlite.writing import Writing

__all__ = ["change_lane", "lane_state"]

_STATE: Final = "SELECT version, state FROM lanes WHERE environment = :environment AND profile = :profile"

_CHANGE: Final = """
    INSERT INTO lanes (environment, profile, version, state) VALUES (:environment, :profile, :version + 1, :state)
        ON CONFLICT DO UPDATE SET version = excluded.version, state = excluded.state WHERE version = :version
    RETURNING version
"""


def lane_state(execute: Execute, lane: Lane, *, now: datetime) -> LaneState:
    """How the lane stands; see `Outbox.lane_state`."""
    for version, state in execute(_STATE, {"environment": lane.environment.value, "profile": lane.profile}):
        return lane_state_of(version, state, now=now)
    return LaneState(now)


def change_lane(writing: Writing, lane: Lane, state: LaneState, *, what: Happening | None) -> bool:
    """Replace the state over the version that it was made from; see `Outbox.change_lane`."""
    row = {
        "environment": lane.environment.value,
        "profile": lane.profile,
        "version": state.version,
        "state": to_json(state),
    }
    if not writing.execute(_CHANGE, row):
        return False
    if what is not None:
        writing.tell_of_lane(lane, what)
    return True
