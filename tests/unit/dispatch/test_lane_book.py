"""What a lane keeps of an incident, where the writing fails or somebody else writes first."""

import pytest

from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import Happening
from tipline_client.delivery.lane_state import LaneState
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.lane import LaneGate, OwnBook, SharedBook
from tipline_client.errors import OutboxUnavailableError
from tipline_client.outbox import Lane, MemoryOutbox
from tipline_client.testing import TurnableClock

LANE = Lane("sample", Environment.MOCK)


async def _deny(lane: LaneGate, text: str) -> None:
    await lane.note_answer(Step.SUBMIT, Answer(AnswerKind.DENIED, text), entry_id="one")


async def test_book_that_cannot_be_written(clock: TurnableClock, caplog: pytest.LogCaptureFixture) -> None:
    """The answer that should have paused the lane is not lost to an outbox that fails: the next one pauses it."""

    class FailingOnce(OwnBook):
        has_failed = False

        async def write(self, state: LaneState, *, what: Happening | None = None) -> bool:
            if not self.has_failed:
                self.has_failed = True
                raise OutboxUnavailableError("the outbox is locked")
            return await super().write(state, what=what)

    lane = LaneGate(FailingOnce(clock), clock=clock)

    await _deny(lane, "sample")
    before = lane.is_paused
    await _deny(lane, "sample")

    assert (False, True) == (before, lane.is_paused)
    assert "the outbox is locked" in caplog.text


async def test_change_by_another_in_between(outbox: MemoryOutbox, clock: TurnableClock) -> None:
    """A change made from a state that is no longer there is made again from the one that is."""

    class Interrupted(SharedBook):
        is_interrupted = True

        async def write(self, state: LaneState, *, what: Happening | None = None) -> bool:
            if self.is_interrupted:
                self.is_interrupted = False
                await _deny(LaneGate(SharedBook(outbox, LANE), clock=clock), "sample")
            return await super().write(state, what=what)

    lane = LaneGate(Interrupted(outbox, LANE), clock=clock)

    await _deny(lane, "another reason")

    assert lane.incident is not None
    assert "sample" == lane.incident.failure.text
