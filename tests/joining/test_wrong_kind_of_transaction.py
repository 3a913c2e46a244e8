"""Connections that cannot write, that commit each statement, or that speak another encoding: the cause is named."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from tests.joining.refusing import refused
from tests.support import postgres
from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient
from tipline_client.errors import ConfigurationError, DuplicateKeyError, OutboxUnavailableError

KEY = "Ωλ💥"


@pytest.mark.parametrize("encoding", ["latin1", "SQL_ASCII", "UTF8"])
async def test_key_that_the_encoding_lacks(on_server: AsyncTiplineClient, encoding: str) -> None:
    """It is queued, found again and committed; the connection speaks afterwards as before."""
    with psycopg.connect(postgres.required().dsn(), client_encoding=encoding) as connection:
        entry = await on_server.enqueue(sample_report(), idempotency_key=KEY, connection=connection)
        again = await on_server.enqueue(sample_report(), idempotency_key=KEY, connection=connection)
        with pytest.raises(DuplicateKeyError):
            await on_server.enqueue(sample_report("other"), idempotency_key=KEY, connection=connection)
        inside = connection.info.parameter_status("client_encoding")
        connection.commit()
        after = connection.info.parameter_status("client_encoding")

    assert entry.id == again.id
    assert [KEY] == [each.idempotency_key for each in await on_server.outbox.list_entries()]
    assert {encoding.upper()} == {inside, after}


async def test_key_that_the_encoding_lacks_on_a_loop(on_server: AsyncTiplineClient) -> None:
    """So it is where the connection is awaited."""
    dsn = postgres.required().dsn()
    async with await psycopg.AsyncConnection.connect(dsn, client_encoding="latin1") as connection:
        await on_server.enqueue(sample_report(), idempotency_key=KEY, connection=connection)

    assert [KEY] == [each.idempotency_key for each in await on_server.outbox.list_entries()]


async def test_server_transaction_that_only_reads(on_server: AsyncTiplineClient) -> None:
    """The transaction is the cause, and a standby is only what else it could be."""
    with postgres.required().connect() as connection:
        connection.read_only = True
        error = await refused(on_server, connection)
        connection.rollback()

    assert isinstance(error, OutboxUnavailableError)
    assert "the connection's transaction takes no writes" in str(error)
    assert "`read_only`" in error.hint


def opened_to_read(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{file}?mode=ro", uri=True)


def set_to_read(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA query_only = ON")
    return connection


@pytest.mark.parametrize("connect", [opened_to_read, set_to_read])
async def test_file_that_is_only_read(
    on_file: AsyncTiplineClient, file: Path, connect: Callable[[Path], sqlite3.Connection]
) -> None:
    """How the connection was opened is asked for before the rights to the file."""
    await on_file.outbox.count()
    with contextlib.closing(connect(file)) as connection:
        error = await refused(on_file, connection)

    assert "the connection cannot write" in str(error)
    assert error.hint.startswith("Open it without `mode=ro`")
    assert "query_only" in error.hint


@contextlib.contextmanager
def committing_each(url: str) -> Iterator[Any]:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def names_the_engine(error: Any) -> bool:
    is_of_a_driver = "BEGIN IMMEDIATE" in error.hint or "connection.transaction()" in error.hint
    return isinstance(error, ConfigurationError) and '"AUTOCOMMIT"' in error.hint and not is_of_a_driver


async def test_engine_that_commits_each_statement(on_file: AsyncTiplineClient, file: Path) -> None:
    """What is said of it is SQLAlchemy's, and not the driver's."""
    with committing_each(f"sqlite:///{file}") as connection:
        blocking = await refused(on_file, connection)
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}", isolation_level="AUTOCOMMIT")
    async with engine.connect() as awaited:
        asynchronous = await refused(on_file, awaited)
    await engine.dispose()

    assert names_the_engine(blocking)
    assert names_the_engine(asynchronous)


async def test_engine_of_a_server_that_commits_each_statement(on_server: AsyncTiplineClient) -> None:
    """So it is with a server."""
    place = postgres.required().folder
    with committing_each(f"postgresql+psycopg://tipline@/outbox?host={place}") as connection:
        error = await refused(on_server, connection)

    assert names_the_engine(error)
