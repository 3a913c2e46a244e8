"""The exception of a signal's handler, before or after each statement of an enqueue on a connection of `sqlite3`."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.stage import sample_report
from tipline_client import TiplineClient
from tipline_client.mock import MockEndpoint


class _TimeLimit(Exception):  # noqa: N818 - as a handler's of a signal
    """What a handler raises."""


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, *arguments: Any) -> Any:
        assert isinstance(self.connection, Interrupted)
        self.connection.meet(sql, is_before=True)
        result = super().execute(sql, *arguments)
        self.connection.meet(sql, is_before=False)
        return result


class Interrupted(sqlite3.Connection):
    """Has a handler run once, before or after the statement of an enqueue that it waits for."""

    handler: Callable[[], None] | None = None
    awaited: tuple[int | str, bool] = ("", True)
    seen = 0

    def cursor(self, *arguments: Any, **named: Any) -> Any:
        return super().cursor(_Cursor, *arguments, **named)

    def arm(self, handler: Callable[[], None], statement: int | str, *, is_before: bool) -> None:
        """Wait for the n-th statement, or for one that begins with these words."""
        self.handler, self.awaited, self.seen = handler, (statement, is_before), 0

    def meet(self, sql: str, *, is_before: bool) -> None:
        self.seen += is_before
        statement, when = self.awaited
        is_it = sql.lstrip().startswith(statement) if isinstance(statement, str) else self.seen == statement
        if self.handler is not None and is_it and when == is_before:
            handler, self.handler = self.handler, None
            handler()


def give_up() -> None:
    raise _TimeLimit


@pytest.fixture
def client(tmp_path: Path, endpoint: MockEndpoint, file: Path) -> Iterator[TiplineClient]:
    with TiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=f"sqlite://{file}") as client:
        yield client


@pytest.fixture
def connection(client: TiplineClient, file: Path) -> Iterator[Interrupted]:
    with contextlib.closing(sqlite3.connect(file, factory=Interrupted)) as connection:
        connection.execute("CREATE TABLE decisions (key TEXT)")
        yield connection


def keys(connection: Interrupted) -> set[str]:
    """The keys of all entries, after a look that none lacks its history."""
    assert [] == connection.execute("SELECT id FROM entries WHERE id NOT IN (SELECT entry_id FROM history)").fetchall()
    return {key for [key] in connection.execute("SELECT idempotency_key FROM entries")}


@pytest.mark.parametrize("is_before", [True, False])
def test_interrupt_at_each_statement(client: TiplineClient, connection: Interrupted, *, is_before: bool) -> None:
    """It reaches the caller as it is, the decision can be committed, and the entry is there wholly or not at all."""
    number, left = 0, []
    while True:
        number += 1
        key = f"case-{number}"
        connection.execute("INSERT INTO decisions VALUES (?)", (key,))
        connection.arm(give_up, number, is_before=is_before)
        try:
            client.enqueue(sample_report(key), idempotency_key=key, connection=connection)
        except _TimeLimit:
            connection.commit()
        else:
            break
        left.append(key in keys(connection))

    stays = 1 if is_before else 2
    assert number > 10
    # It stays once it is released; then there is but a setting to be put back.
    assert ([False] * (number - 1 - stays), [True] * stays) == (left[:-stays], left[-stays:])
    assert [(number,)] == connection.execute("SELECT count(*) FROM decisions").fetchall()


@pytest.mark.parametrize("is_before", [True, False])
def test_interrupt_in_an_enqueue_of_a_handler(
    client: TiplineClient, connection: Interrupted, *, is_before: bool
) -> None:
    """A handler that queues in the midst of an enqueue, and is interrupted itself, undoes nothing of that."""
    number, is_over = 0, False

    def queue_too() -> None:
        nonlocal is_over
        connection.arm(give_up, number, is_before=is_before)
        try:
            client.enqueue(sample_report("inner"), idempotency_key=f"inner-{number}", connection=connection)
        except _TimeLimit:
            return
        is_over, connection.handler = True, None

    while not is_over:
        number += 1
        key = f"outer-{number}"
        connection.execute("INSERT INTO decisions VALUES (?)", (key,))
        # Its row is there then, and the first line of its history is not.
        connection.arm(queue_too, "SELECT id, profile", is_before=True)
        client.enqueue(sample_report("outer"), idempotency_key=key, connection=connection)
        connection.commit()
        assert key in keys(connection)

    assert number > 10
