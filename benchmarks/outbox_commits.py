"""What durability costs: enqueues per second by number of callers, with and without shared commits, by journal mode.

Run it as `python -m benchmarks.outbox_commits`. Every write is flushed to the disk in every row of the table. Absolute
figures say something about the disk of this machine alone; the ratios carry over.
"""

import asyncio
import itertools
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tipline_client.delivery.entry import NewEntry
from tipline_client.delivery.environment import Environment
from tipline_client.outbox import SqliteOutbox
from tipline_client.outbox.sqlite.driver import DriverName

__all__ = ["measure_commits"]

CALLERS = (1, 16, 64)
DRIVERS: tuple[DriverName, ...] = ("apsw", "sqlite3")
SECONDS = 1.0
ENVELOPE = bytes(range(256)) * 16


@dataclass(frozen=True)
class Measurement:
    """One row of the table, in enqueues per second by number of callers."""

    label: str
    rates: tuple[float, ...]


async def rate(outbox: SqliteOutbox, callers: int, numbers: "itertools.count[int]") -> float:
    """Durable enqueues per second while `callers` tasks each wait for one after the other."""
    started = time.perf_counter()
    done = 0

    async def caller() -> None:
        nonlocal done
        while time.perf_counter() - started < SECONDS:
            name = str(next(numbers))
            await outbox.enqueue(NewEntry(name, "sample", Environment.MOCK, name, name, ENVELOPE, "master wrapped"))
            done += 1

    await asyncio.gather(*(caller() for _ in range(callers)))
    return done / (time.perf_counter() - started)


async def measure(folder: Path, driver: DriverName, *, group_commit: bool) -> Measurement:
    """One row: a fresh file, filled by more and more callers."""
    name = f"{driver}-{'together' if group_commit else 'alone'}"
    outbox = SqliteOutbox.open(folder / f"{name}.sqlite", driver=driver, group_commit=group_commit)
    facts = await outbox.facts()
    numbers = itertools.count()
    rates = [await rate(outbox, callers, numbers) for callers in CALLERS]
    await outbox.close()
    how = "shared commits" if group_commit else "one by one"
    return Measurement(f"{driver} {facts['sqlite_version']}, {facts['journal_mode']}, {how}", tuple(rates))


def print_table(rows: list[Measurement]) -> None:
    """Enqueues per second, and in brackets the ratio to one caller of the same row."""
    print(f"{'enqueues per second, 4 KiB each':<44}" + "".join(f"{f'{callers} callers':>18}" for callers in CALLERS))
    for row in rows:
        cells = (f"{value:.0f} ({value / row.rates[0]:.1f}x)" for value in row.rates)
        print(f"{row.label:<44}" + "".join(f"{cell:>18}" for cell in cells))


async def measure_commits() -> None:
    """Measure each driver with and without shared commits."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            await measure(Path(folder), driver, group_commit=group_commit)
            for driver in DRIVERS
            for group_commit in (True, False)
        ]
    print_table(rows)


if __name__ == "__main__":
    asyncio.run(measure_commits())
