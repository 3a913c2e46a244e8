"""Databases of every version: migrated, opened, refused."""

import threading
from collections.abc import Callable

import psycopg
import pytest

from tests.contract.values import new_entry
from tests.postgres.conftest import OpenOutbox
from tests.support.postgres import PostgresServer
from tipline_client.errors import ConfigurationError, OutboxUnavailableError
from tipline_client.outbox.postgres import VERSION, PostgresOutbox, migrate
from tipline_client.outbox.postgres.tables import MIGRATIONS

Arrange = Callable[[PostgresServer, str], object]


async def test_empty_database(server: PostgresServer, open_outbox: OpenOutbox) -> None:
    """An empty database gets all tables, and says which version it had before."""
    name = server.make_database()

    found = migrate(server.dsn(name))

    outbox = open_outbox(server.dsn(name))
    await outbox.enqueue(new_entry())
    facts = await outbox.facts()
    assert (0, str(VERSION), "postgres", name) == (found, facts["schema_version"], facts["kind"], facts["database"])


def test_migrated_twice(server: PostgresServer) -> None:
    """A second migration finds nothing to do and leaves the rows alone."""
    server.execute("INSERT INTO tipline.counts VALUES ('mock', 'sample', 'acknowledged', 0, 1)")

    found = migrate(server.dsn())

    assert VERSION == found
    assert [(1,)] == server.execute("SELECT entries FROM tipline.counts")


def test_migrated_by_several_at_once(server: PostgresServer) -> None:
    """Of several that migrate at the same moment one does the work and the others find it done."""
    dsn = server.dsn(server.make_database())
    barrier = threading.Barrier(4)
    found: list[int] = []

    def host() -> None:
        barrier.wait()
        found.append(migrate(dsn))

    hosts = [threading.Thread(target=host) for _ in range(4)]
    for thread in hosts:
        thread.start()
    for thread in hosts:
        thread.join()

    assert [0, VERSION, VERSION, VERSION] == sorted(found)


def test_migration_that_fails(server: PostgresServer) -> None:
    """A migration that fails half-way leaves nothing of itself behind."""
    name = server.make_database()
    broken = (*MIGRATIONS, ("CREATE TABLE tipline.half (x integer)", "CREATE TABLE tipline.entries (x integer)"))

    with pytest.raises(OutboxUnavailableError, match="42P07"):
        migrate(server.dsn(name), migrations=broken)

    assert [(None,)] == server.execute("SELECT to_regnamespace('tipline')", database=name)


def test_only_missing_steps_are_run(server: PostgresServer) -> None:
    """A database of an earlier version runs the steps after it, in order."""
    name = server.make_database()
    steps = (
        ("CREATE TABLE tipline.mugs (x integer)",),
        ("INSERT INTO tipline.mugs VALUES (1)",),
        ("INSERT INTO tipline.mugs SELECT x + 1 FROM tipline.mugs",),
    )

    found = [migrate(server.dsn(name), migrations=steps[:1]), migrate(server.dsn(name), migrations=steps)]

    assert [0, 1] == found
    assert [(1,), (2,)] == server.execute("SELECT x FROM tipline.mugs ORDER BY x", database=name)


def _nothing(server: PostgresServer, name: str) -> None:
    pass


def _older(server: PostgresServer, name: str) -> None:
    migrate(server.dsn(name), migrations=())


@pytest.mark.parametrize("arrange", [_nothing, _older])
def test_opened_before_it_is_migrated(server: PostgresServer, arrange: Arrange) -> None:
    """A database without the tables is refused with the verb that makes them, and is not touched."""
    name = server.make_database()
    arrange(server, name)
    before = server.execute("SELECT count(*) FROM pg_class", database=name)

    with pytest.raises(ConfigurationError) as caught:
        PostgresOutbox.open(server.dsn(name))

    assert "tipline migrate" in caught.value.hint
    assert before == server.execute("SELECT count(*) FROM pg_class", database=name)


@pytest.mark.parametrize("act", [migrate, PostgresOutbox.open])
def test_newer_database(server: PostgresServer, act: Callable[[str], object]) -> None:
    """A database of a newer version is refused with the way out."""
    name = server.make_database()
    migrate(server.dsn(name), migrations=(*MIGRATIONS, (), ()))

    with pytest.raises(ConfigurationError, match=f"version {VERSION + 2}") as caught:
        act(server.dsn(name))

    assert "Upgrade" in caught.value.hint


@pytest.mark.parametrize("act", [migrate, PostgresOutbox.open])
def test_schema_of_another_program(server: PostgresServer, act: Callable[[str], object]) -> None:
    """A schema of that name with somebody else's tables is left as it was."""
    name = server.make_database()
    server.execute("CREATE SCHEMA tipline", database=name)
    server.execute("CREATE TABLE tipline.mugs (x integer)", database=name)

    with pytest.raises(ConfigurationError, match="no outbox"):
        act(server.dsn(name))

    tables = server.execute("SELECT tablename::text FROM pg_tables WHERE schemaname = 'tipline'", database=name)
    assert [("mugs",)] == tables


@pytest.mark.parametrize("act", [migrate, PostgresOutbox.open])
def test_database_that_cannot_hold_every_text(server: PostgresServer, act: Callable[[str], object]) -> None:
    """A database of another encoding is refused before a name in it is lost."""
    name = server.make_database(options="TEMPLATE template0 ENCODING 'LATIN1'")

    with pytest.raises(ConfigurationError, match="LATIN1"):
        act(server.dsn(name))


@pytest.mark.parametrize("act", [migrate, PostgresOutbox.open])
def test_connection_string_that_is_none(server: PostgresServer, act: Callable[[str], object]) -> None:
    """A connection string that cannot be read is a setting to correct, and a password in it is not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        act("host=localhost pass word=not-for-logs")

    assert "not-for-logs" not in str(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("act", [migrate, PostgresOutbox.open])
def test_database_that_is_not_there(server: PostgresServer, act: Callable[[str], object]) -> None:
    """Whoever cannot connect is told why, without the password."""
    with pytest.raises(OutboxUnavailableError, match="does not exist") as caught:
        act(server.dsn("no_such_place") + " password=not-for-logs")

    assert "not-for-logs" not in str(caught.value)
    assert caught.value.__context__ is None


async def test_user_who_may_not_make_tables(server: PostgresServer, open_outbox: OpenOutbox) -> None:
    """A dispatcher needs the rights on rows and none on tables."""
    # Of this test alone: a role is one for all databases of the server, and stays when its test has ended.
    if not server.execute("SELECT FROM pg_roles WHERE rolname = 'clerk'"):
        server.execute("CREATE ROLE clerk LOGIN")
    server.execute("GRANT USAGE ON SCHEMA tipline TO clerk")
    server.execute("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA tipline TO clerk")

    outbox = open_outbox(server.dsn().replace("user=tipline", "user=clerk"))
    entry, is_new = await outbox.enqueue(new_entry())

    assert is_new
    assert entry == await outbox.get(entry.id)
    with pytest.raises(psycopg.Error), psycopg.connect(server.dsn().replace("user=tipline", "user=clerk")) as own:
        own.execute("DELETE FROM tipline.entries")


async def test_publication_of_all_tables(server: PostgresServer) -> None:
    """Whatever is changed can be told to a subscriber, where a database is replicated as a whole."""
    name = server.make_database()
    migrate(server.dsn(name))

    unidentified = server.execute(
        """
        SELECT relname FROM pg_class WHERE relnamespace = 'tipline'::regnamespace AND relkind = 'r'
            AND relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary)
        """,
        database=name,
    )

    assert [] == unidentified
