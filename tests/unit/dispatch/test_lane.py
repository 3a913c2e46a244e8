"""One incident for everybody, and what ends it."""

from datetime import timedelta

import pytest

from tipline_client.delivery.answers import Answer, AnswerKind, Scope
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.steps import Step
from tipline_client.dispatch import LaneGate
from tipline_client.testing import TurnableClock


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def lane(clock: TurnableClock) -> LaneGate:
    return LaneGate(clock=clock)


def _note(
    lane: LaneGate, kind: AnswerKind = AnswerKind.OUTAGE, *, step: Step = Step.SUBMIT, entry_id: str = "one"
) -> None:
    lane.note_answer(step, Answer(kind, "sample"), entry_id=entry_id)


def _fail_uploads(lane: LaneGate, kind: AnswerKind, *, entries: int) -> None:
    """Uploads of so many entries fail, while each of them opens its report and takes it back."""
    for number in range(entries):
        _note(lane, AnswerKind.SUCCESS, step=Step.SUBMIT, entry_id=str(number))
        _note(lane, kind, step=Step.UPLOAD, entry_id=str(number))
        _note(lane, AnswerKind.SUCCESS, step=Step.RETRACT, entry_id=str(number))


def _state(lane: LaneGate) -> tuple[bool, bool]:
    return lane.is_paused, lane.is_on_trial


def test_denied_credentials(lane: LaneGate) -> None:
    """Refused credentials pause at once."""
    _note(lane, AnswerKind.DENIED)

    assert lane.incident is not None
    assert (True, True) == (lane.is_paused, lane.incident.is_denial)


def test_silences_in_a_row(lane: LaneGate) -> None:
    """An outage is three silences in a row, whoever met them; an answer in between starts the count anew."""
    _note(lane)
    _note(lane)
    _note(lane, AnswerKind.SUCCESS, step=Step.UPLOAD)
    _note(lane)
    _note(lane)
    before = lane.is_paused

    _note(lane)

    assert (False, True) == (before, lane.is_paused)


def test_silences_at_one_step(lane: LaneGate) -> None:
    """Silences at one step alone are ended by an answer to that step; those at several, by any answer."""
    for step in (Step.UPLOAD, Step.UPLOAD, Step.UPLOAD):
        _note(lane, step=step)
    at_one = lane.incident
    lane.resume()
    _note(lane, AnswerKind.SUCCESS, step=Step.SUBMIT)
    is_over_too_early = lane.incident is None
    _note(lane, AnswerKind.SUCCESS, step=Step.UPLOAD)
    is_over = lane.incident is None

    for step in (Step.UPLOAD, Step.SUBMIT, Step.UPLOAD):
        _note(lane, step=step)

    assert at_one is not None
    assert lane.incident is not None
    assert (Step.UPLOAD, None) == (at_one.confined_to, lane.incident.confined_to)
    assert (False, True) == (is_over_too_early, is_over)


def test_failures_of_entries(lane: LaneGate) -> None:
    """However many entries are refused, the lane stays open: the endpoint is there."""
    for number in range(20):
        _note(lane, AnswerKind.INVALID, entry_id=str(number))

    assert not lane.is_paused


@pytest.mark.parametrize("kind", [AnswerKind.OUTAGE, AnswerKind.SERVER_ERROR, AnswerKind.UNUSABLE])
def test_one_step_that_fails_for_everybody(lane: LaneGate, kind: AnswerKind) -> None:
    """A step that fails for three entries pauses the lane, although the endpoint answers all other steps."""
    _fail_uploads(lane, kind, entries=2)
    before = lane.is_paused

    _fail_uploads(lane, kind, entries=3)

    assert not before
    assert lane.incident is not None
    assert (Step.UPLOAD, Scope.ENDPOINT) == (lane.incident.confined_to, lane.incident.failure.scope)


def test_one_step_that_fails_for_one_entry(lane: LaneGate) -> None:
    """An entry that the endpoint chokes on again and again pauses nobody else."""
    for _ in range(20):
        _fail_uploads(lane, AnswerKind.SERVER_ERROR, entries=1)

    assert not lane.is_paused


def test_one_step_that_fails_now_and_then(lane: LaneGate) -> None:
    """A step that works for others in between is no incident."""
    for _ in range(20):
        _fail_uploads(lane, AnswerKind.SERVER_ERROR, entries=2)
        _note(lane, AnswerKind.SUCCESS, step=Step.UPLOAD, entry_id="well")

    assert not lane.is_paused


def test_trial_of_the_step_that_fails(lane: LaneGate, caplog: pytest.LogCaptureFixture) -> None:
    """An incident of one step is ended by that step alone, and goes on when it fails again."""
    _fail_uploads(lane, AnswerKind.SERVER_ERROR, entries=3)
    lane.resume()

    seen = []
    for step, kind in [
        (Step.SUBMIT, AnswerKind.SUCCESS),
        (Step.UPLOAD, AnswerKind.UNUSABLE),
        (Step.RETRACT, AnswerKind.SUCCESS),
    ]:
        _note(lane, kind, step=step)
        seen.append(_state(lane))
    lane.resume()
    _note(lane, AnswerKind.SUCCESS, step=Step.UPLOAD)

    assert [(False, True), (True, False), (True, False)] == seen
    assert (False, False) == _state(lane)
    assert ["lane paused: sample at each upload (code=None); entries wait"] == [
        record.getMessage() for record in caplog.records if "lane paused" in record.getMessage()
    ]


def test_silence_during_the_trial_of_one_step(lane: LaneGate) -> None:
    """When the endpoint falls silent altogether meanwhile, the trial has failed."""
    _fail_uploads(lane, AnswerKind.SERVER_ERROR, entries=3)
    lane.resume()

    _note(lane, AnswerKind.UNSENT, step=Step.SUBMIT)

    assert (True, False) == _state(lane)


def test_incident_lasts(lane: LaneGate, clock: TurnableClock, caplog: pytest.LogCaptureFixture) -> None:
    """An incident is told once, keeps its beginning, and shows the reason met last."""
    _note(lane, AnswerKind.DENIED)
    clock.advance(timedelta(hours=3))
    for _ in range(20):
        _note(lane)
    lane.note_probe(Failure(AnswerKind.UNSENT.value, "sample", Scope.ENDPOINT))

    assert lane.incident is not None
    assert (timedelta(hours=3), "unsent") == (lane.paused_for, lane.incident.failure.kind)
    assert 1 == len([record for record in caplog.records if "lane paused" in record.message])


def test_trial_that_succeeds(lane: LaneGate, caplog: pytest.LogCaptureFixture) -> None:
    """After a probe the lane is on trial; the endpoint's answer to an entry ends the incident."""
    _note(lane, AnswerKind.DENIED)
    lane.resume()
    on_trial = (*_state(lane), lane.incident is None)

    _note(lane, AnswerKind.SUCCESS)

    assert (False, True, False) == on_trial
    assert (False, False, True) == (*_state(lane), lane.incident is None)
    assert 1 == len([record for record in caplog.records if "lane resumed" in record.message])


def test_trial_that_fails(lane: LaneGate, caplog: pytest.LogCaptureFixture) -> None:
    """A trial that fails pauses again at once, in silence: it is the same incident."""
    _note(lane, AnswerKind.DENIED)
    lane.resume()

    _note(lane)

    assert (True, False) == _state(lane)
    assert 1 == len(caplog.records)


def test_trial_without_a_word(lane: LaneGate) -> None:
    """A reply that proves nothing neither ends the incident nor the trial."""
    _note(lane, AnswerKind.DENIED)
    lane.resume()

    _note(lane, AnswerKind.UNUSABLE)

    assert (False, True) == _state(lane)


def test_late_answer_to_a_call_from_before(lane: LaneGate) -> None:
    """An answer to a call that was sent before the pause does not end it."""
    _note(lane, AnswerKind.DENIED)

    _note(lane, AnswerKind.SUCCESS)

    assert lane.is_paused


def test_probe_without_an_incident(lane: LaneGate) -> None:
    """A probe changes nothing while all is well."""
    lane.note_probe(Failure(AnswerKind.OUTAGE.value, "sample", Scope.ENDPOINT))
    lane.resume()

    assert (False, False, timedelta(0)) == (*_state(lane), lane.paused_for)
