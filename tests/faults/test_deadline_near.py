"""The warning that the time to file is nearly over: told once, also while nothing can be sent."""

from datetime import timedelta

import pytest

from tests.support.stage import Stage
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.events import DeadlineNear
from tipline_client.dispatch.rounds import Rounds
from tipline_client.mock import faults
from tipline_client.outbox import Lane

HOUR = timedelta(hours=1)
DEADLINE = Deadline(24 * HOUR, warn_before=6 * HOUR)


async def _warnings(stage: Stage, entry_id: str) -> list[DeadlineNear]:
    told = [line.event.what for line in await stage.outbox.history(entry_id)]
    return [what for what in told if isinstance(what, DeadlineNear)]


def _rounds(stage: Stage) -> Rounds:
    lane = Lane(stage.profile.name, stage.profile.environment)
    return Rounds(stage.outbox, lane, clock=stage.clock, deadline=DEADLINE)


async def test_warned_while_the_lane_is_paused(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """An outage of a day ends no clock: the warning comes while it lasts, and is told once."""
    entry = await stage.enqueue()
    for step in ("submit", "status"):
        stage.endpoint.faults.script(step, *[faults.status(503)] * 2000)

    await stage.conductor(deadline=DEADLINE).drain(patience=30 * HOUR)

    [warning] = await _warnings(stage, entry.id)
    assert entry.enqueued_at + 24 * HOUR == warning.due_at
    assert 1 == caplog.text.count("the time for it is nearly over")


async def test_round_once_a_minute(stage: Stage) -> None:
    """Within the minute nothing is looked at again."""
    entry = await stage.enqueue()
    rounds = _rounds(stage)
    stage.clock.advance(18 * HOUR - timedelta(seconds=30))
    await rounds.make()
    stage.clock.advance(timedelta(seconds=59))
    await rounds.make()
    skipped = await _warnings(stage, entry.id)
    stage.clock.advance(timedelta(seconds=1))
    await rounds.make()

    assert (0, 1) == (len(skipped), len(await _warnings(stage, entry.id)))


async def test_many_at_once(stage: Stage) -> None:
    """A round goes on until nobody is left to be warned of."""
    entries = [await stage.enqueue(str(number), contents=()) for number in range(101)]
    stage.clock.advance(20 * HOUR)

    await _rounds(stage).make()

    assert [1] * 101 == [len(await _warnings(stage, entry.id)) for entry in entries]
