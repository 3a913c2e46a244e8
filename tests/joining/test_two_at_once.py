"""Transactions that meet: two of one key, and connections that commit as they go."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tests.contract.values import LANE, new_entry
from tests.support import postgres
from tests.support.postgres import PostgresServer
from tests.support.stage import sample_evidence, sample_report
from tipline_client import AsyncTiplineClient
from tipline_client.errors import ConfigurationError
from tipline_client.mock import MockEndpoint
from tipline_client.outbox import SqliteOutbox
from tipline_client.outbox.joining import Caller


@pytest.fixture
def server() -> PostgresServer:
    server = postgres.required()
    server.empty_outbox()
    return server


@pytest.fixture
async def client(tmp_path: Path, endpoint: MockEndpoint, server: PostgresServer) -> AsyncIterator[AsyncTiplineClient]:
    async with AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=server.url()) as client:
        yield client


@pytest.fixture
async def on_file(tmp_path: Path, endpoint: MockEndpoint) -> AsyncIterator[AsyncTiplineClient]:
    address = f"sqlite://{tmp_path / 'app.sqlite'}"
    async with AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=address) as client:
        yield client


@pytest.mark.parametrize("commits", [True, False])
async def test_same_key_in_two_transactions(client: AsyncTiplineClient, server: PostgresServer, commits: bool) -> None:
    """The second waits for the first: it finds its entry if that is committed, and makes its own if not."""
    connect = psycopg.AsyncConnection.connect
    async with await connect(server.dsn()) as first, await connect(server.dsn()) as second:
        one = await client.enqueue(sample_report(), evidence=sample_evidence(), connection=first)
        waiting = asyncio.create_task(
            client.enqueue_once(sample_report(), evidence=sample_evidence(), connection=second)
        )
        await asyncio.to_thread(
            server.wait_until, "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')"
        )
        await (first.commit() if commits else first.rollback())
        two = await waiting
        await second.commit()

    assert (commits, not commits) == (two.entry.id == one.id, two.is_new)
    assert [two.entry.id] == [entry.id for entry in await client.outbox.list_entries()]
    assert (0 if commits else 1) == len(list((client.home.path / "evidence").iterdir())) - 1


async def test_connection_that_commits_as_it_goes(on_file: AsyncTiplineClient, tmp_path: Path) -> None:
    """SQLAlchemy's connection begins with the report, as it would with a statement; its commit counts."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'app.sqlite'}")
    async_engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'app.sqlite'}")

    with engine.connect() as connection:
        kept = await on_file.enqueue(sample_report("kept"), connection=connection)
        connection.commit()
        await on_file.enqueue(sample_report("dropped"), connection=connection)
    async with async_engine.connect() as awaited:
        also = await on_file.enqueue(sample_report("also"), connection=awaited)
        await awaited.commit()
        await on_file.enqueue(sample_report("dropped"), connection=awaited)

    await async_engine.dispose()
    engine.dispose()
    assert [kept.id, also.id] == [entry.id for entry in await on_file.outbox.list_entries()]


@pytest.mark.parametrize("place", ["file", "server"])
async def test_engine_that_commits_each_statement(
    on_file: AsyncTiplineClient, client: AsyncTiplineClient, tmp_path: Path, server: PostgresServer, place: str
) -> None:
    """There is nothing to join, whatever SQLAlchemy calls a transaction."""
    on_server = sa.URL.create(
        "postgresql+psycopg", username="tipline", database="outbox", query={"host": str(server.folder)}
    )
    url = on_server if place == "server" else f"sqlite:///{tmp_path / 'app.sqlite'}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")

    with engine.connect() as connection, pytest.raises(ConfigurationError, match="no transaction to join"):
        await (client if place == "server" else on_file).enqueue(sample_report(), connection=connection)

    engine.dispose()


async def test_cancelled_while_it_waits(client: AsyncTiplineClient, server: PostgresServer) -> None:
    """Who is cancelled while another transaction has the key hears of it once that has ended; nothing is half done."""
    connect = psycopg.AsyncConnection.connect
    async with await connect(server.dsn()) as first, await connect(server.dsn()) as second:
        await client.enqueue(sample_report(), connection=first)
        waiting = asyncio.create_task(client.enqueue(sample_report(), connection=second))
        await asyncio.to_thread(
            server.wait_until, "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')"
        )
        waiting.cancel()
        await first.rollback()
        await asyncio.wait([waiting])
        await second.execute("SELECT 1")
        await second.rollback()

    assert [] == await client.outbox.list_entries()


async def test_file_written_to_while_evidence_is_copied(tmp_path: Path) -> None:
    """A transaction that has only begun can still write after somebody else has, also with a write-ahead log."""
    outbox = SqliteOutbox.open(tmp_path / "app.sqlite", driver="apsw")
    connection = apsw.Connection(str(tmp_path / "app.sqlite"))
    connection.execute("BEGIN")
    new = new_entry("mine")

    joined = await outbox.join(Caller(connection), entry_id=new.id)
    await joined.find(LANE, new.idempotency_key)
    await outbox.enqueue(new_entry("of another"))
    await joined.enqueue(new)
    connection.execute("COMMIT")
    connection.close()

    facts = await outbox.facts()
    found = [entry.id for entry in await outbox.list_entries()]
    await outbox.close()
    assert ("wal", ["id-of another", "id-mine"]) == (facts["journal_mode"], found)


async def test_file_that_nobody_else_can_read(on_file: AsyncTiplineClient, tmp_path: Path) -> None:
    """A transaction that wrote more than its cache holds keeps readers out too; a report can still join it."""
    with contextlib.closing(sqlite3.connect(tmp_path / "app.sqlite")) as connection:
        connection.execute("PRAGMA cache_size = 2")
        connection.execute("CREATE TABLE mugs (mug BLOB)")
        for _ in range(50):
            connection.execute("INSERT INTO mugs VALUES (zeroblob(20000))")
        entry = await on_file.enqueue(sample_report(), idempotency_key="case-1", connection=connection)
        connection.commit()

    assert [entry.id] == [each.id for each in await on_file.outbox.list_entries()]
