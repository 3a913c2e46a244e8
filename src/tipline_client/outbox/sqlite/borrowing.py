"""A connection of the caller's, used for a few statements and left as it was, with its settings and rows.

Through the standard library, `aiosqlite` around that, or `apsw`. Nothing here knows the tables or commits anything.
"""

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol, TypeVar

import apsw

from tipline_client._undivided import wholly
from tipline_client.errors import ConfigurationError, OutboxInDoubtError, OutboxUnavailableError, TiplineError
from tipline_client.outbox.columns import Row, Value
from tipline_client.outbox.joining import Caller, RunHere, nothing_open, over
from tipline_client.outbox.sqlite.driver import DriverName, Execute, text_of
from tipline_client.outbox.sqlite.failures import failure_of
from tipline_client.outbox.turns import turn_of_thread
from tipline_client.outbox.unwrapping import is_a, refused, unwrapped

__all__ = ["Borrowed", "borrowed"]

T = TypeVar("T")

_numbers = itertools.count(1)
"""Of savepoints. By a handler of a signal one enqueue can lie within another. Were all of one name, the inner one, with
its own released already, would undo what the outer one wrote; and the outer one would stop at what the inner one left.
"""

_LEGACY: Final = -1
"""`sqlite3.LEGACY_TRANSACTION_CONTROL`, which is Python 3.12's name for the only way that there was before."""
_BEGIN: Final = "with `BEGIN IMMEDIATE`"
_SECURE: Final = ("OFF", "ON", "FAST")
"""What `PRAGMA secure_delete` answers in numbers, and takes in words alone."""
_MISUSED: Final = (sqlite3.ProgrammingError, apsw.ConnectionClosedError, apsw.ThreadingViolationError)
"""A connection that is closed, or that belongs to another thread."""


class Borrowed(Protocol):
    """A connection with a transaction open.

    Attributes:
        driver: Which SQLite it runs on.
    """

    driver: DriverName

    async def run(self, work: Callable[[Execute], T]) -> T:
        """Run `work` behind a savepoint, which is undone if it raises.

        Raises:
            OutboxUnavailableError: The storage failed, or is locked.
            Exception: Whatever `work` raised.
        """
        ...

    async def take_back(self) -> None:
        """End the transaction again if it was begun for this alone, and nothing was written in it."""
        ...


async def borrowed(caller: Caller) -> Borrowed:
    """The caller's connection, in a transaction.

    Raises:
        ConfigurationError: It is no connection to SQLite, has no transaction, is closed, or is another thread's.
    """
    connection, is_nested, how_of_owner, is_unchanged = await unwrapped(caller)
    how = how_of_owner or _BEGIN
    run: RunHere = caller.run
    try:
        if is_a(connection, "aiosqlite", "Connection"):
            connection, run = _within(connection)
        if not isinstance(connection, sqlite3.Connection | apsw.Connection):
            raise refused(connection)
        found = _Borrowed(run, connection, is_unchanged)
        # An end that was asked for earlier comes first; SQLAlchemy knows of it only afterwards.
        await run(found.check_open)
        if is_nested() and _begins_late(connection):
            raise ConfigurationError(
                "the transaction is a savepoint of SQLAlchemy, and sqlite3 may have begun none around it: what is in "
                "the savepoint could be committed though the rest is rolled back",
                hint="Have the engine begin each transaction itself: see the page on transactions, SQLAlchemy.",
            )
        await run(lambda: found.begin(how))
    except _MISUSED as error:
        failure = _failure(error)
    else:
        return found
    raise failure


def _within(connection: Any) -> tuple[Any, RunHere]:
    """The connection in one of `aiosqlite`, and what runs work in the thread that it belongs to.

    All of the work in one go, as nothing public there does: what its owner asks for meanwhile, such as a rollback,
    would come between two statements, and the second one would be a transaction by itself.
    """
    try:
        own, execute = connection._conn, connection._execute
    except ValueError:
        raise sqlite3.ProgrammingError("it is closed, or nobody has awaited it yet") from None

    async def run(work: Callable[[], T], /) -> T:
        has_begun = False

        def begin() -> T:
            nonlocal has_begun
            has_begun = True
            return work()

        try:
            # Not to be cancelled half-way either: the thread would write on while the caller goes on.
            return await wholly(execute(begin))
        except ValueError:
            if has_begun:
                raise
        # It was closed meanwhile.
        raise over()

    return own, run


def _beginning(connection: Any, how: str) -> str | None:
    """What begins the transaction that the library would begin before the first change; `None` if one is open.

    Raises:
        ConfigurationError: The library begins none.
    """
    if connection.in_transaction:
        return None
    if not _begins_late(connection):
        raise nothing_open(how)
    # A savepoint outside of a transaction would be one by itself, and commit when it is released.
    return f"BEGIN {connection.isolation_level}"


def _changes(connection: Any) -> int:
    """How many rows were changed on a connection so far; of `sqlite3`, the only library that begins late."""
    return int(connection.total_changes)


def _begins_late(connection: Any) -> bool:
    """Whether the library begins a transaction by itself, with the first change and not before."""
    isolation = getattr(connection, "isolation_level", None)
    return isolation is not None and getattr(connection, "autocommit", _LEGACY) == _LEGACY


class _Borrowed:
    """A connection of `sqlite3` or `apsw`, and what runs work where it may be used."""

    def __init__(
        self, run: RunHere, connection: sqlite3.Connection | apsw.Connection, is_unchanged: Callable[[], bool]
    ) -> None:
        self.driver: DriverName = "sqlite3" if isinstance(connection, sqlite3.Connection) else "apsw"
        self._run_here = run
        self._connection = connection
        self._is_unchanged = is_unchanged
        # Not where `begin` runs: an end that was asked for before it comes first there.
        self._was_open = connection.in_transaction
        self._begun_at: int | None = None

    def check_open(self) -> None:
        """Make sure that the transaction has not ended by the time that it is our turn on the connection.

        Raises:
            ConfigurationError: It has.
        """
        if not self._is_unchanged() or (self._was_open and not self._connection.in_transaction):
            raise over()

    def begin(self, how: str) -> None:
        """Begin what its library would begin with the first change, where nothing is open.

        Raises:
            ConfigurationError: The library begins none, or its owner has asked for an end meanwhile.
        """
        with turn_of_thread(self._connection):
            # What is begun after an end nobody would end, and it would keep all others from writing.
            self.check_open()
            if statement := _beginning(self._connection, how):
                self._execute(statement)
                self._begun_at = _changes(self._connection)
            self._was_open = True

    async def take_back(self) -> None:
        """Undo `begin` where nothing was written since: its owner counts on no transaction after a refusal."""
        if self._begun_at is not None:
            with contextlib.suppress(TiplineError, *_MISUSED):
                await self._run_here(self._take_back)

    def _take_back(self) -> None:
        with turn_of_thread(self._connection):
            if self._connection.in_transaction and _changes(self._connection) == self._begun_at:
                self._execute("ROLLBACK")

    async def run(self, work: Callable[[Execute], T]) -> T:
        """See `Borrowed.run`."""
        return await self._run_here(lambda: self._run(work))

    def _run(self, work: Callable[[Execute], T]) -> T:
        try:
            with turn_of_thread(self._connection), _reading_text(self._connection):
                # A savepoint outside of it would be a transaction by itself, and commit what the caller has undone.
                self.check_open()
                return self._apart(work)
        except _MISUSED as error:
            failure = _failure(error)
        raise failure

    def _apart(self, work: Callable[[Execute], T]) -> T:
        """Do the work behind a savepoint, with what it replaces overwritten, as all our connections do."""
        savepoint = f"tipline_enqueue_{next(_numbers)}"
        is_whole = False
        [[kept]] = self._execute("PRAGMA main.secure_delete")
        # Of that file alone: without its name all that are attached would get what this one had.
        self._execute("PRAGMA main.secure_delete = ON")
        try:
            self._execute(f"SAVEPOINT {savepoint}")
            try:
                result = work(self._execute)
                is_whole = True
                self._execute(f"RELEASE {savepoint}")
            except BaseException as error:
                # An interrupt, too: half of what is written together must not be left for the caller to commit.
                self._undo(error, savepoint, is_whole=is_whole)
                raise
        finally:
            with contextlib.suppress(TiplineError):
                self._execute(f"PRAGMA main.secure_delete = {_SECURE[int(kept)]}")
        return result

    def _undo(self, error: BaseException, savepoint: str, *, is_whole: bool) -> None:
        """Roll back to the savepoint, if it is there still.

        Args:
            error: Why.
            savepoint: Its name.
            is_whole: Whether all that belongs together was written by then, so that it does no harm where it stays.

        Raises:
            OutboxUnavailableError: A full disk can end the whole transaction, and with it what the caller has written.
            OutboxInDoubtError: SQLite did not. It refuses whatever it is asked once it was interrupted, for as long as
                a statement is left in the middle.
        """
        if not self._connection.in_transaction:
            raise OutboxUnavailableError(
                f"SQLite has rolled back all of the transaction: {error}", hint="Do all of it again."
            ) from None
        try:
            self._execute(f"ROLLBACK TO {savepoint}")
            self._execute(f"RELEASE {savepoint}")
        except TiplineError:
            if is_whole and not isinstance(error, TiplineError):
                # It came from a handler of a signal, after SQLite had done the release; nothing has failed.
                return
            failure = OutboxInDoubtError(
                "SQLite has failed in the midst of the enqueue, and has not undone what that wrote",
                hint="Roll back all of the transaction, and do all of it again: committed, half an entry would be "
                "taken for one that somebody has put there.",
            )
            if isinstance(error, Exception):
                raise failure from None
            error.add_note(f"{failure}. {failure.hint}")

    def _execute(self, sql: str, parameters: Mapping[str, Value] = {}, /) -> list[Row]:
        try:
            # Closed at once, also by an interrupt: a statement that is left in the middle keeps the file locked.
            with contextlib.closing(self._connection.cursor()) as cursor:
                if isinstance(cursor, sqlite3.Cursor):
                    cursor.row_factory = None
                return cursor.execute(sql, dict(parameters)).fetchall()
        except (sqlite3.Error, apsw.Error) as error:
            failure = _failure(error)
        # Outside the handler, so that no error of a library, with a text in it, hangs on.
        raise failure


@contextlib.contextmanager
def _reading_text(connection: Any) -> Iterator[None]:
    """Texts come as the outbox reads them meanwhile, whatever the caller makes of texts."""
    if isinstance(connection, apsw.Connection):
        yield
        return
    kept, connection.text_factory = connection.text_factory, text_of
    try:
        yield
    finally:
        connection.text_factory = kept


def _failure(error: Exception) -> TiplineError:
    if isinstance(error, _MISUSED):
        # What these libraries say of it names threads, and nothing of a statement.
        return ConfigurationError(
            f"the connection cannot be used here: {error}",
            hint="Hand in one that is open, in the thread that opened it.",
        )
    code = getattr(error, "sqlite_errorcode", 0) or getattr(error, "extendedresult", 0) or sqlite3.SQLITE_MISUSE
    return failure_of(code, waited=None)
