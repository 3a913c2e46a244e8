"""Several dispatchers on one database, by the database's own clock."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from tests.contract.values import FULL_CHECKPOINT, LANE, MINUTE, attempt, lease_of, new_entry
from tests.postgres.conftest import OpenOutbox
from tests.support.postgres import PostgresServer
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.errors import LeaseLostError
from tipline_client.outbox.postgres import PostgresOutbox

NOW = timedelta(0)


async def test_dispatchers_that_claim_at_once(open_outbox: OpenOutbox) -> None:
    """Four dispatchers, each with four claims in flight, share six hundred entries without one of them twice."""
    hosts = [open_outbox() for _ in range(4)]
    for first in range(0, 600, 100):
        await asyncio.gather(*(hosts[0].enqueue(new_entry(f"{first + number}")) for number in range(100)))
    barrier = threading.Barrier(4)
    claimed: list[tuple[int, str]] = []

    async def slot(number: int) -> None:
        while leases := await hosts[number].claim(LANE, limit=7, lease_for=MINUTE):
            claimed.extend((number, lease.entry.id) for lease in leases)

    async def slots(number: int) -> None:
        await asyncio.gather(*(slot(number) for _ in range(4)))

    def dispatcher(number: int) -> None:
        barrier.wait()
        asyncio.run(slots(number))

    threads = [threading.Thread(target=dispatcher, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)

    assert sorted(f"id-{number}" for number in range(600)) == sorted(entry_id for _, entry_id in claimed)
    assert 1 < len({number for number, _ in claimed})


async def test_claims_while_leases_run_out(open_outbox: OpenOutbox, server: PostgresServer) -> None:
    """Leases that are over as soon as granted are taken over and over; every token that wrote was live then."""
    hosts = [open_outbox() for _ in range(3)]
    await hosts[0].enqueue(new_entry())

    async def dispatcher(outbox: PostgresOutbox) -> int:
        written = 0
        for _ in range(30):
            for lease in await outbox.claim(LANE, limit=1, lease_for=timedelta(milliseconds=1)):
                try:
                    await outbox.release(lease, Checkpoint(), attempt(Outcome.TRANSIENT), available_in=NOW)
                except LeaseLostError:
                    continue
                written += 1
        return written

    written = sum(await asyncio.gather(*(dispatcher(outbox) for outbox in hosts)))

    assert written == (await hosts[0].get("id-one")).attempts
    assert [(written, written)] == server.execute("SELECT count(*), count(DISTINCT lease_token) FROM tipline.attempts")


async def test_take_over_by_the_clock_of_the_database(open_outbox: OpenOutbox) -> None:
    """A lease that has run out is taken over on another host, and its former holder writes nothing more."""
    first, second = open_outbox(), open_outbox()
    lost = await lease_of(first, lease_for=NOW)

    [taken] = await second.claim(LANE, limit=1, lease_for=MINUTE)

    assert (True, lost.entry.id) == (taken.was_taken_over, taken.entry.id)
    assert lost.expires_at <= taken.started_at
    for write in (
        first.renew(lost, lease_for=MINUTE),
        first.record(lost, FULL_CHECKPOINT),
        first.release(lost, FULL_CHECKPOINT, attempt(Outcome.TRANSIENT), available_in=NOW),
        first.mark_retracted(lost, FULL_CHECKPOINT, attempt(Outcome.RETRACTED)),
    ):
        with pytest.raises(LeaseLostError):
            await write
    await second.record(taken, FULL_CHECKPOINT)
    assert FULL_CHECKPOINT == (await first.get("id-one")).checkpoint


async def test_lease_that_ends_while_its_write_waits(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """A write that waited for its row is judged by the time after the wait, not by the time at which it was asked."""
    lease = await lease_of(outbox, lease_for=timedelta(milliseconds=300))
    with psycopg.connect(server.dsn()) as other:
        other.execute("SELECT FROM tipline.entries WHERE id = 'id-one' FOR UPDATE")
        waiting = asyncio.create_task(outbox.record(lease, FULL_CHECKPOINT))
        # Ends when the write is seen waiting and the lease is over, both by the database's word.
        await asyncio.to_thread(
            server.wait_until,
            "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')"
            " AND EXISTS (SELECT FROM tipline.entries WHERE lease_expires_at <= tipline.clock())",
        )
        other.execute("UPDATE tipline.entries SET content_digest = content_digest")

    with pytest.raises(LeaseLostError):
        await waiting

    assert FULL_CHECKPOINT != (await outbox.get("id-one")).checkpoint


async def test_row_that_somebody_holds(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """A row that another transaction has locked is passed over, and the next in line is claimed at once."""
    for name in ("one", "two"):
        await outbox.enqueue(new_entry(name))

    with psycopg.connect(server.dsn()) as other:
        other.execute("SELECT FROM tipline.entries WHERE id = 'id-one' FOR UPDATE")
        leases = await outbox.claim(LANE, limit=2, lease_for=MINUTE)

    assert ["id-two"] == [lease.entry.id for lease in leases]


async def test_times_are_the_database_s(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """Without a clock of its own the store writes down what the database's clock said."""
    [(before,)] = server.execute("SELECT tipline.clock()")

    lease = await lease_of(outbox)

    [(enqueued, expires, after)] = server.execute(
        "SELECT enqueued_at, lease_expires_at - 60000000, tipline.clock() FROM tipline.entries"
    )
    assert [before, enqueued, expires, after] == sorted([before, enqueued, expires, after])  # type: ignore[type-var]  # whole numbers all
    assert MINUTE == lease.expires_at - lease.started_at


async def test_lease_of_a_stranger(outbox: PostgresOutbox) -> None:
    """A forged token that was never granted writes nothing, by the statement itself."""
    lease = await lease_of(outbox)

    with pytest.raises(LeaseLostError):
        await outbox.record(replace(lease, token="0" * 32), FULL_CHECKPOINT)

    assert State.LEASED is (await outbox.get("id-one")).state
