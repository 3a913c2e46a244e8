"""What can be told of a database before anything is done with it: whether its tables fit, and what `doctor` shows.

Nothing of how to get in is among it, and nothing of what is in a row.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import psycopg

from tipline_client.outbox.postgres.failures import connect_failure, failure_of
from tipline_client.outbox.postgres.schema import check_version

__all__ = ["holds_entries", "look"]

T = TypeVar("T")

# Connections for clients, of which some are kept back for superusers; then what a dispatcher has to be allowed.
_FACTS: Final = """
    SELECT current_setting('server_version'), current_database(), (SELECT max(version) FROM tipline.versions),
        current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
        pg_is_in_recovery(), current_setting('transaction_read_only') = 'on',
        (SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class
            WHERE relnamespace = 'tipline'::regnamespace AND relkind = 'r' AND relname <> 'versions'
            AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                AND has_table_privilege(oid, 'UPDATE'))),
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
"""
_HAS_TABLE: Final = "SELECT to_regclass('tipline.entries') IS NOT NULL"
_HOLDS_ENTRIES: Final = "SELECT EXISTS (SELECT FROM tipline.entries)"


def look(dsn: str) -> dict[str, str]:
    """Connect once, and find kind, versions and settings of the server, as `Outbox.facts` has them.

    `synchronous_commit` is the server's own habit for this user. `writes` says why nothing can be written at all, if
    that is so, and `refused_tables` names the tables that this user may not both read and write.

    Args:
        dsn: A complete connection string.

    Raises:
        ConfigurationError: The tables are missing, older or newer than this code, or the server is too old.
        OutboxUnavailableError: The database cannot be reached, or refuses.
    """
    return _asked(dsn, _found)


def _found(connection: "psycopg.Connection[Any]") -> dict[str, str]:
    check_version(connection)
    [row] = connection.execute(_FACTS).fetchall()
    server, database, version, fsync, pages, commit, is_standby, is_read_only, refused, used, most = row
    facts = {
        "kind": "postgres",
        "server_version": server,
        "database": database,
        "schema_version": str(version),
        "fsync": fsync,
        "full_page_writes": pages,
        "synchronous_commit": commit,
        "writes": "standby" if is_standby else "read only" if is_read_only else "yes",
        "server_connections": f"{used} of {most}",
    }
    return facts | ({"refused_tables": refused} if refused else {})


def holds_entries(dsn: str) -> bool:
    """Whether anything was ever queued in a database; not where there are no tables yet.

    Args:
        dsn: A connection string.

    Raises:
        OutboxUnavailableError: The database cannot be reached, or refuses.
    """
    return _asked(
        dsn, lambda connection: all(_says_yes(connection, question) for question in (_HAS_TABLE, _HOLDS_ENTRIES))
    )


def _asked(dsn: str, ask: "Callable[[psycopg.Connection[Any]], T]") -> T:
    """Connect once, ask, and let go; what the driver raises is translated."""
    try:
        connection = psycopg.connect(dsn, autocommit=True)
    except psycopg.Error as error:
        failure = connect_failure(error)
    else:
        try:
            with connection:
                return ask(connection)
        except psycopg.Error as error:
            failure = failure_of(error, is_write=False)
    # Raised outside the handlers: the driver's message quotes keys and rows.
    raise failure


def _says_yes(connection: "psycopg.Connection[Any]", question: str) -> bool:
    [(answer,)] = connection.execute(question.encode()).fetchall()
    return bool(answer)
