"""Who probes when, among several dispatchers that one incident pauses."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.delivery.steps import Step
from tipline_client.dispatch import LaneGate, Road, SharedBook
from tipline_client.dispatch.pausing import Pause
from tipline_client.outbox import Lane, MemoryOutbox
from tipline_client.profiles import mock
from tipline_client.profiles.exchange import Call, NoReply
from tipline_client.testing import TurnableClock

PROFILE = mock("http://127.0.0.1:9/ispws")
LANE = Lane(PROFILE.name, PROFILE.environment)


class _Silence:
    """A network without an answer, which counts what is sent."""

    def __init__(self) -> None:
        self.sent = 0

    async def take(self) -> "_Silence":
        return self

    def give_back(self, _: object) -> None:
        """It is always there."""

    async def send(self, _: Call) -> NoReply:
        self.sent += 1
        return NoReply(AnswerKind.UNSENT, "sample")


class _Dispatcher:
    def __init__(self, outbox: MemoryOutbox, clock: TurnableClock) -> None:
        self.waits: list[timedelta] = []
        self.lane = LaneGate(SharedBook(outbox, LANE), clock=clock)
        road: dict[str, Any] = dict.fromkeys(("outbox", "reader", "seal", "evidence"))
        policy, dice = RetryPolicy(jitter=0), Random(1)  # noqa: S311 - jitter
        self._pause = Pause(
            Road(**road, profile=PROFILE, lane=self.lane, policy=policy, clock=clock, random=dice), wait=self._wait
        )

    async def _wait(self, duration: timedelta) -> None:
        self.waits.append(duration)

    async def look(self) -> None:
        await self.lane.look()
        if self.lane.incident is None:
            self._pause.is_over()

    async def sit_out(self, network: _Silence) -> bool:
        await self.look()
        transports: Any = network
        return await self._pause.sit_out(transports, patience=None)


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def outbox(clock: TurnableClock) -> MemoryOutbox:
    return MemoryOutbox(clock)


async def _six_in_an_incident(outbox: MemoryOutbox, clock: TurnableClock) -> list[_Dispatcher]:
    six = [_Dispatcher(outbox, clock) for _ in range(6)]
    for dispatcher in six:
        await dispatcher.look()
    await six[0].lane.note_answer(Step.SUBMIT, Answer(AnswerKind.DENIED, "sample"), entry_id="one")
    return six


async def test_incident_that_six_dispatchers_meet_at_once(outbox: MemoryOutbox, clock: TurnableClock) -> None:
    """One of them probes, and the next probe is not put off by the others."""
    network = _Silence()

    for dispatcher in await _six_in_an_incident(outbox, clock):
        await dispatcher.sit_out(network)

    state = await outbox.lane_state(LANE)
    assert (1, 1, clock.now() + RetryPolicy().first) == (network.sent, state.probes, state.probe_at)


async def test_dispatcher_started_in_the_middle_of_an_incident(outbox: MemoryOutbox, clock: TurnableClock) -> None:
    """It probes at once, and once: somebody may have mended what was wrong."""
    network = _Silence()
    for dispatcher in await _six_in_an_incident(outbox, clock):
        await dispatcher.sit_out(network)
    before = await outbox.lane_state(LANE)

    started = _Dispatcher(outbox, clock)
    for _ in range(3):
        await started.sit_out(network)

    state = await outbox.lane_state(LANE)
    assert (2, before.probes, before.probe_at) == (network.sent, state.probes, state.probe_at)


async def test_looks_while_another_dispatcher_probes(outbox: MemoryOutbox, clock: TurnableClock) -> None:
    """After each change of the lane a look follows soon, since it may be over; while nothing changes, ever later."""
    prober, other, *_ = await _six_in_an_incident(outbox, clock)
    network = _Silence()
    for _ in range(12):
        await prober.sit_out(network)
        clock.advance(prober.lane.next_probe_in)
    await prober.sit_out(network)

    for _ in range(9):
        await other.sit_out(network)
    clock.advance(prober.lane.next_probe_in)
    await prober.sit_out(network)
    await other.sit_out(network)

    assert [1, 2, 4, 8, 16, 32, 60, 60, 60, 1] == [wait.total_seconds() for wait in other.waits]
