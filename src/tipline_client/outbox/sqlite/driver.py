"""The two ways to reach an SQLite library, behind one small face: run a statement, get its rows, or an error of ours.

The standard library's SQLite is as old as the system it came with; `apsw` brings a current one along. Before 3.51.3 two
connections that write and checkpoint one write-ahead log at the same moment can corrupt the file (release notes of
SQLite 3.51.3), so the version decides which driver is taken and whether a write-ahead log may be used at all.

Nothing here knows the tables.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Generic, Literal, Protocol, TypeVar

import apsw
import apsw.ext

from tipline_client.errors import ConfigurationError, TiplineError
from tipline_client.outbox.columns import Row, Value
from tipline_client.outbox.sqlite.failures import failure_of
from tipline_client.outbox.sqlite.one_library import Claim, claim, library_of

__all__ = [
    "SAFE_WITH_LOG",
    "ApswConnection",
    "BrokenText",
    "Connection",
    "DriverName",
    "Execute",
    "Row",
    "StandardConnection",
    "Value",
    "choose_driver",
    "choose_driver_to_look",
    "connect",
    "library_version",
    "text_of",
]

L = TypeVar("L", sqlite3.Connection, apsw.Connection)
DriverName = Literal["sqlite3", "apsw"]

SAFE_WITH_LOG: Final = (3, 51, 3)
"""The first version of SQLite whose write-ahead log several writing connections may share."""
_OLDEST: Final = (3, 37, 0)
"""The first version with tables that keep to their columns' types."""
_NO_PARAMETERS: Final[Mapping[str, Value]] = {}


class Execute(Protocol):
    """Runs one SQL statement and returns all of its rows; what the named statements need of a connection."""

    def __call__(self, sql: str, parameters: Mapping[str, Value] = _NO_PARAMETERS, /) -> list[Row]:
        """The rows of `sql`, with `:name` taken from `parameters`."""
        ...


class Connection(Protocol):
    """One open connection, without transactions of its own making."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        ...

    def execute(self, sql: str, parameters: Mapping[str, Value] = _NO_PARAMETERS, /) -> list[Row]:
        """The rows of `sql`, with `:name` taken from `parameters`.

        Raises:
            OutboxUnavailableError: The storage failed.
            ConfigurationError: The file is no database.
        """
        ...

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        ...


class _Held(Generic[L]):
    """What both libraries do alike with a connection of theirs."""

    _connection: L
    _claim: Claim

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        self._connection.close()
        self._claim.end()


class StandardConnection(_Held[sqlite3.Connection]):
    """A connection through the standard library's `sqlite3`."""

    def __init__(self, path: Path, *, busy_timeout: float) -> None:
        self._busy_timeout = busy_timeout
        self._claim = _claimed(path, "sqlite3")
        try:
            # No thread check: a connection is used by one thread at a time, but opened by another.
            self._connection = sqlite3.connect(
                path, timeout=busy_timeout, isolation_level=None, check_same_thread=False
            )
            self._connection.text_factory = text_of
        except sqlite3.Error as error:
            failure = self._failure(error)
        else:
            return
        raise failure

    def execute(self, sql: str, parameters: Mapping[str, Value] = _NO_PARAMETERS, /) -> list[Row]:
        """See `Connection.execute`."""
        try:
            return self._connection.execute(sql, dict(parameters)).fetchall()
        except sqlite3.Error as error:
            failure = self._failure(error)
        raise failure

    def _failure(self, error: sqlite3.Error) -> TiplineError:
        return failure_of(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE), waited=self._busy_timeout)


class ApswConnection(_Held[apsw.Connection]):
    """A connection through `apsw`, which brings its own SQLite."""

    def __init__(self, path: Path, *, busy_timeout: float) -> None:
        self._busy_timeout = busy_timeout
        self._claim = _claimed(path, "apsw")
        try:
            self._connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        except apsw.Error as error:
            failure = self._failure(error)
        else:
            self._connection.set_busy_timeout(round(busy_timeout * 1000))
            return
        raise failure

    def execute(self, sql: str, parameters: Mapping[str, Value] = _NO_PARAMETERS, /) -> list[Row]:
        """See `Connection.execute`."""
        try:
            return self._connection.execute(sql, dict(parameters)).fetchall()
        except UnicodeDecodeError:
            failure = None
        except apsw.Error as error:
            failure = self._failure(error)
        # Outside the handler, so that no error of a library, with a text in it, hangs on.
        if failure is None:
            return self._read_bytes(sql, parameters)
        raise failure

    def _read_bytes(self, sql: str, parameters: Mapping[str, Value]) -> list[Row]:
        """The rows of a SELECT once more, text that is none left as bytes: apsw itself gives none of the rows then."""
        if not sql.lstrip().startswith("SELECT"):
            raise failure_of(apsw.SQLITE_CONSTRAINT, waited=self._busy_timeout)
        names = [f"c{place}" for place, _ in enumerate(apsw.ext.query_info(self._connection, sql).description)]
        asked = ", ".join(
            f"CASE typeof({name}) WHEN 'text' THEN CAST({name} AS BLOB) ELSE {name} END" for name in names
        )
        kinds = ", ".join(f"typeof({name}) = 'text'" for name in names)
        again = f"WITH found({', '.join(names)}) AS ({sql}) SELECT {asked}, {kinds} FROM found"  # noqa: S608 - our own
        return [
            tuple(
                text_of(value) if is_text else value
                for value, is_text in zip(row[: len(names)], row[len(names) :], strict=True)
            )
            for row in self._connection.execute(again, dict(parameters))
        ]

    def _failure(self, error: apsw.Error) -> TiplineError:
        return failure_of(getattr(error, "extendedresult", 0) or apsw.SQLITE_MISUSE, waited=self._busy_timeout)


class BrokenText(bytes):
    """What stands where a text should, and is none."""


def text_of(stored: bytes) -> str | BrokenText:
    """Text, or its bytes where they are none: one such row must not hide the others."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return BrokenText(stored)


_VERSIONS: Final[dict[DriverName, str]] = {"sqlite3": sqlite3.sqlite_version, "apsw": apsw.sqlite_lib_version()}


def library_version(driver: DriverName) -> tuple[int, ...]:
    """The version of the SQLite that `driver` runs on."""
    return tuple(int(part) for part in _VERSIONS[driver].split("."))


def choose_driver(wish: DriverName | Literal["auto"]) -> DriverName:
    """The driver to use: the standard library's if its SQLite is recent enough for a shared log, else `apsw`.

    Raises:
        ConfigurationError: There is no such driver, or the SQLite of the one asked for is too old for the tables.
    """
    if wish == "auto":
        return "sqlite3" if library_version("sqlite3") >= SAFE_WITH_LOG else "apsw"
    if wish not in _VERSIONS:
        raise ConfigurationError(f"there is no outbox driver {wish!r}", hint="Use auto, sqlite3 or apsw.")
    if library_version(wish) < _OLDEST:
        raise ConfigurationError(f"{wish} runs on SQLite {_VERSIONS[wish]}, too old for the outbox", hint="Use apsw.")
    return wish


def choose_driver_to_look(path: Path, *, usual: DriverName) -> DriverName:
    """The driver for a look at a file: the one that has it open in this process, else the usual one."""
    return next((driver for driver in _VERSIONS if driver == library_of(path)), usual)


def connect(path: Path, *, driver: DriverName, busy_timeout: float) -> Connection:
    """Open an existing file.

    Args:
        path: The database file.
        driver: Which of the two.
        busy_timeout: How long to wait for another process's lock, in seconds.

    Raises:
        ConfigurationError: The other driver has it open in this process.
        OutboxUnavailableError: The file cannot be opened.
    """
    kind = StandardConnection if driver == "sqlite3" else ApswConnection
    return kind(path, busy_timeout=busy_timeout)


def _claimed(path: Path, driver: DriverName) -> Claim:
    try:
        return claim(path, driver)
    except (OSError, ValueError):
        failure = failure_of(apsw.SQLITE_CANTOPEN, waited=0)
    raise failure
