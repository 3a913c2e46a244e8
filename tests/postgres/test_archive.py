"""What PostgreSQL alone does after a destruction: its tables are vacuumed, by whoever owns them."""

from datetime import timedelta

from tests.contract.test_archive_holds import US, filed
from tests.contract.values import CHAIN
from tests.support import postgres
from tipline_client.outbox.postgres import PostgresOutbox


async def test_tables_vacuumed_by_their_owner() -> None:
    """After a scrub the server has vacuumed each table that held something sealed, and says so."""
    server = postgres.required()
    server.empty_outbox()
    outbox = PostgresOutbox.open(server.dsn(), max_connections=2, chain=CHAIN)
    await filed(outbox, US)
    await outbox.archive.begin_destruction("id-one", b"plan", reason="over", actor="Zoë", request="order 12")
    await outbox.archive.empty("id-one")

    words = await outbox.archive.scrub()

    await outbox.close()
    assert words.startswith("PostgreSQL: the tables vacuumed")
    server.wait_until(
        "(SELECT count(*) = 4 FROM pg_stat_all_tables WHERE schemaname = 'tipline' AND last_vacuum IS NOT NULL"
        " AND relname IN ('entries', 'replies', 'rejections', 'acknowledgements'))"
    )


async def test_user_who_does_not_own_the_tables() -> None:
    """A dispatcher's user may not vacuum; the certificate is told so, and the destruction goes on."""
    server = postgres.required()
    server.empty_outbox()
    server.execute("DROP ROLE IF EXISTS dispatcher_of_archive")
    server.execute("CREATE ROLE dispatcher_of_archive LOGIN")
    server.execute("GRANT USAGE ON SCHEMA tipline TO dispatcher_of_archive")
    server.execute("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA tipline TO dispatcher_of_archive")
    dsn = server.dsn().replace("user=tipline", "user=dispatcher_of_archive")
    outbox = PostgresOutbox.open(dsn, max_connections=2, answer_within=timedelta(seconds=30), chain=CHAIN)
    await filed(outbox, US)
    await outbox.archive.begin_destruction("id-one", b"plan", reason="over", actor="Zoë", request="order 12")
    await outbox.archive.empty("id-one")

    words = await outbox.archive.scrub()
    done = await outbox.archive.complete_destruction("id-one", b"certificate")

    await outbox.close()
    server.execute("DROP OWNED BY dispatcher_of_archive")
    server.execute("DROP ROLE dispatcher_of_archive")
    assert "not vacuumed" in words
    assert done.is_done
