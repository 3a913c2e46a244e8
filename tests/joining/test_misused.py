"""Connections and sessions that their owner has closed, broken or not begun: told in our words, with the way out."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite
import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tests.joining.applications import application
from tests.joining.refusing import refused
from tests.support import postgres
from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient
from tipline_client.errors import ConfigurationError, OutboxUnavailableError

SECRET = "coffee-mug-of-case"


class Base(DeclarativeBase):
    """The application's own tables."""


class Decision(Base):
    """One of its decisions."""

    __tablename__ = "misused"
    case: Mapped[str] = mapped_column(primary_key=True)


@contextmanager
def closed_connection(engine: sa.Engine) -> Iterator[Any]:
    connection = engine.connect()
    connection.close()
    yield connection


@contextmanager
def lost_connection(engine: sa.Engine) -> Iterator[Any]:
    with engine.connect() as connection:
        connection.begin()
        connection.invalidate()
        yield connection


@contextmanager
def ended_transaction(engine: sa.Engine) -> Iterator[Any]:
    with engine.connect() as connection, connection.begin() as transaction:
        transaction.rollback()
        yield connection


@contextmanager
def closed_session(engine: sa.Engine) -> Iterator[Any]:
    session = Session(engine, close_resets_only=False)
    session.close()
    yield session


@contextmanager
def session_of_no_engine(engine: sa.Engine) -> Iterator[Any]:
    with Session() as session:
        yield session


@contextmanager
def failed_session(engine: sa.Engine) -> Iterator[Any]:
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(Decision).values(case=SECRET))
    with Session(engine) as session:
        session.add(Decision(case=SECRET))
        with suppress(IntegrityError):
            session.flush()
        yield session
    Base.metadata.drop_all(engine)


@asynccontextmanager
async def closed_connection_of_a_loop(engine: AsyncEngine) -> AsyncIterator[Any]:
    connection = await engine.connect()
    await connection.close()
    yield connection


@asynccontextmanager
async def connection_that_nobody_awaited(engine: AsyncEngine) -> AsyncIterator[Any]:
    yield engine.connect()


@asynccontextmanager
async def closed_session_of_a_loop(engine: AsyncEngine) -> AsyncIterator[Any]:
    session = AsyncSession(engine, close_resets_only=False)
    await session.close()
    yield session


@dataclass(frozen=True)
class Misuse:
    """What is wrong, what is said of it, and whether the library's own error is kept behind that."""

    begin: Callable[[Any], Any]
    says: str
    keeps_cause: bool = True


MISUSES = [
    Misuse(closed_connection, "This Connection is closed"),
    Misuse(lost_connection, "has failed already"),
    Misuse(ended_transaction, "closed transaction"),
    Misuse(closed_session, "permanently closed"),
    Misuse(session_of_no_engine, "not bound"),
    # It quotes the statement at which it failed, with what was decided.
    Misuse(failed_session, "has failed already", keeps_cause=False),
    Misuse(closed_connection_of_a_loop, "This Connection is closed"),
    Misuse(connection_that_nobody_awaited, "has not been started"),
    Misuse(closed_session_of_a_loop, "permanently closed"),
]


@pytest.fixture(params=["file", "server"])
def outbox(request: pytest.FixtureRequest) -> AsyncTiplineClient:
    client: AsyncTiplineClient = request.getfixturevalue(f"on_{request.param}")
    return client


def url_of(outbox: AsyncTiplineClient, file: Path, *, is_async: bool) -> sa.URL:
    """Where the outbox is, for SQLAlchemy."""
    if type(outbox.outbox).__name__ == "SqliteOutbox":
        return sa.URL.create("sqlite+aiosqlite" if is_async else "sqlite", database=str(file))
    folder = str(postgres.required().folder)
    return sa.URL.create("postgresql+psycopg", username="tipline", database="outbox", query={"host": folder})


@pytest.mark.parametrize("misuse", MISUSES, ids=lambda misuse: misuse.begin.__name__)
async def test_sqlalchemy(outbox: AsyncTiplineClient, file: Path, misuse: Misuse) -> None:
    """Neither its errors nor what they quote come out alone; nothing is written."""
    is_async = misuse in MISUSES[6:]
    url = url_of(outbox, file, is_async=is_async)
    with ExitStack() as opened:
        async with AsyncExitStack() as awaited:
            if is_async:
                engine = create_async_engine(url)
                awaited.push_async_callback(engine.dispose)
                owner = await awaited.enter_async_context(misuse.begin(engine))
            else:
                blocking = sa.create_engine(url)
                opened.callback(blocking.dispose)
                owner = opened.enter_context(misuse.begin(blocking))
            error = await refused(outbox, owner)

    assert isinstance(error, ConfigurationError)
    assert misuse.says in str(error)
    assert error.hint.startswith(("Hand in", "Roll it back"))
    assert misuse.keeps_cause == isinstance(error.__cause__, sa.exc.SQLAlchemyError)
    assert SECRET not in f"{error} {error.hint} {error.__cause__} {error.__context__}"


async def test_database_of_the_session_is_down(on_file: AsyncTiplineClient, tmp_path: Path) -> None:
    """The application's connection is made late, here: that it cannot be is no fault of the outbox's."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/no-folder/app.sqlite")
    with Session(engine) as session:
        error = await refused(on_file, session)
    engine.dispose()

    assert isinstance(error, OutboxUnavailableError)
    assert "cannot reach its database" in str(error)
    assert isinstance(error.__cause__, sa.exc.OperationalError)


async def test_database_of_django_is_down(on_file: AsyncTiplineClient, file: Path, tmp_path: Path) -> None:
    """The same there."""
    app = await application("django-sqlite", str(file))
    try:
        async with app.transaction() as connection:
            pass
        connection.close()
        connection.settings_dict["NAME"] = str(tmp_path / "no-folder" / "app.sqlite")
        error = await refused(on_file, connection)
    finally:
        await app.close()

    assert isinstance(error, OutboxUnavailableError)
    assert "cannot reach its database" in str(error)


@pytest.mark.parametrize("is_awaited", [False, True])
async def test_aiosqlite(on_file: AsyncTiplineClient, file: Path, is_awaited: bool) -> None:
    """Closed, or never begun."""
    connection = aiosqlite.connect(file)
    if is_awaited:
        await connection
        await connection.close()

    error = await refused(on_file, connection)

    assert isinstance(error, ConfigurationError)
    assert "it is closed, or nobody has awaited it yet" in str(error)


@pytest.mark.parametrize("is_async", [False, True])
async def test_psycopg_closed(on_server: AsyncTiplineClient, is_async: bool) -> None:
    """The owner closed it: no database is blamed."""
    error = await refused(on_server, await _closed(is_async=is_async))

    assert isinstance(error, ConfigurationError)
    assert "it is closed" in str(error)


async def test_psycopg_lost(on_server: AsyncTiplineClient) -> None:
    """The server ended it: what its transaction had written is gone too, which is said."""
    with postgres.required().connect() as connection:
        connection.execute("SELECT 1")
        postgres.required().execute(f"SELECT pg_terminate_backend({connection.info.backend_pid})")
        with suppress(psycopg.Error):
            connection.execute("SELECT 1")
        error = await refused(on_server, connection)

    assert isinstance(error, OutboxUnavailableError)
    assert "lost, and with it what its transaction had written" in str(error)


async def test_error_of_nobody_we_know(on_file: AsyncTiplineClient) -> None:
    """What is no misuse of a connection comes out as it is."""

    class Odd(sqlite3.Connection):
        @property
        def in_transaction(self) -> bool:
            raise ValueError("of the application's own")

    connection = sqlite3.connect(":memory:", factory=Odd)
    with pytest.raises(ValueError, match="of the application's own"):
        await on_file.enqueue(sample_report(), connection=connection)
    connection.close()


async def _closed(*, is_async: bool) -> Any:
    place = f"host={postgres.required().folder} user=tipline dbname=outbox"
    if not is_async:
        connection = psycopg.connect(place)
        connection.close()
        return connection
    awaited = await psycopg.AsyncConnection.connect(place)
    await awaited.close()
    return awaited
