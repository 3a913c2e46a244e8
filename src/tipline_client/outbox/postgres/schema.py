"""How a database is brought up to date, or refused; which tables there are is written in `tables`.

Opening never changes a table: many dispatchers start at once, most of them as a user who may not. `migrate` does it, by
one process at a time.
"""

from collections.abc import Sequence
from typing import Any, Final

import psycopg

from tipline_client.errors import ConfigurationError
from tipline_client.outbox.postgres.failures import connect_failure, failure_of
from tipline_client.outbox.postgres.tables import MIGRATIONS

__all__ = ["OLDEST_SERVER", "VERSION", "check_version", "migrate"]

OLDEST_SERVER: Final = 140000
"""PostgreSQL 14, as `server_version_num` says it: the oldest one that its makers still mend."""
_LOCK: Final = 0x5449504C494E45
"""Names the lock under which one process at a time changes tables: the letters TIPLINE."""

VERSION: Final = len(MIGRATIONS)
"""The schema version that this code reads and writes."""

_FOUND: Final = """
    SELECT current_setting('server_version_num')::integer, current_setting('server_encoding'),
        to_regnamespace('tipline') IS NOT NULL, to_regclass('tipline.versions') IS NOT NULL,
        EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('tipline'))
"""
_NEWEST: Final = "SELECT coalesce(max(version), 0) FROM tipline.versions"


def migrate(dsn: str, *, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> int:
    """Bring a database's tables up to date, all steps in one transaction; safe to repeat, and by several at once.

    Args:
        dsn: A connection string whose user may make a schema in this database.
        migrations: The steps.

    Returns:
        The version that was found, 0 when there was none.

    Raises:
        ConfigurationError: The server is too old, the schema is another program's, or a newer version of this one's.
        OutboxUnavailableError: The database cannot be reached or refused; it is as it was.
    """
    try:
        connection = psycopg.connect(dsn)
    except psycopg.Error as error:
        failure = connect_failure(error)
    else:
        try:
            with connection:
                return _migrate(connection, migrations)
        except psycopg.Error as error:
            failure = failure_of(error, is_write=True)
    raise failure


def _migrate(connection: "psycopg.Connection[Any]", migrations: Sequence[Sequence[str]]) -> int:
    # Held until the end of the transaction; whoever comes second finds the work done.
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    # Committed is what a migration promises, whatever the server's habit.
    connection.execute("SET LOCAL synchronous_commit = on")
    [(version, encoding, has_schema, has_versions, has_tables)] = connection.execute(_FOUND).fetchall()
    _check_server(version, encoding)
    if not has_versions:
        if has_tables:
            raise _no_outbox()
        if not has_schema:
            connection.execute("CREATE SCHEMA tipline")
        connection.execute(
            "CREATE TABLE tipline.versions (version integer PRIMARY KEY, migrated_at timestamptz DEFAULT now())"
        )
    [(found,)] = connection.execute(_NEWEST).fetchall()
    if found > len(migrations):
        raise _too_new(found, len(migrations))
    for version, statements in enumerate(migrations[found:], start=found + 1):
        for statement in statements:
            connection.execute(statement.encode())
        connection.execute("INSERT INTO tipline.versions (version) VALUES (%s)", (version,))
    return int(found)


def check_version(connection: "psycopg.Connection[Any]") -> None:
    """Let only a database pass whose tables this code can use; nothing in it is changed.

    Raises:
        ConfigurationError: The tables are missing, older or newer, or the server is too old.
    """
    [(version, encoding, _, has_versions, has_tables)] = connection.execute(_FOUND).fetchall()
    _check_server(version, encoding)
    found = 0
    if has_versions:
        [(found,)] = connection.execute(_NEWEST).fetchall()
    elif has_tables:
        raise _no_outbox()
    if found > VERSION:
        raise _too_new(found, VERSION)
    if found < VERSION:
        state = f"has schema version {found} and {VERSION} is needed" if found else "has no outbox tables yet"
        raise ConfigurationError(
            f"the outbox's database {state}",
            hint="Run `tipline migrate` once, as a database user who may make tables; then start again.",
        )


def _check_server(version: int, encoding: str) -> None:
    if version < OLDEST_SERVER:
        raise ConfigurationError(
            f"the outbox's database runs PostgreSQL {version // 10000}", hint="Use PostgreSQL 14 or newer."
        )
    if encoding != "UTF8":
        raise ConfigurationError(
            f"the outbox's database has the encoding {encoding}, which cannot hold every text",
            hint="Make a database with ENCODING 'UTF8'.",
        )


def _no_outbox() -> ConfigurationError:
    return ConfigurationError(
        "the database has a schema named tipline that is no outbox", hint="Use another database for the outbox."
    )


def _too_new(found: int, known: int) -> ConfigurationError:
    return ConfigurationError(
        f"the outbox's database has schema version {found}; this version of tipline-client knows {known}",
        hint="Upgrade tipline-client to the version that migrated the database, or a later one.",
    )
