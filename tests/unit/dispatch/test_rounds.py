"""The rounds of a dispatcher: once a minute, made again when they failed, and kept up by no clock that jumps."""

from datetime import timedelta

import pytest

from tests.contract.values import LANE
from tipline_client.dispatch.rounds import Rounds
from tipline_client.errors import OutboxUnavailableError
from tipline_client.outbox import Lane, MemoryOutbox
from tipline_client.testing import TurnableClock


class Counting(MemoryOutbox):
    """Counts how often it is said to be served, and fails so many times first."""

    rounds = 0
    failures = 0

    async def serve(self, lane: Lane) -> int:
        if self.failures:
            self.failures -= 1
            raise OutboxUnavailableError("the outbox is locked")
        self.rounds += 1
        return await super().serve(lane)


@pytest.mark.parametrize(
    ("passed", "rounds"),
    [
        (timedelta(0), 1),
        (timedelta(seconds=59), 1),
        (timedelta(minutes=1), 2),
        (timedelta(hours=-2), 2),
    ],
)
async def test_second_round_after_a_while(passed: timedelta, rounds: int) -> None:
    """A minute later it is time again, and so it is when the clock was set back: nobody knows how long ago it was."""
    clock = TurnableClock()
    outbox = Counting(clock)
    made = Rounds(outbox, LANE, clock=clock)
    await made.make()

    clock.advance(passed)
    await made.make()

    assert rounds == outbox.rounds


async def test_round_that_could_not_be_made() -> None:
    """It is not counted as made, so that nothing is claimed before it was."""
    clock = TurnableClock()
    outbox = Counting(clock)
    outbox.failures = 1
    made = Rounds(outbox, LANE, clock=clock)
    with pytest.raises(OutboxUnavailableError):
        await made.make()

    await made.make()

    assert 1 == outbox.rounds
