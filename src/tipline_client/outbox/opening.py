"""How an outbox in a database is opened and its tables are made, by whoever has no reason to know which database it is.

The driver is an extra, and is imported only when a database is asked for.
"""

from contextlib import suppress
from pathlib import Path

from tipline_client.delivery.clock import Clock
from tipline_client.envelope import HistoryChain
from tipline_client.errors import ConfigurationError
from tipline_client.outbox import sqlite
from tipline_client.outbox.addresses import Address
from tipline_client.outbox.contract import Outbox
from tipline_client.vault.key_files import is_there

__all__ = ["address_of", "has_tables", "holds_entries", "migrate_database", "open_database"]

_INSTALL = "Install the extra: pip install 'tipline-client[postgres]'"


def open_database(address: Address, *, clock: Clock | None = None, chain: HistoryChain | None = None) -> Outbox:
    """Open the outbox in a database, whose tables `migrate_database` has made.

    Args:
        address: Where it is.
        clock: Stands in for a server's own clock, in tests that turn it; in a file it is what says now.
        chain: Links the lines of the history.

    Raises:
        ConfigurationError: The extra is not installed; the tables are missing, older or newer than this program.
        OutboxUnavailableError: The database cannot be reached, or refuses.
    """
    if address.file is not None:
        return _open_shared(address.file, clock=clock, chain=chain)
    _check_installed()
    from tipline_client.outbox.postgres import PostgresOutbox

    return PostgresOutbox.open(address.url, clock=clock, chain=chain)


def migrate_database(address: Address, *, is_own: bool = False) -> tuple[int, int]:
    """Make the outbox's tables in a database, or bring them up to date; safe to repeat, and by several at once.

    Args:
        address: Where it is.
        is_own: Whether it is the file of a home, which is never an application's too.

    Returns:
        The schema version that was found, 0 when there was none, and the one that is there now.

    Raises:
        ConfigurationError: The extra is not installed; the server is too old, or the tables are of a newer version.
        OutboxUnavailableError: The database cannot be reached or refused; it is as it was.
    """
    if address.file is not None:
        return _migrate_file(address.file, is_own=is_own)
    _check_installed()
    from tipline_client.outbox.postgres import VERSION, migrate

    return migrate(address.url), VERSION


def address_of(outbox: Outbox) -> Address | None:
    """Where an open outbox is, as far as it can be told from itself; `None` of one in memory."""
    if isinstance(outbox, sqlite.SqliteOutbox):
        with suppress(ConfigurationError):
            return Address(f"sqlite://{outbox.path.absolute()}")
    said = getattr(outbox, "address", None)
    return said if isinstance(said, Address) else None


def has_tables(file: Path, *, is_own: bool = False) -> bool:
    """Whether there is an outbox in a file; nothing is made by asking.

    Args:
        file: That of an application.
        is_own: Whether it is the one in a home instead.

    Raises:
        ConfigurationError: It is there, and can be no outbox.
        OutboxUnavailableError: Locked or unreadable.
    """
    return is_there(file) and bool(sqlite.found_version(file, is_shared=not is_own))


def holds_entries(where: Address | Path) -> bool:
    """Whether anything was ever queued in this database; not where there are no tables yet.

    Args:
        where: The database; a path is that of an outbox in a home.

    Raises:
        ConfigurationError: The extra is not installed.
        OutboxUnavailableError: The database cannot be reached, or refuses.
    """
    if isinstance(where, Path):
        return is_there(where) and sqlite.holds_entries(where, is_shared=False)
    if where.file is not None:
        return is_there(where.file) and sqlite.holds_entries(where.file, is_shared=True)
    _check_installed()
    from tipline_client.outbox import postgres

    return postgres.holds_entries(where.url)


def _open_shared(file: Path, *, clock: Clock | None = None, chain: HistoryChain | None = None) -> sqlite.SqliteOutbox:
    # The application's own SQLite, which is Python's: two libraries on one file do not see each other's locks.
    return sqlite.SqliteOutbox.open(file, clock=clock, driver="sqlite3", chain=chain, is_shared=True)


def _migrate_file(file: Path, *, is_own: bool) -> tuple[int, int]:
    driver = sqlite.choose_driver("auto") if is_own else "sqlite3"
    opened = sqlite.open_file(file, driver=driver, busy_timeout=5, is_shared=True)
    opened.reader.close()
    opened.writer.close()
    return opened.found_version, sqlite.VERSION


def _check_installed() -> None:
    try:
        import tipline_client.outbox.postgres  # noqa: F401 - whether it can be imported is the question
    except ImportError as error:
        name = error.name or ""
        if name.startswith("tipline_client"):
            raise
    else:
        return
    raise ConfigurationError("the outbox is in PostgreSQL, and its driver psycopg is not installed", hint=_INSTALL)
