"""What a dispatcher's calls cost when a million reports are delivered already: the same, or the outbox grows slow.

Run it as `python -m benchmarks.growth [ROWS]`. Each store is opened twice, with few and with many delivered rows, and
each call is made by turns in the one and in the other, so that whatever else the machine does falls on both alike. The
PostgreSQL is one that is started for the purpose and does not wait for the disk.
"""

import asyncio
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

from tests.support import postgres

from benchmarks.stores import LANE, REPLY, acknowledgement, checkpoint, filled_postgres, filled_sqlite
from benchmarks.tables import show
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.entry import Lease, NewEntry
from tipline_client.delivery.outcomes import Attempt, Outcome
from tipline_client.delivery.states import State
from tipline_client.outbox import Outbox

__all__ = ["measure_growth"]

FEW, MANY = 1_000, 1_000_000
LINE = 100
"""So many entries stand in line, in either outbox."""
TURNS = 60
_MINUTE = timedelta(minutes=1)
_DEADLINE = Deadline(timedelta(hours=24))
_DIGEST = "0" * 64


class Asked:
    """One outbox and what is asked of it; every method gives the seconds that one call took.

    Args:
        outbox: Which.
        rows: How many delivered rows it has.
    """

    def __init__(self, outbox: Outbox, rows: int) -> None:
        self._outbox = outbox
        self._rows = rows
        self._numbers = itertools.count(10_000_000)

    async def fill_line(self) -> None:
        """Let some entries stand in line."""
        for _ in range(LINE):
            await self._outbox.enqueue(self._new())

    async def claim(self) -> float:
        """One entry, in the order of claims."""
        return await self._claim(longest_due=False)

    async def claim_longest_due(self) -> float:
        """The entry that has been due longest."""
        return await self._claim(longest_due=True)

    async def enqueue(self) -> float:
        """A new report. It goes out of the line again, so that this stays as long as it was."""
        new = self._new()
        spent = await _timed(lambda: self._outbox.enqueue(new))
        await self._outbox.withdraw(new.id, reason="measured")
        return spent

    async def enqueue_again(self) -> float:
        """A report that is delivered already."""
        name = f"filed-{self._rows // 2}"
        again = NewEntry(name, LANE.profile, LANE.environment, name, _DIGEST, b"", "master wrapped")
        return await _timed(lambda: self._outbox.enqueue(again))

    async def find(self) -> float:
        """A delivered report, by its key."""
        return await _timed(lambda: self._outbox.find(LANE, f"filed-{self._rows // 2}"))

    async def record(self) -> float:
        """A checkpoint."""
        lease = await self._lease()
        spent = await _timed(lambda: self._outbox.record(lease, checkpoint(next(self._numbers))))
        await self._give_back(lease)
        return spent

    async def acknowledge(self) -> float:
        """The end of a delivery, and its receipt."""
        new = self._new()
        await self._outbox.enqueue(new)
        [lease] = await self._outbox.claim(LANE, limit=1, lease_for=_MINUTE, entry_id=new.id)
        number = next(self._numbers)

        async def end() -> None:
            attempt = Attempt(lease.started_at, lease.started_at, Outcome.ACKNOWLEDGED)
            filed = acknowledgement(number)
            await self._outbox.acknowledge(lease, checkpoint(number), filed, attempt, reply=REPLY)
            await self._outbox.store_receipt(new.id, b"receipt")

        return await _timed(end)

    async def count(self) -> float:
        """The numbers of the lane, which a drain and an incident ask for."""
        return await _timed(lambda: self._outbox.count(lane=LANE))

    async def status(self) -> float:
        """The numbers of all lanes, and what nobody claims."""

        async def look() -> None:
            await self._outbox.count()
            await self._outbox.strays([LANE])

        return await _timed(look)

    async def unreceipted(self) -> float:
        """The receipts that are still to be made."""
        return await _timed(self._outbox.unreceipted)

    async def tell_deadlines(self) -> float:
        """Whose time is nearly over."""
        return await _timed(lambda: self._outbox.tell_deadlines(LANE, deadline=_DEADLINE))

    async def serve(self) -> float:
        """That the lane is served."""
        return await _timed(lambda: self._outbox.serve(LANE))

    async def lane_state(self) -> float:
        """How the lane stands."""
        return await _timed(lambda: self._outbox.lane_state(LANE))

    async def events(self) -> float:
        """The next hundred lines of the history, from the middle of it."""
        return await _timed(lambda: self._outbox.events(after=self._rows))

    async def page(self) -> float:
        """A page of a hundred delivered entries, from the middle."""
        after = f"filed-{self._rows // 2}"
        return await _timed(lambda: self._outbox.list_entries(states=[State.ACKNOWLEDGED], after=after))

    def _new(self) -> NewEntry:
        name = f"new-{next(self._numbers)}"
        return NewEntry(
            name, LANE.profile, LANE.environment, name, _DIGEST, bytes(1024), "master wrapped", Checkpoint(seal=_DIGEST)
        )

    async def _claim(self, *, longest_due: bool) -> float:
        leases: list[Lease] = []

        async def claim() -> None:
            leases.extend(await self._outbox.claim(LANE, limit=1, lease_for=_MINUTE, longest_due=longest_due))

        spent = await _timed(claim)
        await self._give_back(*leases)
        return spent

    async def _lease(self) -> Lease:
        [lease] = await self._outbox.claim(LANE, limit=1, lease_for=_MINUTE)
        return lease

    async def _give_back(self, *leases: Lease) -> None:
        for lease in leases:
            attempt = Attempt(lease.started_at, lease.started_at, Outcome.STOPPED, burns=False)
            await self._outbox.release(lease, lease.entry.checkpoint, attempt, available_in=timedelta(0))


CALLS: dict[str, Callable[[Asked], Awaitable[float]]] = {
    "claim one entry": Asked.claim,
    "claim what has been due longest": Asked.claim_longest_due,
    "enqueue a new report": Asked.enqueue,
    "enqueue a delivered one again": Asked.enqueue_again,
    "find a delivered one by its key": Asked.find,
    "record a checkpoint": Asked.record,
    "acknowledge, and keep the receipt": Asked.acknowledge,
    "count a lane": Asked.count,
    "status of all lanes, and strays": Asked.status,
    "receipts still to be made": Asked.unreceipted,
    "deadlines that are near": Asked.tell_deadlines,
    "say that the lane is served": Asked.serve,
    "state of the lane": Asked.lane_state,
    "a page of events": Asked.events,
    "a page of delivered entries": Asked.page,
}


async def measure_growth(*, many: int = MANY) -> None:
    """Measure both stores and print a table for each."""
    with tempfile.TemporaryDirectory(prefix="tipline-bench-") as folder:
        await _measure("SQLite", many, lambda rows: filled_sqlite(Path(folder), rows))
    if postgres.started() is not None:
        await _measure("PostgreSQL", many, filled_postgres)


async def _measure(label: str, many: int, filled: Callable[[int], AbstractAsyncContextManager[Outbox]]) -> None:
    rows = []
    async with filled(FEW) as small, filled(many) as large:
        asked = (Asked(small, FEW), Asked(large, many))
        for one in asked:
            await one.fill_line()
        for name, call in CALLS.items():
            spent: tuple[list[float], list[float]] = ([], [])
            for _ in range(TURNS):
                for one, seconds in zip(asked, spent, strict=True):
                    seconds.append(await call(one))
            among_few, among_many = (statistics.median(seconds) * 1e6 for seconds in spent)
            rows.append((name, f"{among_few:.0f}", f"{among_many:.0f}", f"{among_many / among_few:.2f}"))
    show(
        f"{label}: one call, microseconds, median of {TURNS}",
        ("", f"{FEW:,} delivered", f"{many:,} delivered", "ratio"),
        rows,
        note=f"{LINE} entries stand in line in either outbox.",
    )


async def _timed(call: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await call()
    return time.perf_counter() - started


if __name__ == "__main__":
    asyncio.run(measure_growth(many=int(sys.argv[1]) if sys.argv[1:] else MANY))
