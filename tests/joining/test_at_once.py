"""Several enqueues at once on one connection: each that returns is committed, whatever becomes of the others."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiosqlite
import psycopg
import pytest

from tests.joining.applications import KINDS, is_asynchronous
from tests.joining.conftest import World
from tests.joining.slow_file import SlowFile
from tests.support import postgres
from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient, TiplineClient
from tipline_client.errors import TiplineError
from tipline_client.mock import MockEndpoint

ROUNDS = 6
KEYS = ("a", "a", "b", "c")
"""The first two name different contents, so one of them is refused and undone."""


every_asynchronous_kind = pytest.mark.parametrize(
    "world", [kind for kind in KINDS if is_asynchronous(kind)], indirect=True
)


@every_asynchronous_kind
async def test_tasks_of_one_transaction(world: World) -> None:
    """Whether one is refused or cancelled: what was told to be queued is there, and nothing else is."""
    queued: set[str] = set()
    for turn in range(ROUNDS):
        async with world.app.transaction() as connection:
            await world.app.decide(connection, turn)
            handing_in = [
                asyncio.create_task(world.enqueue(connection, f"{turn} {number}", key=f"{turn} {key}"))
                for number, key in enumerate(KEYS)
            ]
            await asyncio.sleep(turn * 0.002)
            handing_in[turn % len(KEYS)].cancel()
            await asyncio.wait(handing_in)
        for task in handing_in:
            if not task.cancelled() and task.exception() is None:
                queued.add(task.result().id)
        there = {entry.id for entry in await world.client.outbox.list_entries()}
        failures = {type(task.exception()).__name__ for task in handing_in if not task.cancelled() and task.exception()}

        assert set() == queued - there
        assert failures <= {"DuplicateKeyError"}

    assert list(range(ROUNDS)) == world.decisions()
    assert await world.filed() == len(await world.client.outbox.list_entries())


def _to_a_server(_: Path) -> tuple[str, Callable[[], Any]]:
    server = postgres.required()
    server.empty_outbox()
    return server.url(), server.connect


def _to_a_file(file: Path) -> tuple[str, Callable[[], Any]]:
    return f"sqlite://{file}", lambda: sqlite3.connect(file, check_same_thread=False)


@pytest.mark.parametrize("place", [_to_a_server, _to_a_file])
def test_threads_of_one_transaction(
    tmp_path: Path, endpoint: MockEndpoint, place: Callable[[Path], tuple[str, Callable[[], Any]]]
) -> None:
    """The same where threads share a connection, on which none of them has begun a transaction."""
    address, connect = place(tmp_path / "app.sqlite")
    results: dict[str, object] = {}
    with TiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=address) as client:
        client.find("none")  # the tables are there
        with contextlib.closing(connect()) as connection:

            def hand_in(number: int, key: str) -> None:
                try:
                    entry = client.enqueue(sample_report(str(number)), idempotency_key=key, connection=connection)
                except Exception as error:
                    results[str(number)] = type(error).__name__
                else:
                    results[str(number)] = entry.id

            threads = [threading.Thread(target=hand_in, args=(number, key)) for number, key in enumerate(KEYS * 3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            connection.commit()

        there = {entry.id: key for key in set(KEYS) if (entry := client.find(key)) is not None}
    told = list(results.values())
    assert 3 == len(there)
    assert {"DuplicateKeyError"} == set(told) - set(there)
    assert 3 == len([result for result in told if result in there])


async def test_transaction_that_a_cancelled_one_began(on_file: AsyncTiplineClient, file: Path) -> None:
    """It is begun once, whenever the one that began it is cancelled."""
    await on_file.outbox.count()
    async with aiosqlite.connect(file) as connection:
        for moment in range(12):
            one, two = (
                asyncio.create_task(
                    on_file.enqueue(sample_report(name), idempotency_key=f"{moment} {name}", connection=connection)
                )
                for name in ("one", "two")
            )
            for _ in range(moment):
                await asyncio.sleep(0)
            one.cancel()
            entry = await two
            await asyncio.wait([one])
            await connection.commit()

            assert await on_file.find(f"{moment} two") == entry


async def test_key_of_a_transaction_that_goes_on(tmp_path: Path, endpoint: MockEndpoint) -> None:
    """Whoever waits for it can stop waiting: its time is up when it says so, and its own transaction goes on."""
    server = postgres.required()
    server.empty_outbox()
    place = f"host={server.folder} user=tipline dbname=outbox"
    async with (
        AsyncTiplineClient.open(tmp_path, profile=endpoint.profile, outbox=server.url()) as client,
        await psycopg.AsyncConnection.connect(place) as first,
        await psycopg.AsyncConnection.connect(place) as second,
    ):
        entry = await client.enqueue(sample_report("one"), idempotency_key="case-1", connection=first)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await client.enqueue(sample_report("one"), idempotency_key="case-1", connection=second)
        other = await client.enqueue(sample_report("two"), idempotency_key="case-2", connection=second)
        await second.commit()
        await first.commit()

        assert {entry.id, other.id} == {found.id for found in await client.outbox.list_entries()}


@every_asynchronous_kind
async def test_transaction_that_ends_first(world: World, tmp_path: Path) -> None:
    """Its enqueue writes nothing, neither by itself nor into the next transaction on that connection."""
    slow = SlowFile()
    with contextlib.suppress(ZeroDivisionError):
        async with world.app.transaction() as connection:
            handing_in = asyncio.create_task(
                world.client.enqueue(sample_report("one"), evidence=slow.evidence, connection=connection)
            )
            await slow.is_read.wait()
            raise ZeroDivisionError
    # An aiosqlite connection says of no two transactions that they are others.
    async with contextlib.nullcontext() if world.kind == "aiosqlite" else world.app.transaction() as another:
        if another is not None:
            await world.app.decide(another, 2)
        slow.goes_on.set()
        with pytest.raises(TiplineError, match=r"has ended before|closed"):
            await handing_in

    assert [] == await world.client.outbox.list_entries()
    assert [] == [path for path in (tmp_path / "home" / "evidence").rglob("*") if path.is_file()]
    assert ([] if world.kind == "aiosqlite" else [2]) == world.decisions()


async def test_connection_that_is_closed_first(on_file: AsyncTiplineClient, file: Path) -> None:
    """The same where somebody closes the connection meanwhile."""
    slow = SlowFile()
    connection = await aiosqlite.connect(file)
    handing_in = asyncio.create_task(
        on_file.enqueue(sample_report("one"), evidence=slow.evidence, connection=connection)
    )
    await slow.is_read.wait()
    await connection.close()
    slow.goes_on.set()

    with pytest.raises(TiplineError, match="has ended before"):
        await handing_in
    assert [] == await on_file.outbox.list_entries()


@every_asynchronous_kind
async def test_savepoint_that_is_undone_first(world: World) -> None:
    """What is queued in it goes with it, also if it is queued only then."""
    slow = SlowFile()
    async with world.app.transaction() as connection:
        await world.app.decide(connection, 1)
        with contextlib.suppress(ZeroDivisionError):
            async with world.app.savepoint(connection):
                await world.app.decide(connection, 2)
                handing_in = asyncio.create_task(
                    world.client.enqueue(sample_report("one"), evidence=slow.evidence, connection=connection)
                )
                await slow.is_read.wait()
                raise ZeroDivisionError
        slow.goes_on.set()
        # A savepoint of one's own on an aiosqlite connection is a statement like any other.
        with (
            pytest.raises(TiplineError, match="has ended before")
            if world.kind != "aiosqlite"
            else contextlib.nullcontext()
        ):
            await handing_in

    assert [1] == world.decisions()
    assert (world.kind == "aiosqlite") == bool(await world.client.outbox.list_entries())


@pytest.mark.parametrize("isolation_level", ["DEFERRED", None])
async def test_rollback_in_the_midst(on_file: AsyncTiplineClient, file: Path, isolation_level: Any) -> None:
    """Whenever it comes, nothing of the enqueue is left: neither committed by itself nor for the next transaction."""
    outcomes = set()
    async with aiosqlite.connect(file, isolation_level=isolation_level) as connection:
        await connection.execute("CREATE TABLE decisions (case_number INTEGER)")
        await connection.commit()
        for moment in range(80):
            await connection.execute("BEGIN IMMEDIATE")
            await connection.execute("INSERT INTO decisions VALUES (1)")
            slow = SlowFile()
            handing_in = asyncio.create_task(
                on_file.enqueue(sample_report(str(moment)), evidence=slow.evidence, connection=connection)
            )
            await slow.is_read.wait()
            slow.goes_on.set()
            await asyncio.sleep(moment * 0.0002)
            await connection.rollback()
            await asyncio.wait([handing_in])
            outcomes.add("refused" if handing_in.exception() else "queued")
            if not connection.in_transaction:
                await connection.execute("BEGIN")
            await connection.commit()

            assert [] == await on_file.outbox.list_entries()
        assert [] == list(await connection.execute_fetchall("SELECT * FROM decisions"))
    assert {"refused", "queued"} == outcomes


@pytest.mark.parametrize("is_autocommit", [True, False])
async def test_rollback_in_the_midst_on_a_server(tmp_path: Path, endpoint: MockEndpoint, is_autocommit: bool) -> None:
    """The same with psycopg, also where each statement outside of a block commits itself."""
    server = postgres.required()
    server.empty_outbox()
    outcomes = set()
    place = f"host={server.folder} user=tipline dbname=outbox"
    async with (
        AsyncTiplineClient.open(tmp_path, profile=endpoint.profile, outbox=server.url()) as client,
        await psycopg.AsyncConnection.connect(place, autocommit=is_autocommit) as connection,
    ):
        for moment in range(180):
            slow = SlowFile()
            with contextlib.suppress(ZeroDivisionError):
                async with connection.transaction():
                    report = sample_report(str(moment))
                    handing_in = asyncio.create_task(
                        client.enqueue(report, evidence=slow.evidence, connection=connection)
                    )
                    await slow.is_read.wait()
                    slow.goes_on.set()
                    await asyncio.sleep(moment % 90 * 0.0001)
                    raise ZeroDivisionError
            await asyncio.wait([handing_in])
            outcomes.add("refused" if handing_in.exception() else "queued")
            await connection.commit()

            assert [] == await client.outbox.list_entries()
    assert {"refused", "queued"} == outcomes
