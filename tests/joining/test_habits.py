"""What an application has taught its connection, or is in the middle of, when it hands it in."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.adapt import Loader
from psycopg.types.string import StrDumper

from tests.support import postgres
from tests.support.stage import sample_evidence, sample_report
from tipline_client import AsyncTiplineClient, Evidence, TiplineClient
from tipline_client.errors import ConfigurationError, OutboxUnavailableError


class Shouting(Loader):
    """Reads whatever comes as something else than the outbox has written."""

    def load(self, data: Any) -> object:
        return bytes(data).decode().upper()


class Exact(Loader):
    """Reads numbers as decimal ones, as a bookkeeper would."""

    def load(self, data: Any) -> object:
        return Decimal(bytes(data).decode())


class Lower(StrDumper):
    """Writes all texts in small letters."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.lower())


def _teach(connection: Any) -> None:
    for kind in ("text", "bool", "bytea"):
        connection.adapters.register_loader(kind, Shouting)
    connection.adapters.register_loader(connection.adapters.types["text"].array_oid, Shouting)
    for kind in ("int4", "int8"):
        connection.adapters.register_loader(kind, Exact)
    connection.adapters.register_dumper(str, Lower)


@pytest.mark.parametrize("is_asynchronous", [False, True])
async def test_types_of_the_application(on_server: AsyncTiplineClient, is_asynchronous: bool) -> None:
    """They are its own: the entry is written and read as any other, and its statements keep theirs."""
    dsn = postgres.required().dsn()
    if is_asynchronous:
        async with await psycopg.AsyncConnection.connect(dsn) as connection:
            _teach(connection)
            first = await on_server.enqueue(sample_report(), idempotency_key="Case-1", connection=connection)
            second = await on_server.enqueue(sample_report(), idempotency_key="Case-1", connection=connection)
            read = await (await connection.execute("SELECT %s, 1", ("Mug",))).fetchone()
    else:
        with psycopg.connect(dsn) as blocking:
            _teach(blocking)
            first = await on_server.enqueue(sample_report(), idempotency_key="Case-1", connection=blocking)
            second = await on_server.enqueue(sample_report(), idempotency_key="Case-1", connection=blocking)
            read = blocking.execute("SELECT %s, 1", ("Mug",)).fetchone()

    found = await on_server.find("Case-1")
    assert ("Case-1", first.id, first.id) == (first.idempotency_key, second.id, found and found.id)
    assert ("MUG", Decimal(1)) == read


class _Interrupted(Exception):  # noqa: N818 - as a handler's of a signal
    """What a handler raises."""


class Interrupted(psycopg.Connection[Any]):
    """Has a handler's exception come before or after the n-th statement of an enqueue."""

    comes_at: tuple[int, bool] | None = None
    waited = 0

    def wait(self, *arguments: Any, **named: Any) -> Any:
        if self.comes_at is None:
            return super().wait(*arguments, **named)
        self.waited += 1
        number, is_before = self.comes_at
        if self.waited == number and is_before:
            self.comes_at = None
            raise _Interrupted
        result = super().wait(*arguments, **named)
        if self.waited == number:
            self.comes_at = None
            raise _Interrupted
        return result


@pytest.mark.parametrize("is_before", [True, False])
async def test_interrupt_between_two_statements(on_server: AsyncTiplineClient, is_before: bool) -> None:
    """Whenever it comes, the decision can be committed, and the entry is there as a whole or not at all."""
    server, number, left = postgres.required(), 0, []
    server.execute("DROP TABLE IF EXISTS decisions")
    server.execute("CREATE TABLE decisions (case_number text)")
    while True:
        number += 1
        key = f"case-{number}"
        with Interrupted.connect(server.dsn()) as connection:
            connection.execute("INSERT INTO decisions VALUES (%s)", (key,))
            connection.comes_at = (number, is_before)
            with contextlib.suppress(_Interrupted):
                await on_server.enqueue(
                    sample_report(key), evidence=sample_evidence(), idempotency_key=key, connection=connection
                )
            is_over, connection.comes_at = connection.comes_at is not None, None
        if is_over:
            break
        left.append(await on_server.find(key) is not None)
        assert [(key,)] == server.execute(f"SELECT * FROM decisions WHERE case_number = '{key}'")  # noqa: S608 - of the test

    assert number > 10
    # Only once all of it is written, and its savepoint about to be released or just released, does it stay.
    assert left == [False] * (number - 2) + [True] or left == [False] * (number - 1)
    assert [] == server.execute(
        "SELECT id FROM tipline.entries WHERE number NOT IN (SELECT entry FROM tipline.history WHERE entry IS NOT NULL)"
    )


async def test_two_that_wait_for_each_other(on_server: AsyncTiplineClient) -> None:
    """The one that the database picks is told to roll back, and can be done again then."""
    connect = psycopg.AsyncConnection.connect
    dsn = postgres.required().dsn()
    async with await connect(dsn) as one, await connect(dsn) as two:
        await on_server.enqueue(sample_report("one"), idempotency_key="case-1", connection=one)
        await on_server.enqueue(sample_report("two"), idempotency_key="case-2", connection=two)

        async def other(connection: Any, name: str, key: str) -> OutboxUnavailableError | None:
            try:
                await on_server.enqueue(sample_report(name), idempotency_key=key, connection=connection)
            except OutboxUnavailableError as error:
                await connection.rollback()
                return error
            await connection.commit()
            return None

        errors = await asyncio.gather(other(one, "two", "case-2"), other(two, "one", "case-1"))

    [error] = [error for error in errors if error is not None]
    assert "40P01" in str(error)
    assert "Roll all of it back" in str(error.hint)
    assert 2 == len(await on_server.outbox.list_entries())


async def test_statement_of_another_task_that_fails_meanwhile(on_server: AsyncTiplineClient) -> None:
    """The transaction is lost by it, and the error says what to do, as for one that had failed before."""
    async with await psycopg.AsyncConnection.connect(postgres.required().dsn()) as connection:

        async def slowly() -> AsyncIterator[bytes]:
            with contextlib.suppress(psycopg.Error):
                await connection.execute("SELECT 1 / 0")
            yield b"a mug"

        evidence = [Evidence.from_stream(slowly(), name="mug.jpg")]
        with pytest.raises(ConfigurationError, match="failed already"):
            await on_server.enqueue(sample_report(), evidence=evidence, connection=connection)
        await connection.rollback()

    assert [] == await on_server.outbox.list_entries()


def test_rows_that_are_still_read(tmp_path: Path, endpoint: Any) -> None:
    """SQLite keeps the file locked meanwhile, and the error says what to fetch."""
    file = tmp_path / "app.sqlite"
    with (
        TiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=f"sqlite://{file}") as client,
        contextlib.closing(sqlite3.connect(file)) as connection,
    ):
        connection.execute("CREATE TABLE decisions (case_number)")
        connection.executemany("INSERT INTO decisions VALUES (?)", [("case-1",), ("case-2",)])
        connection.commit()
        changed = connection.execute("UPDATE decisions SET case_number = case_number RETURNING case_number")
        changed.fetchone()
        with pytest.raises(OutboxUnavailableError) as caught:
            client.enqueue(sample_report(), idempotency_key="case-1", connection=connection)
        changed.fetchall()
        client.enqueue(sample_report(), idempotency_key="case-1", connection=connection)
        connection.commit()

        assert "RETURNING" in str(caught.value.hint)
        assert client.find("case-1") is not None
