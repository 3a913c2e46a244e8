"""An enqueue inside a transaction that the caller opened with psycopg, on the caller's own connection.

The transaction holds an advisory lock for the entry. Whoever sees it held knows two things: that this transaction is on
the same database, whatever its address is there, and that the entry may still come.

The entry is written only in the very transaction and savepoint that this was done in, which PostgreSQL tells apart by
their numbers: what is written in a savepoint of somebody else's goes with that.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

import psycopg
from psycopg.postgres import register_default_adapters
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import tuple_row

from tipline_client._undivided import wholly
from tipline_client.delivery.entry import Entry, NewEntry
from tipline_client.errors import ConfigurationError, OutboxUnavailableError, TiplineError
from tipline_client.outbox import rules
from tipline_client.outbox.joining import Caller, nothing_open, over
from tipline_client.outbox.postgres import reading
from tipline_client.outbox.postgres.conversation import Conversation, Row, Value, hold, hold_async
from tipline_client.outbox.postgres.failures import failure_of, is_lost
from tipline_client.outbox.unwrapping import refused, unwrapped
from tipline_client.outbox.values import Lane

__all__ = ["PostgresJoined", "is_awaited", "joined"]

T = TypeVar("T")
C = TypeVar("C", bound="psycopg.Cursor[Row] | psycopg.AsyncCursor[Row]")

_KEY: Final = "hashtextextended(%(id)s, 6073470532629640534)"
# The caller's habit may be not to wait for the disk; what is reported has to.
_ANNOUNCE: Final = f"""
    SELECT pg_advisory_xact_lock_shared({_KEY}),
        CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END
"""
# Only what writes is given a number, and so is each savepoint around it. A standby gives none, and takes no entry.
_NUMBER: Final = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_logical_emit_message(true, 'tipline', '') END"
# Each holds a lock on its own number for as long as it is open, released savepoints no more.
_AROUND: Final = """
    SELECT string_agg(transactionid::text, ',' ORDER BY age(transactionid) DESC) FROM pg_locks
    WHERE locktype = 'transactionid' AND pid = pg_backend_pid() AND mode = 'ExclusiveLock' AND granted
"""
_AWAITED: Final = f"SELECT NOT pg_try_advisory_xact_lock({_KEY})"
_SAVEPOINT: Final = "SAVEPOINT tipline_enqueue"
_ROLL_BACK: Final = "ROLLBACK TO SAVEPOINT tipline_enqueue"
_RELEASE: Final = "RELEASE SAVEPOINT tipline_enqueue"
_ENCODING: Final = "SELECT set_config('client_encoding', %(encoding)s, true)"
_UTF8: Final = "UTF8"
_TRIES_TO_UNDO: Final = 3
_READ_ONLY: Final = "25006"
_FAILED: Final = "25P02"
_ENDED: Final = {
    "25P03": (
        "the database has ended the connection, since its transaction was idle for too long",
        "If it idled while evidence was copied, SET LOCAL idle_in_transaction_session_timeout to more.",
    ),
    "25P04": (
        "the database has ended the connection, since its transaction took too long",
        "Raise transaction_timeout for this user, or keep the transaction shorter.",
    ),
}
_GONE: Final = "Connect anew and do all of it again, the decision included."
_ONLY_ANEW: Final = {
    "40001": "the transaction has an older view of the database than the enqueue needs",
    "40P01": "the transaction and another one wait for what the other has queued",
}
"""What no second try within the transaction can mend: under REPEATABLE READ and SERIALIZABLE somebody else has
committed what this must see, and the locks of a deadlock are held until it ends."""


ExecuteAsync = Callable[[str, Mapping[str, Value]], Awaitable[list[Row]]]


class Enqueue(Protocol):
    """Begins the conversation that adds an entry."""

    def __call__(self, new: NewEntry, *, held: bool) -> Conversation[tuple[Entry, bool]]:
        """See `entering.enqueue`."""
        ...


def _announce(entry_id: str) -> Conversation[list[str]]:
    yield _ANNOUNCE, {"id": entry_id}
    return (yield from _around())


def _around() -> Conversation[list[str]]:
    """The numbers of the transaction and of the savepoints that are open, the outermost first, but for our own."""
    yield _NUMBER, {}
    [[found]] = yield _AROUND, {}
    return str(found or "").split(",")[:-1]


def _within(around: list[str], conversation: Conversation[T]) -> Conversation[T]:
    """The conversation, if what is open around it is what was when it was announced."""
    if (yield from _around()) != around:
        raise over()
    return (yield from conversation)


def _nothing() -> Conversation[None]:
    yield from ()


def is_awaited(entry_id: str) -> Conversation[bool]:
    """See `Joinable.is_awaited`."""
    [[answer]] = yield _AWAITED, {"id": entry_id}
    return bool(answer)


async def joined(caller: Caller, *, enqueue: Enqueue) -> "PostgresJoined":
    """A way into the caller's transaction; whether that is on the right database is not known yet.

    Raises:
        ConfigurationError: It is no connection of psycopg's, or is closed, or has no transaction that can be joined.
        OutboxUnavailableError: It is lost.
    """
    connection, _, how_to_begin, is_unchanged = await unwrapped(caller)
    if not isinstance(connection, psycopg.Connection | psycopg.AsyncConnection):
        raise refused(connection)
    if connection.closed and not connection.broken:
        raise ConfigurationError(
            "the connection cannot be used here: it is closed", hint="Hand in one that is open, in a transaction."
        )
    if connection.broken:
        raise OutboxUnavailableError(
            "the connection to the database was lost, and with it what its transaction had written",
            hint=_GONE,
        )
    _check_answers(connection)
    # There is no public way to ask. Were this one gone, PostgreSQL would refuse at the PREPARE, and commit nothing.
    if getattr(connection, "_tpc", None) is not None:
        raise ConfigurationError(
            "the connection's transaction is of two phases, which PostgreSQL refuses to prepare once it has told the "
            "dispatchers of an entry",
            hint="Begin it without `tpc_begin` or `twophase=True`. Else it is two commits: enqueue without "
            "`connection` once both phases are done, under an idempotency key made from the decision's own id.",
        )
    status = connection.info.transaction_status
    if status is TransactionStatus.INERROR:
        raise _failed_already()
    if connection.autocommit and status is TransactionStatus.IDLE:
        raise nothing_open(how_to_begin or "with `with connection.transaction():`")
    return PostgresJoined(caller, connection, enqueue, is_unchanged)


def _failed_already() -> ConfigurationError:
    return ConfigurationError(
        "the connection's transaction has failed already, and can only be rolled back",
        hint="Roll it back, then do all of it again.",
    )


def _check_answers(connection: Any) -> None:
    if connection.info.pipeline_status is not PipelineStatus.OFF:
        # Answers come later there, so nothing would say whether the key was taken.
        raise ConfigurationError(
            "the connection is in pipeline mode, in which no answer of the database comes at once",
            hint="Enqueue before the `with connection.pipeline():` block or after it, in the same transaction.",
        )


class PostgresJoined:
    """See `Joined`; made by `joined`."""

    def __init__(self, caller: Caller, connection: Any, enqueue: Enqueue, is_unchanged: Callable[[], bool]) -> None:
        self._caller = caller
        self._connection = connection
        self._enqueue = enqueue
        self._is_unchanged = is_unchanged
        self._is_open = connection.info.transaction_status is not TransactionStatus.IDLE
        self._around: list[str] = []

    async def announce(self, entry_id: str) -> None:
        """Say that this transaction may add an entry, until it ends.

        Raises:
            ConfigurationError: It has ended already.
            OutboxUnavailableError: The database refused.
        """
        self._around = await self.hold(lambda: _announce(entry_id))
        self._is_open = True

    async def check(self) -> None:
        """Make sure that it is the transaction still that was announced.

        Raises:
            ConfigurationError: It has ended, or a savepoint has begun or ended.
            OutboxUnavailableError: The database refused.
        """
        await self.hold(lambda: _within(self._around, _nothing()))

    async def find(self, lane: Lane, idempotency_key: str) -> Entry | None:
        """See `Joined.find`."""
        return await self.hold(lambda: _within(self._around, reading.find(lane, idempotency_key)))

    async def enqueue(self, new: NewEntry, *, held: bool = False) -> tuple[Entry, bool]:
        """See `Joined.enqueue`."""
        rules.check_text(new.id, new.profile, new.idempotency_key, new.content_digest)
        return await self.hold(lambda: _within(self._around, self._enqueue(new, held=held)))

    async def hold(self, begin: Callable[[], Conversation[T]]) -> T:
        """Hold a conversation over the caller's connection, behind a savepoint.

        Raises:
            ConfigurationError: The transaction is over.
            OutboxUnavailableError: The database refused, or the connection is lost; nothing was written.
            Exception: Whatever the conversation raised; nothing was written.
        """
        connection = self._connection
        if isinstance(connection, psycopg.AsyncConnection):
            return await _hold_async(begin, connection, check=self._check)
        return await self._caller.run(lambda: _hold(begin, connection, check=self._check))

    def _check(self) -> None:
        """Make sure that a statement would not begin another transaction, in whose end the caller has no part.

        Asked when it is our turn on the connection: an end that was asked for earlier comes first.
        """
        connection = self._connection
        has_ended = self._is_open and connection.info.transaction_status is TransactionStatus.IDLE
        if has_ended or not self._is_unchanged():
            raise over()
        _check_answers(connection)


# Statements are sent as the driver's own cursors send them, but with its lock held over all of them: what the owner
# asks for meanwhile in another task or thread, such as a rollback, would come between two, and the second one could be
# a transaction by itself.


def _as_we_are_used_to(cursor: C) -> C:
    """The cursor with psycopg's own habits, whatever rows and types the caller has taught the connection."""
    register_default_adapters(cursor)
    return cursor


def _hold(
    begin: Callable[[], Conversation[T]], connection: "psycopg.Connection[Any]", *, check: Callable[[], None]
) -> T:
    cursor: psycopg.Cursor[Row] = _as_we_are_used_to(psycopg.Cursor(connection, row_factory=tuple_row))

    def execute(sql: str, parameters: Mapping[str, Value]) -> list[Row]:
        connection.wait(cursor._execute_gen(sql.encode(), parameters))
        return cursor.fetchall() if cursor.description else []

    def undo() -> None:
        with contextlib.suppress(psycopg.Error):
            execute(_ROLL_BACK, {})
            execute(_RELEASE, {})

    failure: TiplineError
    try:
        with connection.lock, cursor:
            check()
            execute(_SAVEPOINT, {})
            # From here to the release an interrupt, too, has all of it undone: half of what is written together must
            # not be left for the caller to commit. Before and after that there may be no savepoint to go back to, and
            # to ask for it would be an error that takes the caller's own work along.
            try:
                result = hold(_in_utf8(begin(), connection), execute)
            except BaseException:
                undo()
                raise
            execute(_RELEASE, {})
        return result
    except psycopg.Error as error:
        failure = _failure(error)
    # Raised outside the handler: the driver's message quotes keys and rows.
    raise failure


async def _hold_async(
    begin: Callable[[], Conversation[T]], connection: "psycopg.AsyncConnection[Any]", *, check: Callable[[], None]
) -> T:
    cursor: psycopg.AsyncCursor[Row] = _as_we_are_used_to(psycopg.AsyncCursor(connection, row_factory=tuple_row))

    async def execute(sql: str, parameters: Mapping[str, Value]) -> list[Row]:
        await connection.wait(cursor._execute_gen(sql.encode(), parameters))
        return await cursor.fetchall() if cursor.description else []

    failure: TiplineError
    try:
        async with connection.lock, cursor:
            check()
            is_open = True
            try:
                # Without its savepoint the transaction could not be mended; what waits for a lock can be cancelled.
                await wholly(execute(_SAVEPOINT, {}))
                result = await hold_async(_in_utf8(begin(), connection), execute)
                is_open = False
                await wholly(_release(execute))
            except BaseException:
                # A cancellation may come when it is released already.
                if is_open:
                    await wholly(_undo(execute))
                raise
        return result
    except psycopg.Error as error:
        failure = _failure(error)
    raise failure


async def _release(execute: ExecuteAsync) -> None:
    try:
        await execute(_RELEASE, {})
    except BaseException:
        await _undo(execute)
        raise


async def _undo(execute: ExecuteAsync) -> None:
    for _ in range(_TRIES_TO_UNDO):
        try:
            await execute(_ROLL_BACK, {})
            await execute(_RELEASE, {})
        except psycopg.errors.QueryCanceled:
            # A cancellation that came too late for the statement that it was meant for.
            continue
        except psycopg.Error:
            return
        return


def _failure(error: psycopg.Error) -> TiplineError:
    if why := _ONLY_ANEW.get(error.sqlstate or ""):
        return OutboxUnavailableError(
            f"{why} (SQLSTATE {error.sqlstate})",
            hint="Roll all of it back and do it again: within it no second try can help.",
        )
    if error.sqlstate == _FAILED:
        # By a statement of another task or thread meanwhile.
        return _failed_already()
    if error.sqlstate == _READ_ONLY:
        return OutboxUnavailableError(
            "the connection's transaction takes no writes (SQLSTATE 25006); nothing was written",
            hint="Begin it without READ ONLY: look for `read_only` on the connection and for "
            "default_transaction_read_only. If the server is a standby, connect to the primary.",
        )
    text, hint = _ENDED.get(error.sqlstate or "", ("the connection to the database was lost", ""))
    if hint or is_lost(error):
        state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
        return OutboxUnavailableError(
            f"{text}{state}: all of its transaction is rolled back, with what you have written in it",
            hint=f"{_GONE} {hint}".rstrip(),
        )
    return failure_of(error, is_write=False)


def _in_utf8(conversation: Conversation[T], connection: Any) -> Conversation[T]:
    """The conversation on a connection that may have another encoding: keys and names have letters of their own."""
    encoding = connection.info.parameter_status("client_encoding")
    if encoding != _UTF8:
        yield _ENCODING, {"encoding": _UTF8}
    result = yield from conversation
    if encoding != _UTF8:
        yield _ENCODING, {"encoding": encoding}
    return result
