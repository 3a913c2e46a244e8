"""Whether the endpoint is worth addressing at all: one incident for everybody instead of one failure for each entry.

The lane pauses when the failure is the endpoint's. When `GET /status` succeeds it is on trial: one entry goes first,
and only the endpoint's own answer to it ends the incident. It does not know entries.
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
        failure: What made it pause, or what the last probe or trial met.
    """

    since: datetime
    failure: Failure

    @property
    def is_denial(self) -> bool:
        """Whether the credentials are refused, so that waiting alone helps nobody."""
        return self.failure.kind == AnswerKind.DENIED.value


class LaneGate:
    """Open until the endpoint fails; then closed until somebody reports it well."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._in_a_row = 0
        self._incident: Incident | None = None
        self._is_on_trial = False

    @property
    def incident(self) -> Incident | None:
        """The incident that has not ended, whether the lane is paused or on trial."""
        return self._incident

    @property
    def is_paused(self) -> bool:
        """Whether nothing should be sent but probes."""
        return self._incident is not None and not self._is_on_trial

    @property
    def is_on_trial(self) -> bool:
        """Whether a probe succeeded and no entry has yet: one at a time should go."""
        return self._is_on_trial

    @property
    def paused_for(self) -> timedelta:
        """How long the incident has lasted; zero without one."""
        return self._clock.now() - self._incident.since if self._incident else timedelta(0)

    def note_contact(self) -> None:
        """The endpoint answered with its own words: whatever else is wrong, it is there.

        The late answer to a call that was sent before the lane paused does not end the incident.
        """
        self._in_a_row = 0
        if self._incident is not None and self._is_on_trial:
            _log.warning("lane resumed; it was paused since %s", self._incident.since.isoformat())
            self._incident, self._is_on_trial = None, False

    def note_failure(self, failure: Failure) -> None:
        """A call failed; pauses the lane if the failure is the endpoint's and is no single hiccup."""
        if failure.scope is not Scope.ENDPOINT:
            self.note_contact()
            return
        self._in_a_row += 1
        if self._incident is not None:
            # The same incident: whoever was told of it is not told again.
            self._incident, self._is_on_trial = replace(self._incident, failure=failure), False
        elif failure.kind in _AT_ONCE or self._in_a_row >= _IN_A_ROW:
            self._incident = Incident(self._clock.now(), failure)
            _log.warning("lane paused: %s (code=%s); entries wait, none is counted", failure.text, failure.code)

    def note_probe(self, failure: Failure) -> None:
        """A probe failed: the incident goes on, for the reason met last."""
        if self._incident is not None:
            self._incident, self._is_on_trial = replace(self._incident, failure=failure), False

    def resume(self) -> None:
        """A probe succeeded: let one entry try."""
        self._in_a_row = 0
        self._is_on_trial = self._incident is not None
