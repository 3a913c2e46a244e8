"""How an incident ends while something of before it is still in flight."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import anyio
import pytest

from tests.support.stage import DAYS, Stage
from tipline_client.delivery.clock import SystemClock
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.delivery.steps import Step
from tipline_client.mock import faults
from tipline_client.outbox import MemoryOutbox
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.exchange import Call, NoReply, Reply
from tipline_client.transport import HttpTransport, Transport

MANY = 12
MOMENT = timedelta(milliseconds=10)


class _HeldUpload:
    """A network over which no upload ends before it is told to."""

    def __init__(self) -> None:
        self.has_begun = anyio.Event()
        self.may_end = anyio.Event()

    @asynccontextmanager
    async def open(self, profile: EndpointProfile) -> AsyncIterator[Transport]:
        async with HttpTransport.open(profile) as transport:
            yield _Held(transport, self)


class _Held:
    def __init__(self, transport: Transport, network: _HeldUpload) -> None:
        self._transport = transport
        self._network = network

    async def send(self, call: Call) -> Reply | NoReply:
        if call.step is Step.UPLOAD:
            self._network.has_begun.set()
            await self._network.may_end.wait()
        return await self._transport.send(call)


@pytest.mark.parametrize("slots", [2, 8])
async def test_long_upload_in_flight_while_the_lane_is_tried(stage: Stage, slots: int) -> None:
    """A hiccup beside an upload of hours closes the lane for a moment: one of the others goes first, then all."""
    network, filed, all_others = _HeldUpload(), list[str](), anyio.Event()

    def note(entry_id: str) -> None:
        filed.append(entry_id)
        if len(filed) == MANY:
            all_others.set()

    # In real time, as everything goes while a call is under way, and with short waits.
    stage.outbox, stage.policy = MemoryOutbox(), RetryPolicy(first=MOMENT, longest=MOMENT * 5)
    stage.road = {"on_filed": note, "clock": SystemClock()}
    conductor = stage.conductor(open_transport=network.open, slots=slots)
    await stage.enqueue("long", contents=(b"one coffee mug",))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(conductor.drain, patience=DAYS))
        await network.has_begun.wait()
        stage.endpoint.faults.script("submit", *[faults.status(503)] * 8)
        for number in range(MANY):
            await stage.enqueue(str(number), contents=())
        conductor.notify()
        with anyio.fail_after(60):
            await all_others.wait()
        others = len(filed)
        network.may_end.set()

    assert (MANY, MANY + 1) == (others, stage.endpoint.summary()["finished"])
    lane = await stage.outbox.lane_state(conductor.lane)
    assert lane.incident is None
