"""Every column of every table with a value of the wrong type in it: named or passed over, and no other row suffers."""

import sqlite3
from pathlib import Path

import pytest

from tests.contract.values import LANE, MINUTE, acknowledge, attempt, lease_of, new_entry
from tests.support.altering import alter
from tipline_client.delivery.acknowledgement import Alarm, AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.errors import OutboxError
from tipline_client.outbox import SqliteOutbox, UnreadableRowError
from tipline_client.outbox.sqlite.driver import DriverName
from tipline_client.testing import TurnableClock

ENTRY_COLUMNS = [
    "id",
    "profile",
    "idempotency_key",
    "content_digest",
    "envelope",
    "data_key",
    "is_escalated",
    "checkpoint",
    "lapses_at",
    "attempts",
    "last_failure",
    "withdrawal_reason",
    "filed_by_hand_as",
    "known_at",
    "report_id",
    "warned_at",
    "orphans_lapse_at",
    "enqueued_at",
    "available_at",
    "lease_token",
    "lease_expires_at",
]
OTHER_COLUMNS = [
    ("attempts", "started_at"),
    ("attempts", "outcome"),
    ("attempts", "failure"),
    ("attempts", "burns"),
    ("acknowledgements", "report_id"),
    ("acknowledgements", "acknowledged_at"),
    ("acknowledgements", "facts"),
    ("acknowledgements", "reply"),
    ("acknowledgements", "receipt"),
    ("alarms", "kind"),
    ("alarms", "text"),
    ("alarms", "raised_at"),
    ("alarms", "closed_note"),
    ("notes", "written_at"),
    ("notes", "text"),
    ("rejections", "reply"),
    ("replies", "reply"),
]
VALUES = ["x'ff00'", "'coffee'", "CAST(x'ff' AS TEXT)", "-4611686018427387904", "9223372036854775807", "1.5", "NULL"]
DRIVERS: list[DriverName] = ["apsw", "sqlite3"]


_filled: dict[DriverName, bytes] = {}


async def _fill(path: Path, driver: DriverName) -> None:
    """Make an outbox file with a row in every table; all of it lies in the one file afterwards."""
    made = SqliteOutbox.open(path, clock=TurnableClock(), driver=driver)
    lease = await lease_of(made, "filed")
    await made.record(lease, Checkpoint(), replies=[b"sealed"])
    await acknowledge(made, lease)
    await made.store_receipt("id-filed", b"receipt")
    await made.dead_letter(
        await lease_of(made, "dead"),
        Checkpoint(),
        attempt(Outcome.REJECTED),
        reply=b"<no/>",
        alarms=[Alarm(AlarmKind.HASH_MISSING, "no hash", raised_at=attempt(Outcome.REJECTED).ended_at)],
    )
    await made.enqueue(new_entry("gone"))
    await made.withdraw("id-gone", reason="wrong account")
    await made.enqueue(new_entry("one"))
    await made.enqueue(new_entry("two"))
    await made.close()


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> DriverName:
    chosen: DriverName = request.param
    return chosen


@pytest.fixture
async def path(tmp_path: Path, driver: DriverName) -> Path:
    """An outbox file that nobody has open: filled once for each driver, and copied for each of the many tests."""
    path = tmp_path / "outbox.sqlite"
    if driver not in _filled:
        await _fill(path, driver)
        assert not path.with_name(f"{path.name}-wal").exists(), "a part of it would be missed"
        _filled[driver] = path.read_bytes()
    else:
        path.write_bytes(_filled[driver])
    return path


async def test_columns_that_are_tried(path: Path, driver: DriverName) -> None:
    """Every column is: a number cannot be wrong, and a state or environment that is none is tried apart."""
    connection = sqlite3.connect(path)
    columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(entries)")]
    connection.close()

    assert {*ENTRY_COLUMNS, "number", "state", "environment"} == set(columns)


@pytest.mark.parametrize("is_strict_again", [False, True])
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("column", ENTRY_COLUMNS)
async def test_column_of_an_entry(
    path: Path, driver: DriverName, column: str, value: str, is_strict_again: bool
) -> None:
    """The row is set aside, delivered in spite of it, or left alone and named; the entry behind it is leased."""
    alter(path, f"UPDATE entries SET {column} = {value} WHERE id = 'id-one'", is_strict_again=is_strict_again)  # noqa: S608
    reopened = SqliteOutbox.open(path, clock=TurnableClock(), driver=driver)

    listed = await reopened.list_entries()
    claimed = await reopened.claim(LANE, limit=9, lease_for=MINUTE)
    counts = await reopened.count()
    strays = await reopened.strays([LANE])
    now = await reopened.list_entries()
    await reopened.close()

    leased = {lease.entry.id for lease in claimed}
    assert {"id-filed", "id-dead", "id-gone", "id-two"} <= {entry.id for entry in listed}
    assert "id-two" in leased
    [damaged] = [entry for entry in now if entry.id not in {"id-filed", "id-dead", "id-gone", "id-two"}]
    is_named = bool(damaged.unreadable) or bool(claimed.set_aside) or damaged.profile != LANE.profile
    assert is_named or damaged.state is State.LEASED
    assert 5 == sum(counts.by_state.values())
    assert (damaged.profile != LANE.profile) == bool(strays.count) or column == "profile"


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(("table", "column"), OTHER_COLUMNS)
async def test_column_beside_the_entries(path: Path, driver: DriverName, table: str, column: str, value: str) -> None:
    """All that is on record of any entry can still be asked for; what is damaged alone is refused, by name."""
    alter(path, f"UPDATE {table} SET {column} = {value}", is_strict_again=False)  # noqa: S608
    reopened = SqliteOutbox.open(path, clock=TurnableClock(), driver=driver)

    entries = await reopened.list_entries()
    claimed = await reopened.claim(LANE, limit=9, lease_for=MINUTE)
    await reopened.count()
    await reopened.unreceipted()
    for entry in entries:
        await reopened.attempts(entry.id)
        await reopened.alarms(entry_id=entry.id)
        await reopened.notes(entry.id)
    errors = []
    for ask in (reopened.acknowledgement, reopened.rejected_reply, reopened.replies):
        for name in ("id-filed", "id-dead"):
            try:
                await ask(name)
            except OutboxError as error:
                errors.append(error)
    await reopened.alarms()
    filed = await reopened.get("id-filed")
    await reopened.close()

    assert {"id-one", "id-two"} == {lease.entry.id for lease in claimed}
    assert {UnreadableRowError} >= {type(error) for error in errors}
    assert filed.has_receipt


@pytest.mark.parametrize("longest_due", [False, True])
async def test_rows_that_cannot_even_be_set_aside(path: Path, driver: DriverName, *, longest_due: bool) -> None:
    """They keep their places at the head of the line, and take none of the places that a claim asks for."""
    change = "UPDATE entries SET attempts = 'coffee' WHERE id = 'id-one'"
    alter(path, change, is_strict_again=True)
    reopened = SqliteOutbox.open(path, clock=TurnableClock(), driver=driver)

    claimed = await reopened.claim(LANE, limit=1, lease_for=MINUTE, longest_due=longest_due)
    none = await reopened.claim(LANE, limit=1, lease_for=MINUTE, longest_due=longest_due)
    await reopened.close()

    assert (["id-two"], []) == ([lease.entry.id for lease in claimed], list(none))


async def test_environment_that_does_not_exist(path: Path, driver: DriverName) -> None:
    """A row of no environment is neither listed nor claimed, but counted, named as a stray, and refused by name."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute("UPDATE entries SET environment = 'moon' WHERE id IN ('id-one', 'id-filed')")
    connection.commit()
    connection.close()
    reopened = SqliteOutbox.open(path, clock=TurnableClock(), driver=driver)

    listed = [entry.id for entry in await reopened.list_entries()]
    claimed = await reopened.claim(LANE, limit=9, lease_for=MINUTE)
    strays = await reopened.strays([LANE])
    with pytest.raises(UnreadableRowError, match="environment"):
        await reopened.get("id-one")
    await reopened.close()

    assert ["id-dead", "id-gone", "id-two"] == listed
    assert ["id-two"] == [lease.entry.id for lease in claimed]
    assert (2, {("id-one", "moon", "queued"), ("id-filed", "moon", "acknowledged")}) == (
        strays.count,
        {(stray.entry_id, stray.environment, stray.state) for stray in strays.first},
    )
