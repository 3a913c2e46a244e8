"""What cannot be joined is refused before anything is written, with what holds then, or the way out."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import psycopg
import pytest
import sqlalchemy as sa
import sqlalchemy.orm
from sqlalchemy.ext.asyncio import create_async_engine

from tests.joining.applications import application
from tests.joining.conftest import OpenClient
from tests.joining.refusing import refused
from tests.support import postgres
from tests.support.stage import sample_evidence, sample_report
from tipline_client import AsyncTiplineClient, TiplineClient, TiplineError
from tipline_client.errors import ConfigurationError, OutboxUnavailableError
from tipline_client.mock import MockEndpoint
from tipline_client.outbox import MemoryOutbox, SqliteOutbox
from tipline_client.outbox.sqlite.driver import DriverName


async def test_another_file(on_file: AsyncTiplineClient, tmp_path: Path) -> None:
    """It is said that there would be two commits, and what to do then."""
    with contextlib.closing(sqlite3.connect(tmp_path / "other.sqlite")) as connection:
        error = await refused(on_file, connection)

    assert isinstance(error, ConfigurationError)
    assert "another database" in str(error)
    assert "idempotency key" in str(error.hint)


async def test_database_in_memory(on_file: AsyncTiplineClient) -> None:
    """Nobody else could ever see an outbox there."""
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        error = await refused(on_file, connection)

    assert "another database" in str(error)


async def test_file_only_attached(on_file: AsyncTiplineClient, file: Path, tmp_path: Path) -> None:
    """Two files do not commit together for certain, so it is refused by its own name."""
    with contextlib.closing(sqlite3.connect(tmp_path / "other.sqlite")) as connection:
        connection.execute("ATTACH ? AS outbox", (str(file),))
        error = await refused(on_file, connection)

    assert "only attached" in str(error)


async def test_file_that_commits_each_statement(on_file: AsyncTiplineClient, file: Path) -> None:
    """Without a transaction there is nothing to join; with one of the caller's own words there is."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        error = await refused(on_file, connection)
        connection.execute("BEGIN IMMEDIATE")
        await on_file.enqueue(sample_report(), connection=connection)
        connection.execute("COMMIT")

    assert "no transaction to join" in str(error)
    assert 1 == len(await on_file.outbox.list_entries())


@pytest.mark.parametrize("pragma", ["synchronous = NORMAL", "synchronous = OFF", "journal_mode = MEMORY"])
async def test_commit_that_is_not_durable(on_file: AsyncTiplineClient, file: Path, pragma: str) -> None:
    """A report must not be lost with the power, nor the file with it."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA {pragma}")
        error = await refused(on_file, connection)

        # Nothing was begun that would be in the way of the hint.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_mode = DELETE")
        await on_file.enqueue(sample_report(), connection=connection)
        connection.commit()

    assert pragma.partition(" ")[0].replace("_", " ") in str(error)
    assert 1 == len(await on_file.outbox.list_entries())


async def test_refusal_amid_a_transaction(on_file: AsyncTiplineClient, file: Path) -> None:
    """What the caller has written in it stays, whoever has begun it."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("CREATE TABLE mugs (number)")
        connection.execute("INSERT INTO mugs VALUES (1)")
        await refused(on_file, connection)
        connection.commit()

        assert [(1,)] == connection.execute("SELECT * FROM mugs").fetchall()


@pytest.mark.parametrize(
    ("driver", "connect", "way_out"),
    [("sqlite3", apsw.Connection, "Use a connection of sqlite3"), ("apsw", sqlite3.connect, "sqlite://")],
)
async def test_two_libraries_in_one_process(
    open_client: OpenClient, file: Path, driver: DriverName, connect: Callable[[str], Any], way_out: str
) -> None:
    """A file that the outbox has open with the one is not joined through the other."""
    client = open_client(SqliteOutbox.open(file, driver=driver))
    connection = connect(str(file))
    connection.execute("BEGIN IMMEDIATE")

    error = await refused_while_locked(client, connection)

    connection.close()
    assert "do not see each other's locks" in str(error)
    assert way_out in str(error.hint)


async def refused_while_locked(client: AsyncTiplineClient, connection: object) -> TiplineError:
    with pytest.raises(TiplineError) as caught:
        await client.enqueue(sample_report(), connection=connection)
    return caught.value


async def test_settings_of_the_connection(on_file: AsyncTiplineClient, file: Path) -> None:
    """They are afterwards what they were."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.row_factory, connection.text_factory = sqlite3.Row, bytes
        connection.execute("ATTACH ? AS other", [str(file.with_name("other.sqlite"))])
        for own, others in [("OFF", "ON"), ("ON", "OFF"), ("FAST", "ON")]:
            connection.execute(f"PRAGMA main.secure_delete = {own}")
            connection.execute(f"PRAGMA other.secure_delete = {others}")
            before = secure_delete(connection)

            await on_file.enqueue(sample_report(), connection=connection)

            assert before == secure_delete(connection)
            assert (sqlite3.Row, bytes) == (connection.row_factory, connection.text_factory)
            connection.rollback()


def secure_delete(connection: sqlite3.Connection) -> list[int]:
    return [connection.execute(f"PRAGMA {name}.secure_delete").fetchone()[0] for name in ("main", "other")]


async def test_outbox_locked_by_another(on_file: AsyncTiplineClient, file: Path) -> None:
    """It is told as such, and the transaction can go on without it."""
    with (
        contextlib.closing(sqlite3.connect(file, isolation_level=None)) as holder,
        contextlib.closing(sqlite3.connect(file, timeout=0)) as connection,
    ):
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutboxUnavailableError, match="locked"):
            await on_file.enqueue(sample_report(), connection=connection)
        holder.execute("ROLLBACK")
        connection.execute("CREATE TABLE mugs (number)")
        connection.commit()

    assert [] == await on_file.outbox.list_entries()


async def test_other_database_of_the_same_server(on_server: AsyncTiplineClient) -> None:
    """Same host, same user, same schema: only the outbox's own database will do."""
    server = postgres.required()
    with server.connect(server.make_database()) as connection:
        error = await refused(on_server, connection)

    assert "another database" in str(error)
    assert "idempotency key" in str(error.hint)


async def test_server_connection_that_commits_each_statement(on_server: AsyncTiplineClient) -> None:
    """There is nothing to join."""
    with postgres.required().connect(autocommit=True) as connection:
        error = await refused(on_server, connection)

    assert "no transaction to join" in str(error)


async def test_transaction_that_has_failed(on_server: AsyncTiplineClient) -> None:
    """It can only be rolled back, which is said."""
    with postgres.required().connect() as connection:
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT 1 / 0")
        error = await refused(on_server, connection)
        connection.rollback()

    assert "failed already" in str(error)


async def test_commit_that_would_not_wait_for_the_disk(on_server: AsyncTiplineClient) -> None:
    """The transaction waits, whatever the habit of the connection, which keeps it otherwise."""
    with postgres.required().connect() as connection:
        connection.execute("SET synchronous_commit = off")
        connection.commit()
        await on_server.enqueue(sample_report(), connection=connection)
        [within] = connection.execute("SHOW synchronous_commit").fetchone() or [None]
        connection.rollback()
        [after] = connection.execute("SHOW synchronous_commit").fetchone() or [None]

    assert ("on", "off") == (within, after)


async def test_read_only_transaction(on_server: AsyncTiplineClient) -> None:
    """The database's refusal is translated, and the transaction is usable after it."""
    with postgres.required().connect() as connection:
        connection.read_only = True
        error = await refused(on_server, connection)
        usable = connection.execute("SELECT 1").fetchone()

    assert isinstance(error, OutboxUnavailableError)
    assert (1,) == usable


async def test_connection_of_the_other_kind(on_server: AsyncTiplineClient, file: Path) -> None:
    """An outbox on a server is not joined through a file."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        error = await refused(on_server, connection)

    assert "sqlite3.Connection" in str(error)


async def test_engine_in_place_of_a_connection(on_file: AsyncTiplineClient, file: Path) -> None:
    """The way out is named for it."""
    engine = sa.create_engine(f"sqlite:///{file}")

    errors = [await refused(on_file, each) for each in (engine, create_async_engine(f"sqlite+aiosqlite:///{file}"))]

    assert ["engine.begin()" in str(error.hint) for error in errors] == [True, True]


async def test_something_else(on_file: AsyncTiplineClient) -> None:
    """What can be handed in is named."""
    error = await refused(on_file, object())

    assert "psycopg" in str(error.hint)


@pytest.mark.parametrize("module", ["asyncpg", "psycopg2"])
async def test_driver_that_is_not_spoken(on_server: AsyncTiplineClient, module: str) -> None:
    """It is refused by its name, with the one to use."""
    kind = type("Connection", (), {"__module__": f"{module}.connection"})

    error = await refused(on_server, kind())

    assert module in str(error)
    assert "postgresql+psycopg://" in str(error.hint)


async def test_outbox_in_memory(open_client: OpenClient, file: Path) -> None:
    """It has no database that anybody could be in."""
    client = open_client(MemoryOutbox())
    with contextlib.closing(sqlite3.connect(file)) as connection:
        error = await refused_while_locked(client, connection)

    assert "memory" in str(error)


def test_asynchronous_connection_at_the_other_door(tmp_path: Path, endpoint: MockEndpoint) -> None:
    """It belongs to an event loop that this door does not run."""

    async def begin() -> Any:
        app = await application("psycopg-async", str(server.folder))
        async with app.transaction() as connection:
            with pytest.raises(ConfigurationError, match="asynchronous") as caught:
                await asyncio.to_thread(client.enqueue, sample_report(), connection=connection)
        await app.close()
        return caught.value

    server = postgres.required()
    server.empty_outbox()
    with TiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=server.url()) as client:
        error = asyncio.run(begin())

    assert "AsyncTiplineClient" in error.hint


async def test_django_without_a_transaction(on_file: AsyncTiplineClient, file: Path) -> None:
    """Django commits each statement then; the way out is its own."""
    from django.db import connection, transaction

    app = await application("django-sqlite", str(file))
    outside = await refused(on_file, connection)
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        with contextlib.suppress(ZeroDivisionError), transaction.atomic(savepoint=False):
            raise ZeroDivisionError
        broken = await refused(on_file, connection)
        raise ZeroDivisionError
    await app.close()

    assert "transaction.atomic()" in str(outside.hint)
    assert "can only be rolled back" in str(broken)


def test_interrupted_in_the_midst(tmp_path: Path, endpoint: MockEndpoint, file: Path) -> None:
    """The interrupt reaches the caller, half an entry is not left behind, and the transaction can go on."""

    class Interrupted(sqlite3.Connection):
        is_over = False

        def cursor(self, *arguments: Any, **named: Any) -> Any:
            cursor = super().cursor(*arguments, **named)
            if self.total_changes and not self.is_over:
                self.is_over = True
                raise KeyboardInterrupt
            return cursor

    with (
        TiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=f"sqlite://{file}") as client,
        contextlib.closing(sqlite3.connect(file, factory=Interrupted)) as connection,
    ):
        with pytest.raises(KeyboardInterrupt):
            client.enqueue(sample_report(), evidence=sample_evidence(), connection=connection)
        connection.commit()
        left = client.call(client.asynchronous.outbox.list_entries)
        entry = client.enqueue(sample_report(), evidence=sample_evidence(), connection=connection)
        connection.commit()

        receipt = client.deliver(entry.id)

    assert ([], 2) == (left, len(receipt.files))
