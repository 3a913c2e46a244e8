"""How a lane stands, as every store keeps it for all dispatchers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio

from tipline_client.delivery.answers import Scope
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.lane_state import Incident, LaneState, Trial
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.steps import Step
from tipline_client.outbox import Lane, Outbox
from tipline_client.testing import TurnableClock

LANE = Lane("sample", Environment.MOCK)
NOON = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)
FULL = LaneState(
    NOON,
    incident=Incident(
        NOON, Failure("outage", "Zoë's \0 sample", Scope.ENDPOINT, Step.UPLOAD, 1000, "id"), Step.UPLOAD, 7
    ),
    trial=Trial("somebody", NOON + timedelta(seconds=60)),
    probes=4,
    probe_at=NOON + timedelta(minutes=15),
)


async def test_lane_that_nobody_wrote_of(outbox: Outbox, clock: TurnableClock) -> None:
    """It is open, and seen at the store's present moment."""
    assert LaneState(clock.now()) == await outbox.lane_state(LANE)


async def test_state_read_back(outbox: Outbox, clock: TurnableClock) -> None:
    """Every member comes back as it was written, with the next version and the moment of the look."""
    await outbox.change_lane(LANE, FULL)
    clock.advance(timedelta(hours=1))

    assert replace(FULL, read_at=clock.now(), version=1) == await outbox.lane_state(LANE)


async def test_states_of_two_lanes(outbox: Outbox) -> None:
    """A lane is a profile in an environment; the others stay as they are."""
    await outbox.change_lane(LANE, FULL)

    others = [
        Lane("sample", Environment.TESTING),
        Lane("sample\0", Environment.MOCK),
        Lane("x" * 3000, LANE.environment),
    ]

    assert [None] * 3 == [(await outbox.lane_state(other)).incident for other in others]


async def test_change_made_from_an_old_version(outbox: Outbox) -> None:
    """A change made from a state that is no longer there is refused, and changes nothing."""
    first = await outbox.lane_state(LANE)
    written = await outbox.change_lane(LANE, FULL)
    late = await outbox.change_lane(LANE, first)

    seen = await outbox.lane_state(LANE)
    in_time = await outbox.change_lane(LANE, LaneState(NOON, version=seen.version))

    assert (True, False, True) == (written, late, in_time)
    assert FULL.incident == seen.incident
    assert (None, 2) == ((after := await outbox.lane_state(LANE)).incident, after.version)


async def test_state_of_a_hook(outbox: Outbox, clock: TurnableClock) -> None:
    """It is kept in the same way: by name, over the version that it was made from."""
    first = await outbox.hook_state("pager")
    told = replace(first, position=7, failures=2, next_at=NOON, last_error="RuntimeError", given_up=1, holder="me")

    changes = [await outbox.change_hook("pager", told), await outbox.change_hook("pager", first)]
    clock.advance(timedelta(hours=1))

    assert [True, False] == changes
    assert replace(told, read_at=clock.now(), version=1) == await outbox.hook_state("pager")
    assert HookState(clock.now()) == await outbox.hook_state("pager\0")


async def test_many_who_change_at_once(outbox: Outbox) -> None:
    """Of all who change the same version at once, one does."""
    won = []

    async def change(number: int) -> None:
        if await outbox.change_lane(LANE, replace(FULL, probes=number)):
            won.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(12):
            tasks.start_soon(change, number)

    assert won == [(await outbox.lane_state(LANE)).probes]
