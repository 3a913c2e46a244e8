"""Small applications with a table of decisions, each on another library, as they would be written without an outbox.

What they do is the same, so that one body of tests is run on all of them.
"""

import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiosqlite
import django
import psycopg
import sqlalchemy as sa
from django.conf import settings
from django.db import connection as djangos_connection
from django.db import connections, transaction
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

__all__ = ["KINDS", "Application", "application", "is_asynchronous", "on_postgres"]

_TABLE: Final = "CREATE TABLE IF NOT EXISTS decisions (case_number INTEGER PRIMARY KEY)"


@dataclass(frozen=True)
class Application:
    """One of them.

    Attributes:
        transaction: A transaction; gives what the application hands in as `connection`.
        savepoint: A part of that, which can be undone alone.
        decide: Writes a decision down in it.
        close: Lets go of the database.
    """

    transaction: Callable[[], AbstractAsyncContextManager[Any]]
    savepoint: Callable[[Any], AbstractAsyncContextManager[object]]
    decide: Callable[[Any, int], Any]
    close: Callable[[], Any]


async def application(kind: str, place: str) -> Application:
    """The application of this kind.

    Args:
        kind: One of `KINDS`.
        place: The path of an SQLite file, or the folder of a server's socket.
    """
    return await _MAKERS[kind](place)


def is_asynchronous(kind: str) -> bool:
    """Whether it is written with `await`."""
    return "async" in kind or "aio" in kind


def on_postgres(kind: str) -> bool:
    """Whether its database is a server's."""
    return kind.startswith("psycopg") or kind.endswith("-postgres")


async def _sqlite3(place: str) -> Application:
    connection = sqlite3.connect(place)
    connection.row_factory = sqlite3.Row
    connection.text_factory = bytes
    connection.execute(_TABLE)

    @asynccontextmanager
    async def begin() -> AsyncIterator[sqlite3.Connection]:
        with connection:
            yield connection

    @asynccontextmanager
    async def savepoint(_: object) -> AsyncIterator[None]:
        connection.execute("SAVEPOINT mine")
        try:
            yield
        except Exception:
            connection.execute("ROLLBACK TO mine")
            raise

    async def decide(_: object, case: int) -> None:
        connection.execute("INSERT INTO decisions VALUES (?)", (case,))

    async def close() -> None:
        connection.close()

    return Application(begin, savepoint, decide, close)


async def _aiosqlite(place: str) -> Application:
    connection = await aiosqlite.connect(place)
    await connection.execute(_TABLE)

    @asynccontextmanager
    async def begin() -> AsyncIterator[aiosqlite.Connection]:
        try:
            yield connection
        except BaseException:
            await connection.rollback()
            raise
        await connection.commit()

    @asynccontextmanager
    async def savepoint(_: object) -> AsyncIterator[None]:
        await connection.execute("SAVEPOINT mine")
        try:
            yield
        except Exception:
            await connection.execute("ROLLBACK TO mine")
            raise

    async def decide(_: object, case: int) -> None:
        await connection.execute("INSERT INTO decisions VALUES (?)", (case,))

    return Application(begin, savepoint, decide, connection.close)


async def _psycopg(place: str) -> Application:
    connection = psycopg.connect(_dsn(place), row_factory=psycopg.rows.dict_row)
    connection.execute(_TABLE)
    connection.commit()

    @asynccontextmanager
    async def begin() -> AsyncIterator[Any]:
        with connection.transaction():
            yield connection

    @asynccontextmanager
    async def savepoint(_: object) -> AsyncIterator[None]:
        with connection.transaction():
            yield

    async def decide(_: object, case: int) -> None:
        connection.execute("INSERT INTO decisions VALUES (%s)", (case,))

    async def close() -> None:
        connection.close()

    return Application(begin, savepoint, decide, close)


async def _psycopg_async(place: str) -> Application:
    connection = await psycopg.AsyncConnection.connect(_dsn(place), autocommit=True)
    await connection.execute(_TABLE)

    @asynccontextmanager
    async def begin() -> AsyncIterator[Any]:
        async with connection.transaction():
            yield connection

    async def decide(_: object, case: int) -> None:
        await connection.execute("INSERT INTO decisions VALUES (%s)", (case,))

    return Application(begin, lambda _: connection.transaction(), decide, connection.close)


def _beginning_itself(engine: sa.Engine) -> sa.Engine:
    """With the transactions of SQLite begun by SQLAlchemy, as it takes for savepoints; another database has that."""
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", lambda connection, _: setattr(connection, "isolation_level", None))
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


async def _core(place: str) -> Application:
    engine = _beginning_itself(sa.create_engine(_url(place)))
    with engine.begin() as made:
        made.execute(sa.text(_TABLE))

    @asynccontextmanager
    async def begin() -> AsyncIterator[sa.Connection]:
        with engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def savepoint(connection: sa.Connection) -> AsyncIterator[None]:
        with connection.begin_nested():
            yield

    async def decide(connection: sa.Connection, case: int) -> None:
        connection.execute(sa.text("INSERT INTO decisions VALUES (:case)"), {"case": case})

    async def close() -> None:
        engine.dispose()

    return Application(begin, savepoint, decide, close)


async def _session(place: str) -> Application:
    core = await _core(place)
    engine = _beginning_itself(sa.create_engine(_url(place)))

    @asynccontextmanager
    async def begin() -> AsyncIterator[Session]:
        with Session(engine) as session, session.begin():
            yield session

    @asynccontextmanager
    async def savepoint(session: Session) -> AsyncIterator[None]:
        with session.begin_nested():
            yield

    async def decide(session: Session, case: int) -> None:
        session.execute(sa.text("INSERT INTO decisions VALUES (:case)"), {"case": case})

    async def close() -> None:
        engine.dispose()
        await core.close()

    return Application(begin, savepoint, decide, close)


async def _core_async(place: str) -> Application:
    engine = create_async_engine(_url(place, is_async=True))
    _beginning_itself(engine.sync_engine)
    async with engine.begin() as made:
        await made.execute(sa.text(_TABLE))

    async def decide(connection: AsyncConnection, case: int) -> None:
        await connection.execute(sa.text("INSERT INTO decisions VALUES (:case)"), {"case": case})

    return Application(engine.begin, lambda connection: connection.begin_nested(), decide, engine.dispose)


async def _session_async(place: str) -> Application:
    core = await _core_async(place)
    engine = create_async_engine(_url(place, is_async=True))
    _beginning_itself(engine.sync_engine)

    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncSession]:
        async with AsyncSession(engine) as session, session.begin():
            yield session

    async def close() -> None:
        await engine.dispose()
        await core.close()

    return Application(begin, lambda session: session.begin_nested(), core.decide, close)


async def _django(place: str) -> Application:
    if not settings.configured:
        settings.configure()
        django.setup()
    # Its guard against blocking a loop is for applications that serve on it, as those of other tests do.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    if place.endswith(".sqlite"):
        database = {"ENGINE": "django.db.backends.sqlite3", "NAME": place}
    else:
        database = {"ENGINE": "django.db.backends.postgresql", "HOST": place, "USER": "tipline", "NAME": "outbox"}
    connections.settings = connections.configure_settings({"default": database})
    if hasattr(connections._connections, "default"):
        del connections["default"]
    with djangos_connection.cursor() as cursor:
        cursor.execute(_TABLE)

    @asynccontextmanager
    async def begin() -> AsyncIterator[Any]:
        with transaction.atomic():
            yield djangos_connection

    @asynccontextmanager
    async def savepoint(_: object) -> AsyncIterator[None]:
        with transaction.atomic():
            yield

    async def decide(_: object, case: int) -> None:
        with djangos_connection.cursor() as cursor:
            cursor.execute("INSERT INTO decisions VALUES (%s)", [case])

    async def close() -> None:
        connections.close_all()
        os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)

    return Application(begin, savepoint, decide, close)


def _dsn(place: str) -> str:
    return f"host={place} user=tipline dbname=outbox"


def _url(place: str, *, is_async: bool = False) -> sa.URL:
    if place.endswith(".sqlite"):
        return sa.URL.create("sqlite+aiosqlite" if is_async else "sqlite", database=place)
    return sa.URL.create("postgresql+psycopg", username="tipline", database="outbox", query={"host": place})


_MAKERS: Final = {
    "sqlite3": _sqlite3,
    "aiosqlite": _aiosqlite,
    "core-sqlite": _core,
    "session-sqlite": _session,
    "core-async-sqlite": _core_async,
    "session-async-sqlite": _session_async,
    "django-sqlite": _django,
    "psycopg": _psycopg,
    "psycopg-async": _psycopg_async,
    "core-postgres": _core,
    "session-postgres": _session,
    "core-async-postgres": _core_async,
    "session-async-postgres": _session_async,
    "django-postgres": _django,
}
KINDS: Final = tuple(_MAKERS)
"""All of them."""
