"""Connections that can be joined in principle, and not as they are: pipelines, old views, other threads, savepoints."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import apsw
import psycopg
import pytest
import sqlalchemy as sa
import sqlalchemy.orm
from sqlalchemy.ext.asyncio import create_async_engine

from tests.joining.refusing import refused
from tests.support import postgres
from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient
from tipline_client.errors import ConfigurationError, OutboxUnavailableError


async def test_server_connection_that_answers_later(on_server: AsyncTiplineClient) -> None:
    """In a pipeline nothing would say whether the key was taken: it is refused, and joined when the block has ended."""
    with postgres.required().connect() as connection:
        with connection.pipeline():
            error = await refused(on_server, connection)
        await on_server.enqueue(sample_report(), idempotency_key="case-1", connection=connection)
        connection.commit()

    assert isinstance(error, ConfigurationError)
    assert "pipeline mode" in str(error)
    assert 1 == len(await on_server.outbox.list_entries())


async def test_transaction_that_sees_the_past(on_server: AsyncTiplineClient) -> None:
    """What it cannot see is in its way: only the whole transaction can be done again, which is said."""
    with postgres.required().connect() as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("SELECT 1")
        await on_server.enqueue(sample_report(), idempotency_key="case-1")
        with pytest.raises(OutboxUnavailableError, match="older view") as caught:
            await on_server.enqueue(sample_report(), idempotency_key="case-1", connection=connection)
        connection.rollback()
        again = await on_server.enqueue(sample_report(), idempotency_key="case-1", connection=connection)
        connection.commit()

    assert "Roll all of it back" in str(caught.value.hint)
    assert [again.id] == [entry.id for entry in await on_server.outbox.list_entries()]


async def test_connection_of_another_thread(on_file: AsyncTiplineClient, file: Path) -> None:
    """The reason is that of the library, and no disk is blamed."""
    with ThreadPoolExecutor(1) as other:
        connection = other.submit(sqlite3.connect, file).result()
        error = await refused(on_file, connection)
        other.submit(connection.close).result()

    assert isinstance(error, ConfigurationError)
    assert "thread" in str(error)


@pytest.mark.parametrize("connect", [sqlite3.connect, apsw.Connection])
async def test_connection_that_is_closed(on_file: AsyncTiplineClient, file: Path, connect: Callable[..., Any]) -> None:
    """It is told as what it is."""
    connection = connect(str(file))
    connection.close()

    error = await refused(on_file, connection)

    assert isinstance(error, ConfigurationError)
    assert "closed" in str(error)


@pytest.mark.parametrize("is_session", [False, True])
async def test_savepoint_around_which_nothing_began(on_file: AsyncTiplineClient, file: Path, is_session: bool) -> None:
    """SQLite would commit it by itself, whatever becomes of the rest: it is refused, with what the engine lacks."""
    engine = sa.create_engine(f"sqlite:///{file}")
    owner = sa.orm.Session(engine) if is_session else engine.connect()
    with owner, owner.begin(), owner.begin_nested():
        error = await refused(on_file, owner)
    engine.dispose()

    assert isinstance(error, ConfigurationError)
    assert "savepoint of SQLAlchemy" in str(error)


async def test_savepoint_of_an_asynchronous_engine_around_which_nothing_began(
    on_file: AsyncTiplineClient, file: Path
) -> None:
    """The same over aiosqlite."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{file}")
    async with engine.begin() as connection, connection.begin_nested():
        error = await refused(on_file, connection)
    await engine.dispose()

    assert "savepoint of SQLAlchemy" in str(error)


async def test_transaction_of_two_phases(on_server: AsyncTiplineClient) -> None:
    """PostgreSQL would refuse its first phase, with all that is in it: it is refused at once, whoever began it."""
    server = postgres.required()
    engine = sa.create_engine(f"postgresql+psycopg://tipline@/outbox?host={server.folder}")
    errors = []
    with server.connect() as connection:
        connection.tpc_begin("case-1")
        errors.append(await refused(on_server, connection))
        connection.tpc_rollback()
        await on_server.enqueue(sample_report(), idempotency_key="case-2", connection=connection)
        connection.rollback()
    async with await psycopg.AsyncConnection.connect(server.dsn()) as awaited:
        await awaited.tpc_begin("case-1")
        errors.append(await refused(on_server, awaited))
        await awaited.tpc_rollback()
    with sa.orm.Session(engine, twophase=True) as session:
        errors.append(await refused(on_server, session))
    engine.dispose()

    assert 3 == len([error for error in errors if isinstance(error, ConfigurationError)])
    assert 3 == len([error for error in errors if "of two phases" in str(error) and "`tpc_begin`" in error.hint])
