"""What shared commits bring: reports delivered per second, and writes per commit, with and without them.

Run it as `python -m benchmarks.group_commit`. Every write is flushed to the disk in every row; without sharing each has
a commit of its own. The endpoint is a lean one, so that the writes weigh what they weigh at most.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from benchmarks.backlog import fill_home
from benchmarks.endpoint import lean_process
from benchmarks.tables import show
from tipline_client import AsyncTiplineClient, EndpointProfile, Options
from tipline_client.delivery.clock import SystemClock
from tipline_client.outbox import SqliteOutbox
from tipline_client.outbox.sqlite.driver import Connection, Row, Value, choose_driver
from tipline_client.outbox.sqlite.opening import open_file

__all__ = ["measure_group_commit"]

IN_FLIGHT = (1, 16, 64)


class _Counting:
    """A connection that counts its commits, and the pieces of work in them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.commits = 0

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, parameters: Mapping[str, Value] = MappingProxyType({}), /) -> list[Row]:
        self.commits += sql == "COMMIT"
        return self._connection.execute(sql, parameters)

    def close(self) -> None:
        self._connection.close()


async def measure_group_commit(*, count: int = 150, turns: int = 3) -> None:
    """Measure by turns with and without, and print the medians."""
    rows = []
    with lean_process() as profile:
        for in_flight in IN_FLIGHT:
            rates: dict[bool, list[float]] = {True: [], False: []}
            commits: dict[bool, float] = {}
            for _ in range(turns):
                for is_shared in (True, False):
                    rate, made = await _delivered(profile, count=count, in_flight=in_flight, is_shared=is_shared)
                    rates[is_shared].append(rate)
                    commits[is_shared] = made / count
            shared, alone = statistics.median(rates[True]), statistics.median(rates[False])
            figures = (f"{alone:.0f}", f"{shared:.0f}", f"{shared / alone:.2f}")
            rows.append((str(in_flight), *figures, f"{commits[False]:.1f}", f"{commits[True]:.1f}"))
    show(
        f"Group commit: reports delivered per second, median of {turns} runs of {count} reports",
        ("in flight", "one by one", "shared", "ratio", "commits per report, one by one", "shared"),
        rows,
        note="SQLite, every commit flushed to the disk; one file of 100 KiB each; an endpoint without latency.",
    )


async def _delivered(profile: EndpointProfile, *, count: int, in_flight: int, is_shared: bool) -> tuple[float, int]:
    with tempfile.TemporaryDirectory(prefix="tipline-bench-") as folder:
        path, driver = Path(folder) / "outbox.sqlite", choose_driver("auto")
        opened = open_file(path, driver=driver, busy_timeout=5)
        writer = _Counting(opened.writer)
        outbox = SqliteOutbox(
            replace(opened, writer=writer),
            path=path,
            clock=SystemClock(),
            driver=driver,
            group_commit=is_shared,
        )
        home = Path(folder) / "home"
        options = Options(slots=in_flight)
        async with AsyncTiplineClient.open(home, profile=profile, outbox=outbox, options=options) as client:
            await fill_home(client, count=count)
            before = writer.commits
            started = time.perf_counter()
            summary = await client.conductor().drain()
            spent = time.perf_counter() - started
            assert summary.waiting == 0, summary
        await outbox.close()
        return count / spent, writer.commits - before


if __name__ == "__main__":
    asyncio.run(measure_group_commit())
