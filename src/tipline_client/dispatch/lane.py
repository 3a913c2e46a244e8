"""Whether the endpoint is worth addressing at all: one incident for everybody instead of one failure for each entry.

The lane pauses when the failure is the endpoint's: it refuses the credentials, it is silent several times in a row, or
one of its steps fails for several entries while the others answer. When `GET /status` succeeds the lane is on trial:
one entry goes first, and only the endpoint's own answer to it ends the incident. It does not know what entries hold.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tipline_client.delivery.answers import Answer, AnswerKind, Scope
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.outcomes import Failure, bounded_text
from tipline_client.delivery.steps import Step

__all__ = ["Incident", "LaneGate"]

_log = logging.getLogger("tipline_client.dispatch")

_SILENT = {AnswerKind.OUTAGE, AnswerKind.UNANSWERED, AnswerKind.UNSENT}
"""Not a word of the endpoint's own."""
_IN_VAIN = _SILENT | {AnswerKind.NOT_STORED, AnswerKind.SERVER_ERROR, AnswerKind.UNUSABLE}
"""Nothing that was said about the entry."""
_ENOUGH = 3
"""Silences in a row, or entries that one step failed for: fewer may be a hiccup, or those entries' own trouble."""


@dataclass(frozen=True, slots=True)
class Incident:
    """A time during which the endpoint could not be used.

    Attributes:
        since: When the lane paused.
        failure: What made it pause, or what the last probe or trial met.
        confined_to: The one step at which all the failures were, so that only an answer to this one ends the incident;
            `None` when it is the endpoint as a whole.
    """

    since: datetime
    failure: Failure
    confined_to: Step | None = None

    @property
    def is_denial(self) -> bool:
        """Whether the credentials are refused, so that waiting alone helps nobody."""
        return self.failure.kind == AnswerKind.DENIED.value


class LaneGate:
    """Open until the endpoint fails; then closed until somebody reports it well."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._silences: list[Step] = []
        self._failing: dict[Step, set[str]] = {}
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

    def note_answer(self, step: Step, answer: Answer, *, entry_id: str) -> None:
        """Learn from what came back, or did not, for one entry; may pause the lane, or end the incident.

        Args:
            step: Which call.
            answer: What came back.
            entry_id: For whom: a step that fails again and again for one entry alone pauses nobody else.
        """
        if self._incident is not None:
            self._note_within(self._incident, step, answer)
            return
        self._count(step, answer.kind, entry_id)
        if answer.kind is AnswerKind.DENIED:
            self._pause(Incident(self._clock.now(), _failure(step, answer)))
        elif len(self._failing.get(step, ())) >= _ENOUGH or len(self._silences) >= _ENOUGH:
            # Failures at one step alone say nothing of the others, and an answer to another one does not disprove them.
            is_everywhere = len(set(self._silences)) > 1
            confined_to = None if is_everywhere else step
            self._pause(Incident(self._clock.now(), _failure(step, answer), confined_to=confined_to))

    def note_probe(self, failure: Failure) -> None:
        """A probe failed: the incident goes on, for the reason met last."""
        if self._incident is not None:
            self._go_on(self._incident, failure)

    def resume(self) -> None:
        """A probe succeeded: let one entry try."""
        self._is_on_trial = self._incident is not None

    def _count(self, step: Step, kind: AnswerKind, entry_id: str) -> None:
        if kind in _SILENT:
            self._silences.append(step)
        elif kind is not AnswerKind.UNUSABLE:
            # Whatever else is wrong, the endpoint is there.
            self._silences.clear()
        if kind in _IN_VAIN:
            self._failing.setdefault(step, set()).add(entry_id)
        else:
            self._failing.pop(step, None)

    def _note_within(self, incident: Incident, step: Step, answer: Answer) -> None:
        is_failure = answer.kind in _SILENT or answer.kind is AnswerKind.DENIED
        is_word = not is_failure and answer.kind is not AnswerKind.UNUSABLE
        if incident.confined_to is not None:
            # The other steps have answered all the time; only this one can end it.
            is_failure = is_failure or (step is incident.confined_to and answer.kind in _IN_VAIN)
            is_word = step is incident.confined_to and answer.kind not in _IN_VAIN
        if is_failure:
            self._go_on(incident, _failure(step, answer))
        elif is_word and self._is_on_trial:
            # The late answer to a call that was sent before the lane paused proves nothing: it must be a trial's.
            self._end(incident)

    def _pause(self, incident: Incident) -> None:
        self._incident = incident
        failure = incident.failure
        where = f" at each {incident.confined_to}" if incident.confined_to else ""
        _log.warning("lane paused: %s%s (code=%s); entries wait", failure.text, where, failure.code)

    def _go_on(self, incident: Incident, failure: Failure) -> None:
        # The same incident: whoever was told of it is not told again.
        self._incident, self._is_on_trial = replace(incident, failure=failure), False

    def _end(self, incident: Incident) -> None:
        _log.warning("lane resumed; it was paused since %s", incident.since.isoformat())
        self._incident, self._is_on_trial = None, False
        self._silences.clear()
        self._failing.clear()


def _failure(step: Step, answer: Answer) -> Failure:
    text = bounded_text(answer.reason)
    return Failure(answer.kind.value, text, Scope.ENDPOINT, step, answer.code, answer.request_id)
