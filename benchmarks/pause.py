"""What a paused lane costs, beside an open lane that has nothing to do: calls, requests and processor time a minute.

Run it as `python -m benchmarks.pause`. A dispatcher runs through hours in no time, since its clock is turned whenever
it waits; what it does meanwhile, towards the outbox and the endpoint, is real and counted.
"""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from benchmarks.backlog import fill_home
from benchmarks.endpoint import lean_process
from benchmarks.stores import postgres_database
from benchmarks.tables import show
from tipline_client import AsyncDispatcher, AsyncTiplineClient, EndpointProfile, Options
from tipline_client.outbox import Outbox, SqliteOutbox
from tipline_client.outbox.postgres import PostgresOutbox
from tipline_client.profiles.exchange import Call, NoReply, Reply
from tipline_client.testing import TurnableClock
from tipline_client.transport import HttpTransport, Transport

__all__ = ["measure_pause"]

IDLE_MINUTES = 10
PAUSED_MINUTES = 180
WAITING = (10, 200)


class _Counted:
    """An outbox that counts the calls of its verbs."""

    def __init__(self, outbox: Outbox, calls: Counter[str]) -> None:
        self._outbox = outbox
        self._calls = calls

    def __getattr__(self, verb: str) -> Any:
        self._calls[verb] += 1
        return getattr(self._outbox, verb)


class _CountedTransport:
    """A transport that counts requests."""

    def __init__(self, transport: Transport, requests: Counter[str]) -> None:
        self._transport = transport
        self._requests = requests

    async def send(self, call: Call) -> Reply | NoReply:
        self._requests[call.step] += 1
        return await self._transport.send(call)


class _Window(TurnableClock):
    """A clock that stops the dispatcher once so much time has gone by."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))
        self._ends_at = self.now() + timedelta(days=365)
        self._stop: Callable[[], None] = lambda: None

    def open(self, *, minutes: int, stop: Callable[[], None]) -> None:
        """Let so much time pass from now."""
        self._ends_at, self._stop = self.now() + timedelta(minutes=minutes), stop

    async def sleep(self, duration: timedelta) -> None:
        await super().sleep(duration)
        if self.now() >= self._ends_at:
            self._stop()


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a minute comes to."""

    calls: float
    requests: float
    milliseconds: float


async def measure_pause() -> None:
    """Measure both stores and print a table."""
    rows = []
    with lean_process() as well, lean_process(is_broken=True) as broken:
        for label, opened in _stores().items():
            idle = await _cost(opened, well, waiting=0, minutes=IDLE_MINUTES)
            rows.append(_row(f"{label}: open, nothing to do", idle, idle))
            for waiting in WAITING:
                paused = await _cost(opened, broken, waiting=waiting, minutes=PAUSED_MINUTES)
                rows.append(_row(f"{label}: paused, {waiting} wait", paused, idle))
    show(
        "One dispatcher, what a minute costs",
        ("", "outbox calls", "requests", "CPU milliseconds", "ratio of CPU to open"),
        rows,
        note=f"Paused: means over {PAUSED_MINUTES // 60} hours that begin with the incident. CPU of the dispatcher's "
        "own process.",
    )


def _stores() -> "dict[str, Callable[[Path, _Window], Outbox]]":
    stores: dict[str, Callable[[Path, _Window], Outbox]] = {
        "SQLite": lambda folder, clock: SqliteOutbox.open(folder / "outbox.sqlite", clock=clock)
    }
    if postgres_database() is not None:
        stores["PostgreSQL"] = lambda _, clock: PostgresOutbox.open(postgres_database() or "", clock=clock)
    return stores


async def _cost(
    opened: Callable[[Path, _Window], Outbox], profile: EndpointProfile, *, waiting: int, minutes: int
) -> _Cost:
    calls: Counter[str] = Counter()
    requests: Counter[str] = Counter()

    @asynccontextmanager
    async def open_transport(profile: EndpointProfile) -> AsyncIterator[Transport]:
        async with HttpTransport.open(profile) as transport:
            yield _CountedTransport(transport, requests)

    with tempfile.TemporaryDirectory(prefix="tipline-bench-") as name:
        folder, clock = Path(name), _Window()
        outbox = opened(folder, clock)
        counted = cast("Outbox", _Counted(outbox, calls))
        options = Options(clock=clock, open_transport=open_transport)
        async with AsyncTiplineClient.open(folder / "home", profile=profile, outbox=counted, options=options) as client:
            await fill_home(client, count=waiting, size=0)
            if waiting:
                # Somebody meets the outage first; what is measured begins with the lane paused.
                summary = await AsyncDispatcher(client).drain(patience=timedelta(0))
                assert summary.incident is not None, summary
            dispatcher = AsyncDispatcher(client)
            clock.open(minutes=minutes, stop=dispatcher.stop)
            calls.clear()
            requests.clear()
            started = time.process_time()
            await dispatcher.run()
            spent = time.process_time() - started
        await outbox.close()
    return _Cost(calls.total() / minutes, requests.total() / minutes, spent / minutes * 1000)


def _row(label: str, cost: _Cost, idle: _Cost) -> tuple[str, ...]:
    ratio = f"{cost.milliseconds / idle.milliseconds:.3f}"
    return label, f"{cost.calls:.1f}", f"{cost.requests:.2f}", f"{cost.milliseconds:.1f}", ratio


if __name__ == "__main__":
    asyncio.run(measure_pause())
