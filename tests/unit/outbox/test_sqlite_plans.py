"""No question of the dispatcher costs more because many reports are delivered: the plans of all statements."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.driver import Connection, DriverName, connect
from tipline_client.outbox.sqlite.opening import open_file

NAMES = [name for name in statements.__all__ if name.isupper()]
WHOLE_TABLES_BY_INTENT = {"ALARMS": {"SCAN alarms"}, "COUNTS": {"SCAN counts"}}
"""All alarms are listed only for a person; the counts are a handful of rows for each lane."""
SHORT_WALKS = {"sqlite_autoindex_entries_2": "idempotency_key=?", "entries_by_state": "state=?"}
"""The indexes of whole lanes, delivered rows and all, and what is asked for when a walk along one is short."""


@pytest.fixture(params=["sqlite3", "apsw"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    driver: DriverName = request.param
    path = tmp_path / "outbox.sqlite"
    opened = open_file(path, driver=driver, busy_timeout=1)
    opened.writer.close()
    opened.reader.close()
    connection = connect(path, driver=driver, busy_timeout=1)
    yield connection
    connection.close()


def _plan(connection: Connection, sql: str) -> list[str]:
    parameters = dict.fromkeys(re.findall(r":(\w+)", sql))
    return [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]


@pytest.mark.parametrize("name", NAMES)
def test_plan_without_a_scan(connection: Connection, name: str) -> None:
    """A statement finds its rows by a key or an index of few rows, and never walks through a table."""
    plan = _plan(connection, getattr(statements, name))

    small = ("INDEX alarms_open", "INDEX acknowledgements_unreceipted", "CONSTANT ROW")
    scans = {step for step in plan if step.startswith("SCAN") and not step.endswith(small)}
    assert WHOLE_TABLES_BY_INTENT.get(name, set()) == scans


@pytest.mark.parametrize("name", NAMES)
def test_plan_without_a_walk_through_a_lane(connection: Connection, name: str) -> None:
    """An index that holds the delivered rows too is asked for one key or one state, never for a lane and all it had."""
    plan = _plan(connection, getattr(statements, name))

    walks = [step for step in plan for index, asked in SHORT_WALKS.items() if index in step and asked not in step]
    assert [] == walks


@pytest.mark.parametrize("name", ["RECORD", "END_LEASE", "HOLDER_OF_REPORT"])
def test_report_looked_for_among_all_others(connection: Connection, name: str) -> None:
    """Whether a report is another entry's is two looks by its number: at those opened, and those filed by hand."""
    plan = " / ".join(_plan(connection, getattr(statements, name)))

    assert "INDEX entries_reports (report_id=?" in plan
    assert "INDEX entries_filed_by_hand (filed_by_hand_as=?" in plan


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("DUE", "COVERING INDEX entries_in_line"),
        ("OLDEST_WAITING", "INDEX entries_waiting"),
        ("NEXT_AVAILABLE", "INDEX entries_available"),
        ("NEXT_LEASE_END", "INDEX entries_leased"),
        ("NUMBERS_IN_STATE", "COVERING INDEX entries_by_state"),
        ("ORPHANED", "COVERING INDEX entries_orphaned"),
    ],
)
def test_question_asked_again_and_again(connection: Connection, name: str, index: str) -> None:
    """What the dispatcher asks all the time is one short walk along an index, sorted already."""
    [step] = _plan(connection, getattr(statements, name))

    assert step.startswith(f"SEARCH entries USING {index} (environment=?") or "COVERING " + index in step


def test_order_of_answers(connection: Connection) -> None:
    """Every order comes from an index; nothing is sorted, so a long line costs no more than its head."""
    plans = {name: " / ".join(_plan(connection, getattr(statements, name))) for name in NAMES}

    assert [] == [name for name, plan in plans.items() if "TEMP B-TREE" in plan]
