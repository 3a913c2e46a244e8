"""The outboxes that are measured, in both stores, with as many delivered reports in them as wanted.

The rows come in by bulk and not through the outbox, which would take hours for a million; they have the columns and the
companions (attempt, acknowledgement, receipt, history) of rows that were delivered one by one. Only their envelopes and
receipts are short, so that a million of them fit on the disk of whoever tries.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.support import postgres

from tipline_client.delivery.acknowledgement import Acknowledgement, FileSet
from tipline_client.delivery.checkpoint import AttachedFile, Checkpoint, Exchange
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.jsonable import to_json
from tipline_client.delivery.steps import Step
from tipline_client.outbox import Lane, SqliteOutbox
from tipline_client.outbox.columns import microseconds
from tipline_client.outbox.postgres import PostgresOutbox, migrate
from tipline_client.outbox.sqlite.driver import choose_driver, connect

__all__ = ["LANE", "REPLY", "acknowledgement", "checkpoint", "filled_postgres", "filled_sqlite", "postgres_database"]

LANE: Final = Lane("sample", Environment.MOCK)
REPLY: Final = b"<reportDoneResponse><responseCode>0</responseCode></reportDoneResponse>"
_FILED_AT: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_EXCHANGES: Final = (Exchange(Step.FINISH, _FILED_AT, answered_at=_FILED_AT, http_status=200, code=0),)
_FILES: Final = (AttachedFile(0, "f" * 32, is_confirmed=True, is_described=True),)
_KINDS: Final = ("entry_queued", "attempt_made", "entry_acknowledged")


def checkpoint(report_id: int) -> Checkpoint:
    """How far an entry with one file has got when its report is finished."""
    return Checkpoint(
        report_id=report_id,
        files=_FILES,
        opened_at=_FILED_AT,
        changed_at=_FILED_AT,
        reports_opened=1,
        exchanges=_EXCHANGES,
        seal="0" * 64,
    )


def acknowledgement(report_id: int) -> Acknowledgement:
    """What is known of a finished report with one file."""
    return Acknowledgement(
        report_id=report_id,
        acknowledged_at=_FILED_AT,
        code=0,
        file_set=FileSet.CONFIRMED,
        files=_FILES,
        reported_file_ids=("f" * 32,),
        exchanges=_EXCHANGES,
    )


# In SQLite's words; a report has the number of its entry, and none of those that are measured has one so low.
_ENTRIES: Final = """
    INSERT INTO entries (id, profile, environment, idempotency_key, content_digest, envelope, is_escalated, state,
        checkpoint, attempts, enqueued_at, available_at, report_id)
    SELECT 'filed-' || number, 'sample', 'mock', 'filed-' || number, :digest, :envelope, :no, 'acknowledged',
        :checkpoint, 1, :now + number, :now + number, CAST(number AS TEXT)
    FROM {numbers}
"""
_COMPANIONS: Final = (
    """
    INSERT INTO attempts (entry, started_at, ended_at, outcome, burns)
        SELECT number, enqueued_at, enqueued_at, 'acknowledged', :yes FROM entries
    """,
    """
    INSERT INTO acknowledgements (entry, report_id, acknowledged_at, facts, reply, receipt)
        SELECT number, report_id, enqueued_at, :facts, :reply, :receipt FROM entries
    """,
)
_LINES: Final = """
    INSERT INTO history ({places} at, profile, environment, entry, entry_id, kind, facts, link)
    SELECT {place} enqueued_at, profile, environment, number, id, kinds.column1, '{{}}', :digest
    FROM entries CROSS JOIN (VALUES {kinds}) AS kinds
"""
_NUMBERS: Final = """
    (WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < :rows)
        SELECT number FROM counted)
"""


def _values(rows: int) -> dict[str, Any]:
    return {
        "rows": rows,
        "now": microseconds(_FILED_AT),
        "digest": "0" * 64,
        "envelope": bytes(range(256)) * 2,
        "checkpoint": to_json(checkpoint(1)),
        "facts": to_json(acknowledgement(1)),
        "reply": REPLY,
        "receipt": bytes(range(256)),
        "yes": True,
        "no": False,
    }


@asynccontextmanager
async def filled_sqlite(folder: Path, rows: int) -> AsyncIterator[SqliteOutbox]:
    """An outbox in a file of its own, with so many delivered rows."""
    path = folder / f"delivered-{rows}.sqlite"
    await SqliteOutbox.open(path).close()
    connection = connect(path, driver=choose_driver("auto"), busy_timeout=5)
    for setting in ("journal_mode = DELETE", "journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
        connection.execute(f"PRAGMA {setting}")
    kinds = ", ".join(f"('{kind}')" for kind in _KINDS)
    for sql in (_ENTRIES.format(numbers=_NUMBERS), *_COMPANIONS, _LINES.format(kinds=kinds, places="", place="")):
        # A value that a statement does not name is refused.
        named = {name: value for name, value in _values(rows).items() if f":{name}" in sql}
        connection.execute("BEGIN")
        connection.execute(sql, named)
        connection.execute("COMMIT")
    connection.close()
    outbox = SqliteOutbox.open(path)
    yield outbox
    await outbox.close()


def postgres_database() -> str | None:
    """The connection string of a fresh outbox in PostgreSQL; `None` where there is no PostgreSQL to start."""
    server = postgres.started()
    if server is None:
        return None
    dsn = server.dsn(server.make_database())
    migrate(dsn)
    return dsn


@asynccontextmanager
async def filled_postgres(rows: int) -> AsyncIterator[PostgresOutbox]:
    """An outbox in a database of its own, with so many delivered rows; there has to be a PostgreSQL to start."""
    server = postgres.started()
    assert server is not None
    name = server.make_database()
    migrate(server.dsn(name))
    kinds = ", ".join(f"('{kind}')" for kind in _KINDS)
    counts = "INSERT INTO counts VALUES ('mock', 'sample', 'acknowledged', 0, :rows)"
    lines = _LINES.format(kinds=kinds, places="place,", place="row_number() OVER (ORDER BY number),")
    with server.connect(name) as connection:
        # Without the triggers, which are made for rows that end one by one.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET search_path = tipline")
        for sql in (_ENTRIES.format(numbers="generate_series(1, :rows) AS number"), *_COMPANIONS, lines, counts):
            connection.execute(re.sub(r":(\w+)", r"%(\1)s", sql).encode(), _values(rows))
    # As the server does by itself after a while.
    server.execute("VACUUM (ANALYZE)", database=name)
    outbox = PostgresOutbox.open(server.dsn(name))
    yield outbox
    await outbox.close()
