"""Which lanes are paused, since when and why, in words and as JSON."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tipline_client.cli.views import instant, span
from tipline_client.cli.waiting import failure_sentence
from tipline_client.delivery.lane_state import Incident, LaneState
from tipline_client.outbox import Lane, Outbox

__all__ = ["ANSWERS_AGAIN", "PausedLane", "find_paused_lanes", "incident_line", "incident_view"]


ANSWERS_AGAIN: Final = "the endpoint answers its probes again, and it is over with the next entry that it takes"
"""How a lane on trial stands, whether or not an entry is under way."""


@dataclass(frozen=True, slots=True)
class PausedLane:
    """A lane with an incident that has not ended.

    Attributes:
        lane: Which.
        incident: What happened.
        state: How the lane stands.
    """

    lane: Lane
    incident: Incident
    state: LaneState


async def find_paused_lanes(outbox: Outbox, lanes: tuple[Lane, ...]) -> list[PausedLane]:
    """Those of these lanes that are paused or on trial."""
    states = [(lane, await outbox.lane_state(lane)) for lane in lanes]
    return [PausedLane(lane, state.incident, state) for lane, state in states if state.incident is not None]


def incident_line(paused: PausedLane) -> str:
    """One line for a person."""
    incident, state = paused.incident, paused.state
    where = f" at each {incident.confined_to}" if incident.confined_to else ""
    stands = "on trial" if state.trial else "paused"
    now = ANSWERS_AGAIN if state.trial else f"next probe {_soon(state)}"
    return (
        f"{stands}: {paused.lane.profile} ({paused.lane.environment}) since {instant(incident.since)}"
        f" ({span(state.read_at - incident.since)}), {incident.failures} failures{where};"
        f" {failure_sentence(incident.failure)}; {now}"
    )


def incident_view(paused: PausedLane) -> dict[str, Any]:
    """The same as JSON."""
    incident, state = paused.incident, paused.state
    return {
        "profile": paused.lane.profile,
        "environment": paused.lane.environment.value,
        "since": instant(incident.since),
        "kind": incident.failure.kind,
        "code": incident.failure.code,
        "requestId": incident.failure.request_id,
        "text": incident.failure.text,
        "step": incident.confined_to.value if incident.confined_to else None,
        "failures": incident.failures,
        "isOnTrial": state.trial is not None,
        "nextProbe": instant(state.probe_at),
    }


def _soon(state: LaneState) -> str:
    probe_at: datetime | None = state.probe_at
    if probe_at is None or probe_at <= state.read_at:
        return "when a dispatcher runs"
    return f"in {span(probe_at - state.read_at)}"
