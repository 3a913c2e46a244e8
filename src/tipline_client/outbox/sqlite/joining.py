"""An enqueue inside a transaction that the caller opened on the outbox's own file.

The caller's tables lie in that file too. A file that is only attached will not do: with a write-ahead log each file of
a transaction commits by itself (https://www.sqlite.org/lang_attach.html), and a crash in between tears it.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from tipline_client.delivery.entry import Entry, NewEntry
from tipline_client.errors import ConfigurationError, OutboxUnavailableError, TiplineError
from tipline_client.outbox import rules
from tipline_client.outbox.joining import Caller, other_database
from tipline_client.outbox.sqlite import entering, reading
from tipline_client.outbox.sqlite.borrowing import Borrowed, borrowed
from tipline_client.outbox.sqlite.driver import SAFE_WITH_LOG, DriverName, Execute, library_version
from tipline_client.outbox.sqlite.writing import Writing
from tipline_client.outbox.values import Lane

__all__ = ["SqliteJoined", "joined"]

_FULL: Final = 2
"""`PRAGMA synchronous`: nothing below it waits for the disk."""
_MET: Final = frozenset({"entries", "history", "acknowledgements"})
"""The tables that an enqueue names in its statements."""
_ROLLBACK_JOURNALS: Final = {"delete", "truncate", "persist"}
_OTHER_SQLITE: Final[dict[DriverName, str]] = {
    "sqlite3": "Keep your tables and the outbox in a file of your own, not in the home's, and name that wherever the "
    "outbox is opened, in every process: 'sqlite:///ABSOLUTE/PATH/OF/FILE'. It is then opened with the standard "
    "library's SQLite.",
    "apsw": "Use a connection of sqlite3. One of apsw can be joined where the outbox itself is opened with apsw.",
}


Find = Callable[[Lane, str], Awaitable[Entry | None]]


class Begin(Protocol):
    """Makes a writing of an open transaction, with its moment and chain."""

    def __call__(self, execute: Execute, /) -> Writing:
        """The writing."""
        ...


async def joined(
    caller: Caller, *, path: Path, driver: DriverName, journal_mode: str, begin: Begin, find: Find
) -> "SqliteJoined":
    """A way into the caller's transaction.

    Args:
        caller: Whose.
        path: The outbox's file.
        driver: With which SQLite the outbox has it open in this process.
        journal_mode: `wal` or `delete`, as the outbox needs it.
        begin: Makes a writing of the caller's transaction.
        find: Finds what is committed, on a connection of the outbox's.

    Raises:
        ConfigurationError: It is on another file, through another SQLite, not durable, or there is none.
        OutboxUnavailableError: The file is locked or failing.
    """
    connection = await borrowed(caller)
    try:
        await _check(connection, path=path, driver=driver, journal_mode=journal_mode)
    except TiplineError:
        # Else the way out could be barred: no pragma of those that are asked for can be set in a transaction.
        await connection.take_back()
        raise
    return SqliteJoined(connection, begin, find)


async def _check(connection: Borrowed, *, path: Path, driver: DriverName, journal_mode: str) -> None:
    files, journal, synchronous, temporary = await connection.run(_facts)
    if not _is_same(files.get("main"), path):
        if any(_is_same(file, path) for file in files.values()):
            raise ConfigurationError(
                "the outbox's file is only attached to the connection: the two files would not commit together",
                hint=f"Keep your tables in {path} too, and connect to that file.",
            )
        raise other_database(f"the file {path}")
    if connection.driver != driver:
        raise ConfigurationError(
            f"the outbox has {path} open with {driver} and the connection with {connection.driver}: two SQLite "
            "libraries in one process do not see each other's locks",
            hint=_OTHER_SQLITE[connection.driver],
        )
    _check_durable(journal, synchronous, wanted=journal_mode)
    if hiding := sorted(temporary & _MET):
        raise ConfigurationError(
            f"the connection has temporary tables or views that hide those of the outbox: {', '.join(hiding)}",
            hint="Give them other names, or drop them before the enqueue: DROP TABLE temp.NAME, DROP VIEW temp.NAME.",
        )


class SqliteJoined:
    """See `Joined`; made by `joined`."""

    def __init__(self, connection: Borrowed, begin: Begin, find: Find) -> None:
        self._connection = connection
        self._begin = begin
        self._find = find

    async def find(self, lane: Lane, idempotency_key: str) -> Entry | None:
        """See `Joined.find`; what this transaction added itself, `enqueue` finds."""
        # Not in the transaction: having read, it could no longer write once somebody else has, and files may be copied
        # before it does. Only if what it wrote fills its cache, nobody else can read.
        with suppress(OutboxUnavailableError):
            return await self._find(lane, idempotency_key)
        return await self._connection.run(lambda execute: reading.find(execute, lane, idempotency_key))

    async def enqueue(self, new: NewEntry, *, held: bool = False) -> tuple[Entry, bool]:
        """See `Joined.enqueue`."""
        rules.check_text(new.id, new.profile, new.idempotency_key, new.content_digest)
        # The time is read inside: the write may have waited for its turn.
        return await self._connection.run(lambda execute: entering.enqueue(self._begin(execute), new, held=held))


def _facts(execute: Execute) -> tuple[dict[str, str], str, int, set[str]]:
    files: dict[str, str] = {str(name): str(file) for _, name, file in execute("PRAGMA database_list")}
    [[journal]] = execute("PRAGMA journal_mode")
    [[synchronous]] = execute("PRAGMA synchronous")
    temporary = execute("SELECT lower(name) FROM sqlite_temp_master WHERE type IN ('table', 'view')")
    return files, str(journal), int(str(synchronous)), {str(name) for [name] in temporary}


def _is_same(file: str | None, path: Path) -> bool:
    try:
        return bool(file) and path.samefile(file or "")
    except OSError:
        return False


def _check_durable(journal: str, synchronous: int, *, wanted: str) -> None:
    if wanted == "wal" and journal != "wal":
        raise ConfigurationError(
            f"the connection has the journal mode {journal}, and the outbox's file has a write-ahead log",
            hint="Leave PRAGMA journal_mode as it is, or set it to WAL.",
        )
    if wanted != "wal" and journal not in _ROLLBACK_JOURNALS:
        version, safe = (".".join(map(str, each)) for each in (library_version("sqlite3"), SAFE_WITH_LOG))
        raise ConfigurationError(
            f"the connection has the journal mode {journal}, with which SQLite {version} can damage or lose what "
            "several processes write",
            hint=f"Leave out PRAGMA journal_mode, which is DELETE then, or use SQLite {safe} or newer.",
        )
    if synchronous < _FULL:
        raise ConfigurationError(
            "the connection does not wait for the disk when it commits (PRAGMA synchronous is below FULL)",
            hint="Set PRAGMA synchronous = FULL on it, before its transaction begins.",
        )
