"""How a lease is kept while its entry is worked on, and while it ends."""

from datetime import timedelta

import pytest

from tests.contract.values import MINUTE, attempt, lease_of
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.outcomes import Outcome
from tipline_client.dispatch.record import Record
from tipline_client.envelope import CheckpointSeal
from tipline_client.errors import LeaseLostError
from tipline_client.outbox import MemoryOutbox
from tipline_client.testing import TurnableClock


class Beats:
    """A heart that stops after a few beats.

    Args:
        clock: Turned on by each beat.
    """

    class StoppedError(Exception):
        """It has stopped."""

    def __init__(self, clock: TurnableClock) -> None:
        self._clock = clock
        self._left = 10

    async def __call__(self, seconds: float) -> None:
        if self._left == 0:
            raise self.StoppedError
        self._left -= 1
        self._clock.advance(timedelta(seconds=seconds))


async def test_lease_that_is_kept() -> None:
    """Renewed at each third of its time, a lease of a minute is live after three of them."""
    clock = TurnableClock()
    outbox = MemoryOutbox(clock)
    record = Record(outbox, await lease_of(outbox), CheckpointSeal.generate())

    with pytest.raises(Beats.StoppedError):
        await record.keep_lease(Beats(clock), MINUTE)

    await record.intend(Checkpoint())


async def test_lease_that_somebody_else_has() -> None:
    """Whoever keeps it is told at the next beat."""
    clock = TurnableClock()
    outbox = MemoryOutbox(clock)
    record = Record(outbox, await lease_of(outbox), CheckpointSeal.generate())
    clock.advance(MINUTE)

    lost = await record.keep_lease(Beats(clock), MINUTE)

    assert isinstance(lost, LeaseLostError)


async def test_beat_while_the_lease_is_given_back() -> None:
    """A lease that we end ourselves is not lost: the write that ends it says how it went."""
    clock = TurnableClock()
    outbox = MemoryOutbox(clock)
    record = Record(outbox, await lease_of(outbox), CheckpointSeal.generate())
    await record.release(Checkpoint(), attempt(Outcome.STOPPED), available_in=timedelta(0))

    with pytest.raises(Beats.StoppedError):
        await record.keep_lease(Beats(clock), MINUTE)
