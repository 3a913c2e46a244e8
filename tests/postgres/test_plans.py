"""No question of the dispatcher costs more because many reports are delivered: the plans, and what they touch."""

import json
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.contract.values import LANE, MINUTE, new_entry
from tests.postgres.conftest import OpenOutbox
from tests.support import postgres
from tests.support.postgres import PostgresServer
from tipline_client.outbox.postgres import migrate, questions, statements

WHOLE_TABLES_BY_INTENT = {"ALARMS", "COUNT_ENDED"}
"""All alarms are listed only for a person; the numbers of what has ended are sixteen rows a lane and state."""
TEXTS = {"environment": "mock", "environments": ["mock"], "state": "queued", "states": ["queued"], "tokens": ["0" * 32]}
NAMES = {
    **{name: getattr(questions, name) for name in questions.__all__ if name.isupper() and name != "LANE"},
    **{name: getattr(statements, name) for name in statements.__all__},
}

FILL = """
    INSERT INTO tipline.entries (id, profile, environment, idempotency_key, content_digest, envelope, is_escalated,
        state, checkpoint, enqueued_at, available_at)
    SELECT 'filed-' || number, 'sample', 'mock', 'filed-' || number, 'digest', '', false,
        'acknowledged', '{}', number, number
    FROM generate_series(1, 5000) AS number
"""
FILL_REST = """
    INSERT INTO tipline.acknowledgements SELECT number, '1', 0, '{}', '', '' FROM tipline.entries;
    INSERT INTO tipline.attempts (entry, started_at, ended_at, outcome, burns)
        SELECT number, 0, 0, 'acknowledged', true FROM tipline.entries;
    INSERT INTO tipline.notes (entry, written_at, text) SELECT number, 0, 'note' FROM tipline.entries;
    INSERT INTO tipline.rejections (entry, rejected_at, reply) SELECT number, 0, '' FROM tipline.entries;
    INSERT INTO tipline.alarms (entry, kind, text, raised_at, closed_at)
        SELECT number, 'hash_missing', 'text', 0, 0 FROM tipline.entries;
    ANALYZE tipline.entries, tipline.acknowledgements, tipline.attempts, tipline.notes, tipline.alarms
"""


def _fill(server: PostgresServer, database: str = "outbox") -> None:
    server.execute(f"SET session_replication_role = replica; {FILL}", database=database)
    server.execute(FILL_REST, database=database)


def _parameters(sql: str) -> dict[str, Any]:
    named = re.findall(r"%\((\w+)\)s", sql)
    numbers = {
        "number",
        "limit",
        "lease_for",
        "last",
        "horizon",
        "first",
        "after",
        "entry",
        "now",
        "raised_at",
        "burns",
        "moment",
    }
    found: dict[str, Any] = {name: 1 if name in numbers or name.endswith(("_at", "_in")) else "x" for name in named}
    flags = {name: True for name in named if name in {"burns", "is_escalated"}}
    blobs = {name: b"" for name in named if name in {"envelope", "reply", "receipt"}}
    lists = {name: [b""] for name in named if name == "replies"}
    return found | flags | blobs | lists | {name: value for name, value in TEXTS.items() if name in found}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _explain(connection: "psycopg.Connection[Any]", sql: str, *, options: str = "") -> dict[str, Any]:
    rows = connection.execute(f"EXPLAIN (FORMAT json{options}) {sql}".encode(), _parameters(sql)).fetchall()
    plan = rows[0][0]
    found: dict[str, Any] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return found


@pytest.fixture(scope="module")
def filled() -> str:
    """A database of its own with five thousand delivered rows, made once."""
    server = postgres.required()
    name = server.make_database()
    migrate(server.dsn(name))
    _fill(server, name)
    return name


@pytest.fixture
def connection(filled: str) -> Iterator["psycopg.Connection[Any]"]:
    with postgres.required().connect(filled) as connection:
        # As every connection of the store is set up.
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET jit = off")
        yield connection
        connection.rollback()


def test_statements_without_a_scan(connection: "psycopg.Connection[Any]") -> None:
    """Every statement finds its rows by a key or an index of few rows, and never walks through a table."""
    scanned = {
        (name, node["Relation Name"])
        for name, sql in NAMES.items()
        for node in _nodes(_explain(connection, sql))
        if node["Node Type"] == "Seq Scan"
    }

    assert WHOLE_TABLES_BY_INTENT >= {name for name, _ in scanned}


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("CLAIM", "entries_in_line"),
        ("CLAIM_BY_ID", "entries_id"),
        ("RECORD", "entries_id"),
        ("ENTRY_BY_KEY", "entries_idempotency_key"),
        ("OLDEST_WAITING", "entries_waiting"),
        ("NEXT_AVAILABLE", "entries_available"),
        ("NEXT_LEASE_END", "entries_leased"),
        ("PAGE", "entries_by_state"),
        ("ORPHANED_PAGE", "entries_orphaned"),
        ("UNRECEIPTED", "acknowledgements_unreceipted"),
    ],
)
def test_question_asked_again_and_again(connection: "psycopg.Connection[Any]", name: str, index: str) -> None:
    """What the dispatcher asks all the time is a walk along the index made for it."""
    used = {node["Index Name"] for node in _nodes(_explain(connection, NAMES[name])) if "Index Name" in node}

    assert index in used


@pytest.mark.parametrize("name", ["RECORD", "END_LEASE", "HOLDER_OF_REPORT"])
@pytest.mark.parametrize("is_known", [False, True])
def test_report_looked_for_among_all_others(filled: str, name: str, *, is_known: bool) -> None:
    """Whether a report is another entry's is two looks by its number, also while nobody has analysed the tables yet."""
    server = postgres.required()
    database = filled if is_known else server.make_database()
    if not is_known:
        migrate(server.dsn(database))

    with server.connect(database) as connection:
        connection.execute("SET enable_seqscan = off")
        used = {node["Index Name"] for node in _nodes(_explain(connection, NAMES[name])) if "Index Name" in node}

    assert {"entries_reports", "entries_filed_by_hand"} <= used
    assert "entries_by_state" not in used


async def test_claim_after_many_deliveries(server: PostgresServer, open_outbox: OpenOutbox) -> None:
    """A claim touches as many pages of the line with five thousand delivered rows as with none, give or take few."""
    outbox = open_outbox()
    touched: list[int] = []
    for is_filled in (False, True):
        server.empty_outbox()
        if is_filled:
            _fill(server)
        for number in range(20):
            await outbox.enqueue(new_entry(f"{number}"))
        with server.connect() as connection:
            connection.execute("SET enable_seqscan = off")
            sql = statements.CLAIM.replace("%(profile)s", f"'{LANE.profile}'").replace("%(now)s", "NULL")
            plan = _explain(connection, sql.replace("%(last)s", "253402300799999999"), options=", ANALYZE, BUFFERS")
        touched.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
        assert 1 == len(await outbox.claim(LANE, limit=1, lease_for=MINUTE))

    alone, among_many = touched
    assert among_many <= alone + 12
