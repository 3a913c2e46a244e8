"""How a lane stands: open, paused or on trial, as all its dispatchers share it.

Plain values; what leads from one to the next is dispatch's to say.
"""

from dataclasses import dataclass
from datetime import datetime

from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.steps import Step

__all__ = ["Incident", "LaneState", "Trial"]


@dataclass(frozen=True, slots=True)
class Incident:
    """A time during which the endpoint could not be used.

    Attributes:
        since: When the lane paused, by the outbox's clock.
        failure: What made it pause, or what the last probe or trial met.
        confined_to: The one step at which all the failures were, so that only an answer to this one ends the incident;
            `None` when it is the endpoint as a whole.
        failures: How often it has failed: the failure that made the lane pause, and each probe and trial since.
    """

    since: datetime
    failure: Failure
    confined_to: Step | None = None
    failures: int = 1

    @property
    def is_denial(self) -> bool:
        """Whether the credentials are refused, so that waiting alone helps nobody."""
        return self.failure.kind == AnswerKind.DENIED.value


@dataclass(frozen=True, slots=True)
class Trial:
    """A probe succeeded, and one dispatcher at a time may send one entry at a time.

    Attributes:
        holder: Which dispatcher; empty until one has taken the turn.
        until: When the turn passes to another unless it is taken again: its holder may have died.
    """

    holder: str
    until: datetime


@dataclass(frozen=True, slots=True)
class LaneState:
    """What all dispatchers of a lane know of its endpoint.

    Attributes:
        read_at: The moment of the look, by the outbox's clock.
        incident: The one that has not ended; without it the lane is open.
        trial: Set while the incident is being tried out.
        probes: How many probes the incident has had.
        probe_at: The next probe is not sent before.
        version: Counts the changes; a change is written only over the version that it was made from.
    """

    read_at: datetime
    incident: Incident | None = None
    trial: Trial | None = None
    probes: int = 0
    probe_at: datetime | None = None
    version: int = 0

    @property
    def is_paused(self) -> bool:
        """Whether nothing should be sent but probes."""
        return self.incident is not None and self.trial is None
