"""Whether the endpoint is worth addressing at all: one incident for everybody instead of one failure for each entry.

The lane pauses when the failure is the endpoint's, and resumes when `GET /status` succeeds. It does not know entries.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tipline_client.delivery.answers import AnswerKind, Scope
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.outcomes import Failure

__all__ = ["Incident", "LaneGate"]

_log = logging.getLogger("tipline_client.dispatch")

_AT_ONCE = {AnswerKind.DENIED.value}
_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class Incident:
    """A time during which the endpoint could not be used.

    Attributes:
        since: When the lane paused.
        failure: What made it pause, or what the last probe met.
        until: When a probe succeeded.
    """

    since: datetime
    failure: Failure
    until: datetime | None = None


class LaneGate:
    """Open until the endpoint fails; then closed until somebody reports it well."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._in_a_row = 0
        self._incident: Incident | None = None

    @property
    def incident(self) -> Incident | None:
        """The incident that keeps the lane paused, if it is."""
        return self._incident

    @property
    def is_paused(self) -> bool:
        """Whether nothing should be sent but probes."""
        return self._incident is not None

    @property
    def paused_for(self) -> timedelta:
        """How long the lane has been paused; zero while it is open."""
        return self._clock.now() - self._incident.since if self._incident else timedelta(0)

    def note_contact(self) -> None:
        """The endpoint answered with its own words: whatever else is wrong, it is there."""
        self._in_a_row = 0

    def note_failure(self, failure: Failure) -> None:
        """A call failed; pauses the lane if the failure is the endpoint's and is no single hiccup."""
        if failure.scope is not Scope.ENDPOINT:
            self.note_contact()
            return
        self._in_a_row += 1
        if self._incident is None and (failure.kind in _AT_ONCE or self._in_a_row >= _IN_A_ROW):
            self._incident = Incident(self._clock.now(), failure)
            _log.warning("lane paused: %s (code=%s); entries wait, none is counted", failure.text, failure.code)

    def note_probe(self, failure: Failure) -> None:
        """A probe failed: the incident goes on, for the reason met last."""
        if self._incident is not None:
            self._incident = replace(self._incident, failure=failure)

    def resume(self) -> None:
        """A probe succeeded."""
        self._in_a_row = 0
        if self._incident is not None:
            _log.warning("lane resumed; it was paused since %s", self._incident.since.isoformat())
            self._incident = None
