"""The pool and the listener on their thread, and how one conversation is held over one connection.

It knows what a lost connection leaves unknown, and nothing of what is said.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool

from tipline_client.errors import OutboxUnavailableError, TiplineError
from tipline_client.outbox.addresses import Address
from tipline_client.outbox.postgres import statements
from tipline_client.outbox.postgres.connecting import (
    Connection,
    address_of,
    complete_dsn,
    connect,
    cut_after,
    make_pool,
)
from tipline_client.outbox.postgres.conversation import Conversation, Row, Value, hold_async
from tipline_client.outbox.postgres.facts import look
from tipline_client.outbox.postgres.failures import failure_of
from tipline_client.outbox.postgres.news import Bell, Listener
from tipline_client.outbox.postgres.thread import LoopThread

__all__ = ["Connections", "Kind"]

T = TypeVar("T")


class Kind(Enum):
    """What a conversation needs: whether it writes, and whether its statements belong together."""

    READ = "read"
    READ_TOGETHER = "read together"
    WRITE = "write"
    WRITE_TOGETHER = "write together"


_BEGINNINGS = {
    Kind.READ_TOGETHER: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    Kind.WRITE_TOGETHER: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
}


class Connections:
    """Holds conversations; made by `Connections.open`, and closed once.

    Attributes:
        facts: What is known of the database since it was opened.
        address: Where it is, with no password.
    """

    def __init__(
        self,
        thread: LoopThread,
        pool: "AsyncConnectionPool[Connection]",
        facts: Mapping[str, str],
        address: Address,
        connect: Callable[[], Awaitable[Connection]],
        answer_within: timedelta,
    ) -> None:
        self.facts = facts
        self.address = address
        self._thread = thread
        self._pool = pool
        self._listener = Listener(connect)
        self._bell = Bell(self._announce)
        self._answer_within = answer_within

    @classmethod
    def open(cls, dsn: str, *, most: int, wait_for_connection: timedelta, answer_within: timedelta) -> "Connections":
        """Look at the database, then open the pool; see `PostgresOutbox.open`."""
        complete = complete_dsn(dsn)
        facts = look(complete) | {"pool": str(most)}
        pool = make_pool(complete, most=most, wait_for_connection=wait_for_connection, answer_within=answer_within)
        thread = LoopThread()
        thread.call(pool.open)
        connecting = partial(connect, complete, answer_within=answer_within)
        return cls(thread, pool, facts, address_of(dsn), connecting, answer_within)

    async def hold(self, kind: Kind, begin: Callable[[], Conversation[T]], *, wakes: bool = False) -> T:
        """Hold a conversation over one connection.

        Args:
            kind: What it needs.
            begin: Begins it, once a connection is there.
            wakes: Whether its end is news for whoever waits for work.

        Raises:
            OutboxInDoubtError: The connection was lost when the write may have taken place already.
            OutboxUnavailableError: Nothing was written.
            Exception: Whatever the conversation raised; nothing was written.
        """
        return await self._thread.run(partial(self._hold, kind, begin, wakes=wakes))

    async def wait_for_news(self, seen: int) -> int | None:
        """See `Listener.wait`."""
        try:
            return await self._thread.run(partial(self._listener.wait, seen), ends_with_caller=True)
        except OutboxUnavailableError:
            if not self._thread.is_closed:
                raise
        return None

    def close(self) -> None:
        """Finish what has begun and let go of every connection; safe to call twice. Blocks meanwhile."""
        self._thread.close(before=self._listener.close, after=self._close)

    async def _close(self) -> None:
        await self._listener.closed()
        await self._bell.closed()
        await self._pool.close()

    async def _hold(self, kind: Kind, begin: Callable[[], Conversation[T]], *, wakes: bool) -> T:
        # Alone, a statement is its own commit; together, only the COMMIT leaves open whether it took place.
        may_be_written = kind is Kind.WRITE
        failure: TiplineError
        try:
            async with self._pool.connection() as connection, cut_after(connection, self._answer_within):
                if beginning := _BEGINNINGS.get(kind):
                    await connection.execute(beginning)
                result = await hold_async(begin(), partial(_execute, connection))
                if beginning:
                    may_be_written = kind is Kind.WRITE_TOGETHER
                    await connection.execute("COMMIT")
        except psycopg.Error as error:
            failure = failure_of(error, is_write=may_be_written)
        else:
            if wakes:
                self._bell.ring()
            return result
        # Raised outside the handler: the driver's message quotes keys and rows.
        raise failure

    async def _announce(self) -> None:
        async with self._pool.connection() as connection, cut_after(connection, self._answer_within):
            await connection.execute(statements.ANNOUNCE)


async def _execute(connection: Connection, sql: str, parameters: Mapping[str, Value]) -> list[Row]:
    cursor: psycopg.AsyncCursor[Any] = await connection.execute(sql.encode(), parameters, binary=True)
    return await cursor.fetchall() if cursor.description else []
