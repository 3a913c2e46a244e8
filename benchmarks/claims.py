"""What a claim costs when many reports are delivered already: the same, or the outbox slows down as it is used.

Run it as `python -m benchmarks.claims`. Both stores, with few and with many delivered rows beside the same short line.
The PostgreSQL is one that is started for the purpose and does not wait for the disk, so that the claim itself is seen.
"""

import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from tests.support import postgres

from benchmarks.tables import show
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import NewEntry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Attempt, Outcome
from tipline_client.outbox import Lane, Outbox, SqliteOutbox
from tipline_client.outbox.postgres import PostgresOutbox

__all__ = ["measure_claims"]

DELIVERED = (1_000, 100_000)
LINE = 100
ROUNDS = 200
LANE = Lane("sample", Environment.MOCK)
ENVELOPE = bytes(range(256)) * 8

_COLUMNS = """
    id, profile, environment, idempotency_key, content_digest, envelope, is_escalated, state, checkpoint, enqueued_at,
    available_at
"""
_FILL_SQLITE = f"""
    WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?)
    INSERT INTO entries ({_COLUMNS})
    SELECT 'filed-' || number, 'sample', 'mock', 'filed-' || number, 'digest', zeroblob(2048), 0,
        'acknowledged', '{{}}', number, number FROM numbers
"""  # noqa: S608 - names of our own
_FILL_POSTGRES = f"""
    INSERT INTO tipline.entries ({_COLUMNS})
    SELECT 'filed-' || number, 'sample', 'mock', 'filed-' || number, 'digest', decode(repeat('00', 2048), 'hex'), false,
        'acknowledged', '{{}}', number, number FROM generate_series(1, %s) AS number
"""  # noqa: S608 - names of our own


@asynccontextmanager
async def _sqlite(delivered: int) -> AsyncIterator[Outbox]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outbox.sqlite"
        outbox = SqliteOutbox.open(path)
        with sqlite3.connect(path) as connection:
            connection.execute(_FILL_SQLITE, (delivered,))
        connection.close()
        yield outbox
        await outbox.close()


@asynccontextmanager
async def _postgres(delivered: int) -> AsyncIterator[Outbox]:
    server = postgres.started()
    assert server is not None, "there is no PostgreSQL to start"
    server.empty_outbox()
    with server.connect() as connection:
        # Without the triggers, which are made for rows that end one by one.
        connection.execute("SET session_replication_role = replica")
        connection.execute(_FILL_POSTGRES.encode(), (delivered,))
    server.execute("ANALYZE tipline.entries")
    outbox = PostgresOutbox.open(server.dsn())
    yield outbox
    await outbox.close()


async def _claims(outbox: Outbox) -> float:
    """Microseconds of a claim of one entry, the median of many, while a hundred stand in line."""
    for number in range(LINE):
        await outbox.enqueue(
            NewEntry(f"{number}", "sample", Environment.MOCK, f"{number}", "digest", ENVELOPE, "master wrapped")
        )
    spent = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        [lease] = await outbox.claim(LANE, limit=1, lease_for=timedelta(minutes=5))
        spent.append(time.perf_counter() - started)
        attempt = Attempt(lease.started_at, lease.started_at, Outcome.STOPPED, burns=False)
        await outbox.release(lease, Checkpoint(), attempt, available_in=timedelta(0))
    return statistics.median(spent) * 1e6


async def measure_claims() -> None:
    """Claim latency with few and with many delivered rows, and the ratio of the two."""
    stores: dict[str, Callable[[int], AbstractAsyncContextManager[Outbox]]] = {"SQLite": _sqlite}
    if postgres.started() is not None:
        stores["PostgreSQL"] = _postgres
    rows = []
    for label, opened in stores.items():
        times = []
        for delivered in DELIVERED:
            async with opened(delivered) as outbox:
                times.append(await _claims(outbox))
        few, many = times
        rows.append((label, f"{few:.0f}", f"{many:.0f}", f"{many / few:.2f}"))
    columns = ("", *(f"{delivered:,} delivered" for delivered in DELIVERED), "ratio")
    show("Claim of one entry: microseconds, median", columns, rows)


if __name__ == "__main__":
    asyncio.run(measure_claims())
