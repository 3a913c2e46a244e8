"""Hosts whose clocks are wrong: the outbox's clock says what is due."""

from datetime import datetime, timedelta

import pytest

from tests.support.stage import Stage
from tipline_client.delivery.states import State
from tipline_client.mock import faults
from tipline_client.testing import TurnableClock


class _Off:
    """A host's clock that is off by so much."""

    def __init__(self, clock: TurnableClock, by: timedelta) -> None:
        self._clock = clock
        self._by = by

    def now(self) -> datetime:
        return self._clock.now() + self._by

    async def sleep(self, duration: timedelta) -> None:
        await self._clock.sleep(duration)


@pytest.mark.parametrize("hours", [-30, -2, 2, 30])
async def test_drain_by_a_host_whose_clock_is_off(stage: Stage, hours: int) -> None:
    """What is due in a moment by the outbox's clock is waited for, and filed in this drain."""
    stage.road = {"clock": _Off(stage.clock, timedelta(hours=hours))}
    entry = await stage.enqueue(contents=())
    stage.endpoint.faults.script("submit", *[faults.code(1100)] * 5)

    summary = await stage.conductor().drain()

    assert (0, State.ACKNOWLEDGED) == (summary.waiting, (await stage.outbox.get(entry.id)).state)
