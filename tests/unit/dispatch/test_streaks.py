"""When failures add up to an incident, and which answer ends one."""

from datetime import UTC, datetime

import pytest

from tipline_client.delivery.answers import Answer, AnswerKind, Scope
from tipline_client.delivery.lane_state import Incident
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.streaks import Cause, Streaks, Word, failure_of, word_on

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def _add(
    streaks: Streaks, kind: AnswerKind = AnswerKind.OUTAGE, *, step: Step = Step.SUBMIT, entry_id: str = "one"
) -> Cause | None:
    return streaks.add(step, kind, entry_id=entry_id)


def _fail_uploads(streaks: Streaks, kind: AnswerKind, *, entries: int) -> list[Cause | None]:
    """Uploads of so many entries fail, while each of them opens its report and takes it back."""
    causes = []
    for number in range(entries):
        _add(streaks, AnswerKind.SUCCESS, step=Step.SUBMIT, entry_id=str(number))
        causes.append(_add(streaks, kind, step=Step.UPLOAD, entry_id=str(number)))
        _add(streaks, AnswerKind.SUCCESS, step=Step.RETRACT, entry_id=str(number))
    return causes


def _incident(confined_to: Step | None = None) -> Incident:
    return Incident(NOON, Failure("outage", "sample", Scope.ENDPOINT), confined_to)


def test_denied_credentials() -> None:
    """Refused credentials are enough by themselves."""
    assert Cause.EVERYWHERE is _add(Streaks(), AnswerKind.DENIED)


def test_silences_in_a_row() -> None:
    """An outage is three silences in a row, whoever met them; an answer in between starts the count anew."""
    streaks = Streaks()

    causes = [
        _add(streaks),
        _add(streaks),
        _add(streaks, AnswerKind.SUCCESS, step=Step.UPLOAD),
        _add(streaks),
        _add(streaks),
        _add(streaks, step=Step.FINISH),
    ]

    assert [None] * 5 + [Cause.EVERYWHERE] == causes


def test_silences_at_one_step() -> None:
    """Silences at one step alone say nothing of the others."""
    streaks = Streaks()

    causes = [_add(streaks, step=Step.UPLOAD) for _ in range(3)]

    assert [None, None, Cause.AT_THIS_STEP] == causes


def test_useless_replies_between_silences() -> None:
    """A reply that proves nothing is no sign that the endpoint is there."""
    streaks = Streaks()
    kinds = [AnswerKind.UNSENT, AnswerKind.UNUSABLE, AnswerKind.UNSENT, AnswerKind.UNUSABLE, AnswerKind.UNSENT]

    causes = [_add(streaks, kind, step=step) for kind, step in zip(kinds, Step, strict=False)]

    assert [None] * 4 + [Cause.EVERYWHERE] == causes


def test_entries_that_are_refused() -> None:
    """However many entries are refused, the endpoint is there."""
    streaks = Streaks()

    causes = {_add(streaks, AnswerKind.INVALID, entry_id=str(number)) for number in range(20)}

    assert {None} == causes


@pytest.mark.parametrize("kind", [AnswerKind.OUTAGE, AnswerKind.SERVER_ERROR, AnswerKind.UNUSABLE])
def test_one_step_that_fails_for_everybody(kind: AnswerKind) -> None:
    """A step that fails for three entries is enough, although the endpoint answers all other steps."""
    assert [None, None, Cause.AT_THIS_STEP] == _fail_uploads(Streaks(), kind, entries=3)


def test_one_step_that_fails_for_one_entry() -> None:
    """An entry that the endpoint chokes on again and again stops nobody else."""
    streaks = Streaks()

    causes = {cause for _ in range(20) for cause in _fail_uploads(streaks, AnswerKind.SERVER_ERROR, entries=1)}

    assert {None} == causes


def test_one_step_that_fails_now_and_then() -> None:
    """A step that works for others in between is no incident."""
    streaks = Streaks()
    causes = set()

    for _ in range(20):
        causes |= {*_fail_uploads(streaks, AnswerKind.SERVER_ERROR, entries=2)}
        causes.add(_add(streaks, AnswerKind.SUCCESS, step=Step.UPLOAD, entry_id="well"))

    assert {None} == causes


def test_count_forgotten() -> None:
    """After an incident the count begins anew."""
    streaks = Streaks()
    _fail_uploads(streaks, AnswerKind.OUTAGE, entries=3)

    streaks.forget()

    assert [None, None] == _fail_uploads(streaks, AnswerKind.OUTAGE, entries=2)


@pytest.mark.parametrize(
    ("confined_to", "step", "kind", "word"),
    [
        (None, Step.SUBMIT, AnswerKind.SUCCESS, Word.IT_IS_OVER),
        (None, Step.SUBMIT, AnswerKind.INVALID, Word.IT_IS_OVER),
        (None, Step.SUBMIT, AnswerKind.SERVER_ERROR, Word.IT_IS_OVER),
        (None, Step.SUBMIT, AnswerKind.UNUSABLE, Word.NOTHING),
        (None, Step.SUBMIT, AnswerKind.UNSENT, Word.IT_GOES_ON),
        (None, Step.SUBMIT, AnswerKind.DENIED, Word.IT_GOES_ON),
        (Step.UPLOAD, Step.SUBMIT, AnswerKind.SUCCESS, Word.NOTHING),
        (Step.UPLOAD, Step.RETRACT, AnswerKind.SERVER_ERROR, Word.NOTHING),
        (Step.UPLOAD, Step.SUBMIT, AnswerKind.UNSENT, Word.IT_GOES_ON),
        (Step.UPLOAD, Step.UPLOAD, AnswerKind.UNUSABLE, Word.IT_GOES_ON),
        (Step.UPLOAD, Step.UPLOAD, AnswerKind.MALFORMED_FILE, Word.IT_IS_OVER),
        (Step.UPLOAD, Step.UPLOAD, AnswerKind.SUCCESS, Word.IT_IS_OVER),
    ],
)
def test_answer_to_an_entry_on_trial(confined_to: Step | None, step: Step, kind: AnswerKind, word: Word) -> None:
    """The endpoint's own word ends an incident; one of a single step, only the word on that step."""
    assert word is word_on(_incident(confined_to), step, kind)


def test_what_is_said_of_the_endpoint() -> None:
    """A finding about one entry's document is not said of the endpoint."""
    failure = failure_of(Step.SUBMIT, Answer(AnswerKind.OUTAGE, "sample", code=1, findings=("line 3",)))

    assert Failure("outage", "sample", Scope.ENDPOINT, Step.SUBMIT, 1) == failure
