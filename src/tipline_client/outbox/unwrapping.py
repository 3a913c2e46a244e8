"""From what an application calls its connection to the driver's own: Django's, SQLAlchemy's, or the driver's already.

Neither library is imported. An object can only be theirs if they are loaded, so they are looked for among what is. Only
their public interfaces are used. Nothing here knows a database.
"""

import re
import sys
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from tipline_client.errors import ConfigurationError, OutboxUnavailableError, TiplineError
from tipline_client.outbox.boundaries import unchanged_since_now
from tipline_client.outbox.joining import Caller, not_this_kind, nothing_open

__all__ = ["Unwrapped", "is_a", "refused", "unwrapped"]

_KINDS: Final = (
    "Hand in a connection of sqlite3, aiosqlite, apsw or psycopg, a Connection or Session of SQLAlchemy, synchronous "
    "or not, or Django's connection."
)
_LOOP: Final = "Use AsyncTiplineClient with `await`, on the event loop of that connection."
_BACKGROUND: Final = re.compile(r"\.\s|\s\(Background|\n|\.$")
"""Where SQLAlchemy's first sentence ends."""
_ENGINE: Final = (
    'with another isolation level than "AUTOCOMMIT" on the engine and on the connection; an engine that '
    "leaves sqlite3 no isolation level has to begin each itself, as the page on transactions shows"
)
_ATOMIC: Final = "with `with transaction.atomic({using}):` around decision and enqueue"


def is_a(candidate: object, module: str, *names: str) -> bool:
    """Whether an object is of one of these classes, without importing their module."""
    loaded = sys.modules.get(module)
    classes = tuple(getattr(loaded, name) for name in names if isinstance(getattr(loaded, name, None), type))
    return isinstance(candidate, classes)


class Unwrapped(NamedTuple):
    """What an application's connection is made of.

    Attributes:
        connection: The driver's own.
        is_nested: Whether SQLAlchemy has a savepoint open on it, by the time of asking.
        how_to_begin: What opens a transaction on it, where its owner is not the driver's own user.
        is_unchanged: Whether its owner has asked for no end of the transaction or of a savepoint since, and for no new
            savepoint; the driver's connection may be another one's then.
    """

    connection: Any
    is_nested: Callable[[], bool] = lambda: False
    how_to_begin: str | None = None
    is_unchanged: Callable[[], bool] = lambda: True


async def unwrapped(caller: Caller) -> Unwrapped:
    """The driver's connection, with the transaction begun that its owner counts on.

    Raises:
        ConfigurationError: It is none, or has no transaction, or waits for an event loop that is not there; or its
            owner has closed it, or its transaction has failed.
        OutboxUnavailableError: Its owner could not reach the database.
    """
    try:
        return await _of_any(caller)
    except Exception as error:
        failure = _misused(error)
        if failure is None:
            raise
        # A transaction that failed quotes the statement it failed at, with what was decided.
        cause = None if "exception" in str(error) else error
    raise failure from cause


async def _of_any(caller: Caller) -> Unwrapped:
    connection = caller.connection
    if _is_asynchronous(connection) and not caller.has_loop:
        raise not_this_kind(f"asynchronous ({_kind(connection)}), and this client is not", hint=_LOOP)
    if is_a(connection, "sqlalchemy.ext.asyncio", "AsyncSession", "async_scoped_session"):
        connection = await connection.connection()
    if is_a(connection, "sqlalchemy.ext.asyncio", "AsyncConnection"):
        if not connection.in_transaction():
            # Begun as its first statement would: the commit or rollback is its owner's still.
            await connection.begin()
        is_unchanged = unchanged_since_now(connection.sync_connection)
        driver_connection = (await connection.get_raw_connection()).driver_connection
        is_nested = connection.sync_connection.in_nested_transaction
        return Unwrapped(driver_connection, is_nested, _ENGINE, is_unchanged)
    return await caller.run(lambda: _unwrapped(connection))


def _unwrapped(connection: Any) -> Unwrapped:
    if is_a(connection, "sqlalchemy.orm", "Session", "scoped_session"):
        connection = connection.connection()
    if is_a(connection, "sqlalchemy", "Connection"):
        if not connection.in_transaction():
            connection.begin()
        is_unchanged = unchanged_since_now(connection)
        driver_connection = connection.connection.driver_connection
        return Unwrapped(driver_connection, connection.in_nested_transaction, _ENGINE, is_unchanged)
    is_djangos = is_a(connection, "django.db.backends.base.base", "BaseDatabaseWrapper")
    if is_djangos or is_a(connection, "django.utils.connection", "ConnectionProxy"):
        connection = _of_django(connection)
    return Unwrapped(connection)


def _of_django(connection: Any) -> Any:
    if not connection.in_atomic_block and connection.get_autocommit():
        using = "" if connection.alias == "default" else f"using={connection.alias!r}"
        raise nothing_open(_ATOMIC.format(using=using))
    if connection.needs_rollback:
        raise ConfigurationError(
            "an error inside of the atomic block has broken its transaction, which can only be rolled back",
            hint="Let the error leave the block, or catch it around an inner one.",
        )
    connection.ensure_connection()
    return connection.connection


def _misused(error: Exception) -> TiplineError | None:
    """What an error of SQLAlchemy's or Django's says of the connection; `None` for one of anybody else's."""
    if is_a(error, "sqlalchemy.exc", "DBAPIError", "TimeoutError") or is_a(error, "django.db.utils", "Error"):
        return OutboxUnavailableError(
            f"the application's connection cannot reach its database ({type(error).__name__}); nothing was written",
            hint="Check that the database runs, and that the pool is large enough; then do all of it again.",
        )
    if not is_a(error, "sqlalchemy.exc", "SQLAlchemyError"):
        return None
    if is_a(error, "sqlalchemy.exc", "PendingRollbackError") or "exception" in str(error):
        return ConfigurationError(
            "the connection's transaction has failed already, and can only be rolled back",
            hint="Roll it back, or let the error leave its block; then do all of it again.",
        )
    return ConfigurationError(
        f"the connection cannot be used here: {_BACKGROUND.split(str(error))[0]}",
        hint="Hand in a connection or session that is open, inside of its transaction.",
    )


def refused(connection: object) -> ConfigurationError:
    """The error for a connection of no driver that this outbox can use."""
    if is_a(connection, "sqlalchemy", "Engine") or is_a(connection, "sqlalchemy.ext.asyncio", "AsyncEngine"):
        return not_this_kind("an engine, not a connection", hint="Hand in what `engine.begin()` gives.")
    module = type(connection).__module__.partition(".")[0]
    if module in {"asyncpg", "psycopg2", "pg8000"}:
        hint = f"Use psycopg 3 in place of {module}: postgresql+psycopg:// with SQLAlchemy, psycopg with Django."
        return not_this_kind(f"{module}'s", hint=hint)
    return not_this_kind(_kind(connection), hint=_KINDS)


def _is_asynchronous(connection: object) -> bool:
    return (
        is_a(connection, "sqlalchemy.ext.asyncio", "AsyncSession", "async_scoped_session", "AsyncConnection")
        or is_a(connection, "psycopg", "AsyncConnection")
        or is_a(connection, "aiosqlite", "Connection")
    )


def _kind(connection: object) -> str:
    kind = type(connection)
    return f"of type {kind.__module__.partition('.')[0]}.{kind.__name__}"
