"""When failures add up to an incident, and which answer ends one. Counts what one dispatcher meets; no I/O, no clock.

A refusal of the credentials is enough by itself. Silence has to come several times in a row. A step that fails while
the others answer has to fail for several entries: one entry alone may be what the endpoint chokes on.
"""

from enum import Enum, auto

from tipline_client.delivery.answers import Answer, AnswerKind, Scope
from tipline_client.delivery.lane_state import Incident
from tipline_client.delivery.outcomes import Failure, bounded_text
from tipline_client.delivery.steps import Step

__all__ = ["Cause", "Streaks", "Word", "failure_of", "word_on"]

_SILENT = {AnswerKind.OUTAGE, AnswerKind.UNANSWERED, AnswerKind.UNSENT}
"""Not a word of the endpoint's own."""
_IN_VAIN = _SILENT | {AnswerKind.NOT_STORED, AnswerKind.SERVER_ERROR, AnswerKind.UNUSABLE}
"""Nothing that was said about the entry."""
_ENOUGH = 3
"""Silences in a row, or entries that one step failed for: fewer may be a hiccup, or those entries' own trouble."""


class Cause(Enum):
    """Why a lane should pause."""

    EVERYWHERE = auto()
    AT_THIS_STEP = auto()


class Word(Enum):
    """What an answer says about an incident."""

    IT_GOES_ON = auto()
    IT_IS_OVER = auto()
    NOTHING = auto()


class Streaks:
    """What has failed since it last went well."""

    def __init__(self) -> None:
        self._silences: list[Step] = []
        self._failing: dict[Step, set[str]] = {}

    def add(self, step: Step, kind: AnswerKind, *, entry_id: str) -> Cause | None:
        """Count an answer.

        Args:
            step: To which call.
            kind: What it says.
            entry_id: For whom: a step that fails again and again for one entry alone stops nobody else.

        Returns:
            Why the lane should pause now, if it should.
        """
        self._count(step, kind, entry_id)
        if kind is AnswerKind.DENIED:
            return Cause.EVERYWHERE
        if len(self._silences) < _ENOUGH and len(self._failing.get(step, ())) < _ENOUGH:
            return None
        # Failures at one step alone say nothing of the others, and an answer to another one does not disprove them.
        return Cause.EVERYWHERE if len(set(self._silences)) > 1 else Cause.AT_THIS_STEP

    def forget(self) -> None:
        """Begin anew, after an incident."""
        self._silences.clear()
        self._failing.clear()

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


def word_on(incident: Incident, step: Step, kind: AnswerKind) -> Word:
    """What an answer to an entry on trial says about the incident."""
    if kind in _SILENT or kind is AnswerKind.DENIED:
        return Word.IT_GOES_ON
    if incident.confined_to is None:
        return Word.NOTHING if kind is AnswerKind.UNUSABLE else Word.IT_IS_OVER
    if step is not incident.confined_to:
        # The other steps have answered all the time.
        return Word.NOTHING
    return Word.IT_GOES_ON if kind in _IN_VAIN else Word.IT_IS_OVER


def failure_of(step: Step, answer: Answer) -> Failure:
    """What of an answer is said about the endpoint: no finding about one entry's document."""
    text = bounded_text(answer.reason)
    return Failure(answer.kind.value, text, Scope.ENDPOINT, step, answer.code, answer.request_id)
