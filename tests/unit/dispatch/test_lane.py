"""One incident for everybody, and what ends it."""

from datetime import timedelta

import pytest

from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.outcomes import Failure
from tipline_client.dispatch import LaneGate
from tipline_client.testing import TurnableClock


def _failure(kind: AnswerKind = AnswerKind.OUTAGE) -> Failure:
    return Failure(kind.value, "sample", scope=kind.scope)


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def lane(clock: TurnableClock) -> LaneGate:
    return LaneGate(clock=clock)


def test_denied_credentials(lane: LaneGate) -> None:
    """Refused credentials pause at once."""
    lane.note_failure(_failure(AnswerKind.DENIED))

    assert lane.incident is not None
    assert (True, True) == (lane.is_paused, lane.incident.is_denial)


def test_failures_in_a_row(lane: LaneGate) -> None:
    """An outage is three failures in a row, whoever met them; an answer in between starts the count anew."""
    lane.note_failure(_failure())
    lane.note_failure(_failure())
    lane.note_contact()
    lane.note_failure(_failure())
    lane.note_failure(_failure())
    before = lane.is_paused

    lane.note_failure(_failure())

    assert (False, True) == (before, lane.is_paused)


def test_failures_of_entries(lane: LaneGate) -> None:
    """However many entries are refused, the lane stays open: the endpoint is there."""
    for _ in range(20):
        lane.note_failure(_failure(AnswerKind.INVALID))

    assert not lane.is_paused


def test_incident_lasts(lane: LaneGate, clock: TurnableClock, caplog: pytest.LogCaptureFixture) -> None:
    """An incident is told once, keeps its beginning, and shows the reason met last."""
    lane.note_failure(_failure(AnswerKind.DENIED))
    clock.advance(timedelta(hours=3))
    for _ in range(20):
        lane.note_failure(_failure())
    lane.note_probe(_failure(AnswerKind.UNSENT))

    assert lane.incident is not None
    assert (timedelta(hours=3), "unsent") == (lane.paused_for, lane.incident.failure.kind)
    assert 1 == len([record for record in caplog.records if "lane paused" in record.message])


def test_trial_that_succeeds(lane: LaneGate, caplog: pytest.LogCaptureFixture) -> None:
    """After a probe the lane is on trial; the endpoint's answer to an entry ends the incident."""
    lane.note_failure(_failure(AnswerKind.DENIED))
    lane.resume()
    on_trial = (lane.is_paused, lane.is_on_trial, lane.incident is None)

    lane.note_contact()

    assert (False, True, False) == on_trial
    assert (False, False, True) == (lane.is_paused, lane.is_on_trial, lane.incident is None)
    assert 1 == len([record for record in caplog.records if "lane resumed" in record.message])


def test_trial_that_fails(lane: LaneGate, caplog: pytest.LogCaptureFixture) -> None:
    """A trial that fails pauses again at once, in silence: it is the same incident."""
    lane.note_failure(_failure(AnswerKind.DENIED))
    lane.resume()

    lane.note_failure(_failure())

    assert (True, False) == (lane.is_paused, lane.is_on_trial)
    assert 1 == len(caplog.records)


def test_late_answer_to_a_call_from_before(lane: LaneGate) -> None:
    """An answer to a call that was sent before the pause does not end it."""
    lane.note_failure(_failure(AnswerKind.DENIED))

    lane.note_contact()

    assert lane.is_paused


def test_probe_without_an_incident(lane: LaneGate) -> None:
    """A probe changes nothing while all is well."""
    lane.note_probe(_failure())
    lane.resume()

    assert (False, False, timedelta(0)) == (lane.is_paused, lane.is_on_trial, lane.paused_for)
