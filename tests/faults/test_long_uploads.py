"""Uploads that take long: what progresses is left alone however long it takes, and what stands still is cut."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import anyio

from tests.support.serving import serving
from tests.support.stage import DAYS, Stage
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.evidence import EvidenceByMode
from tipline_client.testing import TurnableClock
from tipline_client.vault import DataKey

TURN = timedelta(seconds=9)
TURNS = 40 * 60 // 9 + 1


class Turning:
    """A clock whose turns are noticed by whoever waits for it, before anything else goes on."""

    def __init__(self, clock: TurnableClock) -> None:
        self._clock = clock
        self._turned = anyio.Event()

    async def wait(self, seconds: float) -> None:
        ends = self._clock.now() + timedelta(seconds=seconds)
        while self._clock.now() < ends:
            await self._turned.wait()

    async def turn(self, duration: timedelta) -> None:
        self._clock.advance(duration)
        self._turned.set()
        self._turned = anyio.Event()
        await anyio.wait_all_tasks_blocked()


class Slow(EvidenceByMode):
    """A store that gives out a byte each nine seconds of the turned clock."""

    def __init__(self, stage: Stage, turning: Turning) -> None:
        super().__init__(stage.store)
        self._stage = stage
        self._turning = turning
        self.taken_by_others = 0

    async def open_verified(self, item: ManifestItem, *, key: DataKey) -> AsyncGenerator[bytes, None]:
        content = b"".join([chunk async for chunk in super().open_verified(item, key=key)])
        for number in range(len(content)):
            await self._turning.turn(TURN)
            await asyncio.sleep(0.004)
            if number % 60 == 59:
                summary = await self._stage.conductor().drain(patience=timedelta(0))
                self.taken_by_others += sum(summary.outcomes.values())
            yield content[number : number + 1]


async def test_upload_of_forty_minutes(stage: Stage) -> None:
    """It outlives each timeout and dozens of leases, nobody else takes the entry meanwhile, and it is filed once."""
    turning = Turning(stage.clock)
    store = Slow(stage, turning)
    stage.profile = replace(stage.profile, progress_timeout=timedelta(seconds=0.5))
    entry = await stage.enqueue(contents=(bytes(range(256)) + bytes(TURNS - 256),))
    began, really_began = stage.clock.now(), asyncio.get_running_loop().time()
    stage.road |= {"evidence": store, "heartbeat": turning.wait}
    conductor = stage.conductor()
    stage.road.clear()

    summary = await conductor.drain(patience=timedelta(0))

    assert {Outcome.ACKNOWLEDGED: 1} == {outcome: count for outcome, count in summary.outcomes.items() if count}
    assert stage.clock.now() - began >= timedelta(minutes=40)
    assert asyncio.get_running_loop().time() - really_began > 2 * stage.profile.progress_timeout.total_seconds()
    assert 0 == store.taken_by_others
    assert 1 == (await stage.outbox.get(entry.id)).attempts
    counts = stage.endpoint.summary()
    assert (1, 0, 0, 0) == tuple(counts[name] for name in ("finished", "retracted", "stray_files", "duplicates"))


@asynccontextmanager
async def standing_still(stage: Stage) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A way to the endpoint on which the first upload stands still after its beginning; and the calls that came by."""
    target = urlsplit(stage.profile.base_url)
    calls: list[bytes] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        step = head.split(b" ", 2)[1].rpartition(b"/")[2]
        calls.append(step)
        if step == b"upload" and calls.count(b"upload") == 1:
            reader._transport.pause_reading()  # type: ignore[attr-defined] # nothing public stops a reader
            await asyncio.sleep(3600)
        onward, back = await asyncio.open_connection(target.hostname, target.port)
        with closing(back):
            back.write(head)
            async with asyncio.TaskGroup() as both:
                both.create_task(carry(reader, back))
                both.create_task(carry(onward, writer))

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    listening.bind(("127.0.0.1", 0))
    async with serving(serve, listening=listening) as port:
        yield f"http://127.0.0.1:{port}{target.path}", calls


async def test_upload_that_stands_still(stage: Stage) -> None:
    """It is cut once nothing moves for the time of the profile; the report it was for is retracted, and filed anew."""
    entry = await stage.enqueue(contents=(bytes(16 * 1024 * 1024),))

    async with standing_still(stage) as (address, calls):
        stage.profile = replace(stage.profile, base_url=address, progress_timeout=timedelta(seconds=1))
        await stage.conductor().drain(patience=DAYS)

    found = await stage.outbox.get(entry.id)
    assert State.ACKNOWLEDGED is found.state
    assert [b"submit", b"upload", b"retract", b"submit", b"upload", b"fileinfo", b"finish"] == calls
    counts = stage.endpoint.summary()
    assert (1, 1, 0, 0) == tuple(counts[name] for name in ("finished", "retracted", "stray_files", "duplicates"))
