"""Files of every version: made, brought forward, refused."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.contract.values import LANE, MINUTE, START
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.errors import ConfigurationError, OutboxUnavailableError, TiplineError
from tipline_client.outbox import SqliteOutbox
from tipline_client.outbox.sqlite import opening
from tipline_client.outbox.sqlite.driver import Connection, DriverName, Row, Value, connect
from tipline_client.outbox.sqlite.failures import failure_of
from tipline_client.outbox.sqlite.schema import APPLICATION_ID, MIGRATIONS, VERSION, check_version, migrate
from tipline_client.testing import TurnableClock

GOLDEN = Path(__file__).parent / "golden" / "outbox_v1.sql"
every_driver = pytest.mark.parametrize("driver", ["sqlite3", "apsw"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


def _run(path: Path, script: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


def _ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    rows = connection.execute(sql).fetchall()
    connection.close()
    return rows


def _modes(folder: Path) -> set[int]:
    return {file.stat().st_mode & 0o777 for file in folder.iterdir()}


def _schema(path: Path) -> list[tuple[object, ...]]:
    rows = _ask(
        path, "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    return [(kind, name, table, " ".join(str(sql).split())) for kind, name, table, sql in rows]


@every_driver
async def test_new_file(path: Path, driver: DriverName) -> None:
    """A new file carries our mark and the current version, and is readable by its owner alone."""
    outbox = SqliteOutbox.open(path, driver=driver)
    await outbox.close()

    assert [(APPLICATION_ID,)] == _ask(path, "PRAGMA application_id")
    assert [(VERSION,)] == _ask(path, "PRAGMA user_version")
    assert {0o600} == _modes(path.parent)


async def test_log_beside_a_new_file(path: Path) -> None:
    """The write-ahead log and its index hold the same content as the file, and are as private."""
    outbox = SqliteOutbox.open(path, driver="apsw")

    names, modes = {file.name for file in path.parent.iterdir()}, _modes(path.parent)

    assert {"outbox.sqlite", "outbox.sqlite-wal", "outbox.sqlite-shm"} == names
    assert {0o600} == modes
    await outbox.close()


@every_driver
async def test_file_of_version_1(path: Path, driver: DriverName) -> None:
    """A file of the first version comes forward with every row, and ends with the tables of a new file."""
    _run(path, GOLDEN.read_text(encoding="utf-8"))
    outbox = SqliteOutbox.open(path, clock=TurnableClock(START + MINUTE), driver=driver)

    counts, dead = await outbox.count(), await outbox.get("id-dead")
    record, [alarm] = await outbox.acknowledgement("id-filed"), await outbox.alarms()
    [lease] = await outbox.claim(LANE, limit=9, lease_for=MINUTE)
    reply, notes = await outbox.rejected_reply("id-dead"), await outbox.notes("id-dead")
    await outbox.close()

    states = (State.HELD, State.QUEUED, State.ACKNOWLEDGED, State.DEAD_LETTER)
    assert [1, 1, 1, 1] == [counts.by_state[state] for state in states]
    assert Failure(kind="invalid", text="code 4100 at line 3", step=Step.SUBMIT, code=4100) == dead.last_failure
    assert record is not None
    assert (4711, b"<x/>") == (record.acknowledgement.report_id, record.reply)
    assert ("id-filed", "id-queued") == (alarm.entry_id, lease.entry.id)
    assert (b"<x/>", [(START + MINUTE, "requeued: once before")]) == (reply, notes)
    fresh = path.with_name("fresh.sqlite")
    await SqliteOutbox.open(fresh, driver=driver).close()
    assert _schema(fresh) == _schema(path)
    assert [("ok",)] == _ask(path, "PRAGMA integrity_check")


@every_driver
def test_newer_file(path: Path, driver: DriverName) -> None:
    """A file of a newer version is refused with the way out, and not one byte of it changes."""
    _run(
        path, f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION + 1}; CREATE TABLE later (x);"
    )
    before = path.read_bytes()

    with pytest.raises(ConfigurationError, match=f"version {VERSION + 1}") as caught:
        SqliteOutbox.open(path, driver=driver)

    assert "Upgrade" in caught.value.hint
    assert before == path.read_bytes()


@every_driver
@pytest.mark.parametrize(
    "script",
    ["CREATE TABLE mugs (x);", "PRAGMA application_id = 7;", "PRAGMA user_version = 1;"],
    ids=["tables", "mark", "version"],
)
def test_database_of_another_program(path: Path, driver: DriverName, script: str) -> None:
    """Somebody else's database is refused and left as it was."""
    _run(path, script)
    before = path.read_bytes()

    with pytest.raises(ConfigurationError, match="no outbox"):
        SqliteOutbox.open(path, driver=driver)

    assert before == path.read_bytes()


@every_driver
def test_file_that_is_no_database(path: Path, driver: DriverName) -> None:
    """It may be an outbox whose head is damaged: nobody is told to move it away, and no word of it is shown."""
    path.write_bytes(b"a list of coffee mugs, nothing else\n" * 200)
    before = path.read_bytes()

    with pytest.raises(TiplineError, match="not an SQLite database") as caught:
        SqliteOutbox.open(path, driver=driver)

    assert isinstance(caught.value, OutboxUnavailableError)
    assert "restore a backup" in caught.value.hint
    assert "move" not in caught.value.hint
    assert "mugs" not in str(caught.value)
    assert before == path.read_bytes()


@every_driver
def test_disk_full_while_the_journal_is_made(path: Path, driver: DriverName, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is called full at once, and no other process is blamed for it."""

    class Full:
        def __init__(self, path: Path, **how: Any) -> None:
            self._real = connect(path, **how)

        def execute(self, sql: str, *more: Any) -> list[tuple[Any, ...]]:
            if sql.startswith("PRAGMA journal_mode"):
                raise failure_of(4874, waited=5)
            return self._real.execute(sql, *more)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    monkeypatch.setattr(opening, "connect", Full)

    with pytest.raises(OutboxUnavailableError, match="the disk is full"):
        SqliteOutbox.open(path, driver=driver)


@every_driver
def test_migration_that_fails(path: Path, driver: DriverName) -> None:
    """A migration that fails half-way leaves the file at the version that it had, with nothing of the new one."""
    path.touch()
    connection = connect(path, driver=driver, busy_timeout=1)
    migrate(connection, migrations=MIGRATIONS[:1])
    broken = (*MIGRATIONS[:1], ("CREATE TABLE half (x)", "CREATE TABLE entries (x)"))

    with pytest.raises(OutboxUnavailableError):
        migrate(connection, migrations=broken)

    assert [(1,)] == connection.execute("PRAGMA user_version")
    assert [] == connection.execute("SELECT name FROM sqlite_schema WHERE name = 'half'")
    assert not connection.in_transaction
    connection.close()


def test_migrations_in_order(path: Path) -> None:
    """Only the steps that a file lacks are run, in order, and the version that was found is told."""
    path.touch()
    connection = connect(path, driver="apsw", busy_timeout=1)
    steps = (("CREATE TABLE mugs (x)",), ("INSERT INTO mugs VALUES (1)",), ("INSERT INTO mugs SELECT x + 1 FROM mugs",))

    found = [migrate(connection, migrations=steps[:1]), migrate(connection, migrations=steps)]

    assert [0, 1] == found
    assert [(1,), (2,)] == connection.execute("SELECT x FROM mugs")
    assert 3 == migrate(connection, migrations=steps)
    connection.close()


class Interrupted:
    """A connection behind whose back another process makes the tables, after the first statement that reads."""

    def __init__(self, connection: Connection, other: Connection) -> None:
        self._connection, self._other = connection, other
        self._is_before = True

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, parameters: Mapping[str, Value] = {}, /) -> list[Row]:
        rows = self._connection.execute(sql, parameters)
        if self._is_before and rows:
            self._is_before = False
            migrate(self._other)
        return rows

    def close(self) -> None:
        self._connection.close()


def test_tables_made_by_another_process_meanwhile(path: Path) -> None:
    """Two processes that open a new file at once see it as it was before or after, never as somebody else's."""
    path.touch()
    first, second = (connect(path, driver="apsw", busy_timeout=1) for _ in range(2))
    first.execute("PRAGMA journal_mode = wal")

    found = check_version(Interrupted(first, second))

    assert found in (0, VERSION)
    assert not first.in_transaction
    assert VERSION == check_version(first)
    first.close()
    second.close()


def test_folder_that_does_not_exist(tmp_path: Path) -> None:
    """A missing folder is a setting to correct, and the path is named."""
    with pytest.raises(ConfigurationError, match="folder does not exist"):
        SqliteOutbox.open(tmp_path / "none" / "outbox.sqlite")


def test_path_that_is_a_folder(tmp_path: Path) -> None:
    """A folder in the place of the file is said to be one."""
    with pytest.raises(ConfigurationError, match="is a folder"):
        SqliteOutbox.open(tmp_path)
