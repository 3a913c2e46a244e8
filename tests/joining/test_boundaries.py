"""Transactions and savepoints that begin or end on the connection while an enqueue on it is under way."""

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tests.joining.applications import KINDS, is_asynchronous, on_postgres
from tests.joining.conftest import World
from tests.joining.slow_file import SlowFile
from tests.support import postgres
from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient, TiplineClient
from tipline_client.errors import ConfigurationError, OutboxInDoubtError, OutboxUnavailableError, TiplineError
from tipline_client.mock import MockEndpoint

BUSY = "SELECT pg_sleep(0.3)"
BUSY_FILE = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000000) SELECT count(*) FROM n"
STATEMENTS = 60
"""More than an enqueue takes."""

asynchronous = [kind for kind in KINDS if is_asynchronous(kind)]


async def keep_busy(world: World, connection: Any) -> "asyncio.Task[object]":
    """Begin something that whatever is asked next has to wait for."""
    sql: Any = BUSY if on_postgres(world.kind) else BUSY_FILE
    asked = connection.execute(sql if world.kind in {"psycopg-async", "aiosqlite"} else sa.text(sql))
    task = asyncio.create_task(asked)
    await asyncio.sleep(0.05)
    return task


@pytest.mark.parametrize("world", asynchronous, indirect=True)
async def test_end_that_waits_for_its_turn(world: World) -> None:
    """An enqueue that is asked for after it is in no transaction, and begins none for the next one to commit."""
    await world.client.outbox.count()  # the tables are there
    with contextlib.suppress(ZeroDivisionError):
        async with world.app.transaction() as connection:
            await world.app.decide(connection, 1)
            busy = await keep_busy(world, connection)
            ending = asyncio.get_running_loop().create_future()

            async def hand_in() -> None:
                await ending
                await world.enqueue(connection)

            handing_in = asyncio.create_task(hand_in())
            await asyncio.sleep(0)
            # It goes on once this block has asked for its end, and before that is done.
            asyncio.get_running_loop().call_soon(ending.set_result, None)
            raise ZeroDivisionError
    await asyncio.wait([busy])
    async with world.app.transaction() as another:
        await world.app.decide(another, 2)
        with pytest.raises(TiplineError, match=r"has ended before|closed"):
            await handing_in

    assert [2] == world.decisions()
    assert [] == await world.client.outbox.list_entries()


@pytest.mark.parametrize("world", [kind for kind in asynchronous if kind != "aiosqlite"], indirect=True)
async def test_savepoint_of_another_task(world: World) -> None:
    """Whoever undoes it would take along what was queued in the meantime: the enqueue is refused instead."""
    slow = SlowFile()
    async with world.app.transaction() as connection:
        await world.app.decide(connection, 1)
        handing_in = asyncio.create_task(
            world.client.enqueue(sample_report("one"), evidence=slow.evidence, connection=connection)
        )
        await slow.is_read.wait()
        with contextlib.suppress(ZeroDivisionError):
            async with world.app.savepoint(connection):
                await world.app.decide(connection, 2)
                slow.goes_on.set()
                await asyncio.wait([handing_in])
                raise ZeroDivisionError
        with pytest.raises(ConfigurationError, match="a savepoint has been begun"):
            await handing_in
        # With nobody else at it, it goes.
        entry = await world.enqueue(connection)

    assert [1] == world.decisions()
    assert [entry] == await world.client.outbox.list_entries()


async def test_savepoint_in_the_place_of_another(on_server: AsyncTiplineClient) -> None:
    """As deep as before is not the same: the one that the enqueue began in has ended, and this one may be undone."""
    place = f"host={postgres.required().folder} user=tipline dbname=outbox"
    slow = SlowFile()
    async with await psycopg.AsyncConnection.connect(place) as connection:
        async with connection.transaction():
            async with connection.transaction():
                handing_in = asyncio.create_task(
                    on_server.enqueue(sample_report(), evidence=slow.evidence, connection=connection)
                )
                await slow.is_read.wait()
            async with connection.transaction(force_rollback=True):
                slow.goes_on.set()
                await asyncio.wait([handing_in])
        with pytest.raises(ConfigurationError, match="a savepoint has been begun"):
            await handing_in


@pytest.mark.parametrize("end", ["ROLLBACK TO SAVEPOINT mine; RELEASE SAVEPOINT mine", "RELEASE SAVEPOINT mine"])
async def test_savepoint_by_statement(on_server: AsyncTiplineClient, end: str) -> None:
    """A server tells of those that its user makes with statements, too; one that was begun and released is nothing."""
    place = f"host={postgres.required().folder} user=tipline dbname=outbox"
    for is_open in (True, False):
        slow = SlowFile()
        async with await psycopg.AsyncConnection.connect(place) as connection:
            handing_in = asyncio.create_task(
                on_server.enqueue(sample_report(), evidence=slow.evidence, connection=connection)
            )
            await slow.is_read.wait()
            await connection.execute("SAVEPOINT mine")
            if not is_open:
                await connection.execute(end)
            slow.goes_on.set()
            await asyncio.wait([handing_in])
            if is_open:
                await connection.execute(end)
            await connection.commit()

        assert is_open == isinstance(handing_in.exception(), ConfigurationError)
        assert is_open != bool(await on_server.outbox.list_entries())


@pytest.mark.parametrize("world", [kind for kind in asynchronous if "core" in kind], indirect=True)
async def test_outer_savepoint(world: World) -> None:
    """It can be undone before the one within it has ended, and takes that along."""
    slow = SlowFile()
    async with world.app.transaction() as connection:
        outer = await connection.begin_nested()
        await connection.begin_nested()
        await world.app.decide(connection, 1)
        handing_in = asyncio.create_task(
            world.client.enqueue(sample_report("one"), evidence=slow.evidence, connection=connection)
        )
        await slow.is_read.wait()
        with pytest.warns(sa.exc.SAWarning):
            await outer.rollback()
        slow.goes_on.set()
        with pytest.raises(ConfigurationError, match="has ended before"):
            await handing_in

    assert [] == world.decisions()
    assert [] == await world.client.outbox.list_entries()


async def test_pool_after_a_refusal(on_file: AsyncTiplineClient, file: Path) -> None:
    """The connection goes back without a transaction that nobody knows of, which would keep all others waiting."""
    await on_file.outbox.count()
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}", connect_args={"isolation_level": "IMMEDIATE"})
    connection = await engine.connect()
    await connection.begin()
    busy = asyncio.create_task(connection.execute(sa.text(BUSY_FILE)))
    await asyncio.sleep(0.02)
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)
    with pytest.raises(TiplineError, match=r"has ended before|closed"):
        await on_file.enqueue(sample_report(), connection=connection)
    await asyncio.wait([busy, closing])
    with contextlib.closing(sqlite3.connect(file, timeout=0)) as another:
        another.execute("CREATE TABLE decisions (case_number INTEGER)")
    await engine.dispose()


@pytest.mark.parametrize("is_autocommit", [True, False])
def test_end_in_another_thread(tmp_path: Path, endpoint: MockEndpoint, is_autocommit: bool) -> None:
    """What it ends is not begun anew by an enqueue that waited for its turn meanwhile."""
    server = postgres.required()
    server.empty_outbox()
    place = f"host={server.folder} user=tipline dbname=outbox"
    with (
        TiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=server.url()) as client,
        psycopg.connect(place, autocommit=is_autocommit) as connection,
    ):
        for number in range(10):
            connection.execute("BEGIN" if is_autocommit else "SELECT 1")
            # Each waits for the lock of the connection; who has it next is the system's choice.
            busy = threading.Thread(target=connection.execute, args=(BUSY.replace("0.3", "0.05"),))
            busy.start()
            ending = threading.Thread(target=connection.rollback)
            ending.start()
            # In time it may be: then it is rolled back with the rest.
            with contextlib.suppress(ConfigurationError):
                client.enqueue(sample_report(), idempotency_key=str(number), connection=connection)
            busy.join()
            ending.join()
            connection.commit()

            assert client.find(str(number)) is None


async def test_end_before_it_is_known(on_server: AsyncTiplineClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for another database."""
    place = f"host={postgres.required().folder} user=tipline dbname=outbox"
    async with await psycopg.AsyncConnection.connect(place) as connection:
        is_awaited = type(on_server.outbox).is_awaited

        async def end_and_ask(outbox: Any, entry_id: str) -> bool:
            await connection.rollback()
            return await is_awaited(outbox, entry_id)

        monkeypatch.setattr(type(on_server.outbox), "is_awaited", end_and_ask)
        with pytest.raises(ConfigurationError, match="has ended before"):
            await on_server.enqueue(sample_report(), connection=connection)


async def test_entry_of_a_savepoint_that_is_undone(on_server: AsyncTiplineClient) -> None:
    """Handing the same in again finds nothing then, also if it was found before its files were read."""
    place = f"host={postgres.required().folder} user=tipline dbname=outbox"
    first, second = SlowFile(), SlowFile()
    async with await psycopg.AsyncConnection.connect(place) as connection:
        await connection.execute("SAVEPOINT mine")
        first.goes_on.set()
        for_case: dict[str, Any] = {"idempotency_key": "case-1", "connection": connection}
        await on_server.enqueue(sample_report(), evidence=first.evidence, **for_case)
        handing_in = asyncio.create_task(on_server.enqueue(sample_report(), evidence=second.evidence, **for_case))
        await second.is_read.wait()
        await connection.execute("ROLLBACK TO SAVEPOINT mine")
        second.goes_on.set()
        with pytest.raises(ConfigurationError, match="has ended before"):
            await handing_in


async def test_pipeline_that_begins_meanwhile(on_server: AsyncTiplineClient) -> None:
    """The enqueue is refused in the words that one has that is asked for within it."""
    slow = SlowFile()
    place = f"host={postgres.required().folder} user=tipline dbname=outbox"
    async with await psycopg.AsyncConnection.connect(place) as connection:
        handing_in = asyncio.create_task(
            on_server.enqueue(sample_report("one"), evidence=slow.evidence, connection=connection)
        )
        await slow.is_read.wait()
        async with connection.pipeline():
            slow.goes_on.set()
            with pytest.raises(ConfigurationError, match="pipeline mode"):
                await handing_in


def test_interrupt_that_stops_the_undoing_too(tmp_path: Path, endpoint: MockEndpoint) -> None:
    """Half of an entry is never passed for none: SQLite refuses all while a statement of the caller's is half read."""
    file = tmp_path / "app.sqlite"
    outcomes = set()
    with (
        TiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=f"sqlite://{file}") as client,
        contextlib.closing(sqlite3.connect(file)) as connection,
    ):
        connection.execute("CREATE TABLE decisions (case_number INTEGER)")
        connection.executemany("INSERT INTO decisions VALUES (?)", [(number,) for number in range(50)])
        connection.commit()
        for moment in range(STATEMENTS):
            connection.execute("INSERT INTO decisions VALUES (1)")
            half_read = connection.execute("SELECT * FROM decisions")
            half_read.fetchone()
            seen: list[str] = []

            def interrupt(sql: str, seen: list[str] = seen, moment: int = moment) -> None:
                seen.append(sql)
                if len(seen) == moment:
                    connection.interrupt()

            connection.set_trace_callback(interrupt)
            failure: Exception | None = None
            try:
                client.enqueue(sample_report(), idempotency_key=str(moment), connection=connection)
            except Exception as error:
                failure = error
            connection.set_trace_callback(None)
            half_read.close()
            outcomes.add(type(failure))
            if isinstance(failure, OutboxInDoubtError):
                connection.rollback()
            else:
                connection.commit()

            assert (failure is None) == (client.find(str(moment)) is not None)
    assert {type(None), OutboxInDoubtError, OutboxUnavailableError} == outcomes
