"""Which SQLite is taken, what it is allowed, and what its result codes become."""

import sqlite3
from pathlib import Path

import pytest

from tipline_client.errors import ConfigurationError, OutboxUnavailableError
from tipline_client.outbox import SqliteOutbox, UnreadableRowError
from tipline_client.outbox.sqlite import driver as driver_module
from tipline_client.outbox.sqlite.driver import DriverName, choose_driver, connect, library_version
from tipline_client.outbox.sqlite.failures import failure_of
from tipline_client.outbox.sqlite.opening import open_file

every_driver = pytest.mark.parametrize("driver", ["sqlite3", "apsw"])


@pytest.mark.parametrize(
    ("version", "expected"), [("3.51.3", "sqlite3"), ("3.52.0", "sqlite3"), ("3.51.2", "apsw"), ("3.9.9", "apsw")]
)
def test_automatic_driver(monkeypatch: pytest.MonkeyPatch, version: str, expected: str) -> None:
    """The standard library is taken exactly where its SQLite is recent enough to share a log."""
    monkeypatch.setitem(driver_module._VERSIONS, "sqlite3", version)

    assert expected == choose_driver("auto")


def test_standard_library_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """An SQLite without the tables' features is refused with the way out, even when asked for by name."""
    monkeypatch.setitem(driver_module._VERSIONS, "sqlite3", "3.36.0")

    with pytest.raises(ConfigurationError, match=r"3\.36\.0") as caught:
        choose_driver("sqlite3")

    assert "apsw" in caught.value.hint


def test_unknown_driver() -> None:
    """A driver that does not exist is a setting to correct."""
    with pytest.raises(ConfigurationError, match="mysql"):
        choose_driver("mysql")  # type: ignore[arg-type]  # what a configuration file may hold


@pytest.mark.parametrize(("version", "expected"), [("3.51.2", "delete"), ("3.51.3", "wal")])
async def test_journal_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, expected: str) -> None:
    """A write-ahead log is used exactly where the version of SQLite is safe with one, and doctor can say so."""
    monkeypatch.setitem(driver_module._VERSIONS, "sqlite3", version)
    outbox = SqliteOutbox.open(tmp_path / "outbox.sqlite", driver="sqlite3")

    facts = await outbox.facts()
    await outbox.close()

    assert expected == facts["journal_mode"]
    assert (version, "sqlite3", "0600") == (facts["sqlite_version"], facts["driver"], facts["file_mode"])


async def test_file_with_a_log_opened_by_an_old_library(tmp_path: Path) -> None:
    """A file that a newer library left with a log gets its rollback journal back before an old one writes to it."""
    path = tmp_path / "outbox.sqlite"
    await SqliteOutbox.open(path, driver="apsw").close()

    outbox = SqliteOutbox.open(path, driver="sqlite3")
    facts = await outbox.facts()
    await outbox.close()

    connection = sqlite3.connect(path)
    [[mode]] = connection.execute("PRAGMA journal_mode")
    connection.close()
    expected = "wal" if library_version("sqlite3") >= driver_module.SAFE_WITH_LOG else "delete"
    assert (expected, expected) == (facts["journal_mode"], mode)


@every_driver
def test_durability_settings(tmp_path: Path, driver: DriverName) -> None:
    """What was answered survives a loss of power: each commit is flushed, and references are enforced."""
    opened = open_file(tmp_path / "outbox.sqlite", driver=driver, busy_timeout=1)

    flushed = 2 if opened.journal_mode == "wal" else 3
    assert [(flushed,)] == opened.writer.execute("PRAGMA synchronous")
    assert [(1,)] == opened.writer.execute("PRAGMA foreign_keys")
    assert [(1,)] == opened.reader.execute("PRAGMA query_only")
    for connection in (opened.writer, opened.reader):
        assert [(0,)] == connection.execute("PRAGMA trusted_schema")
        connection.close()


@every_driver
def test_reader_cannot_write(tmp_path: Path, driver: DriverName) -> None:
    """The connection that answers questions changes nothing, whatever it is asked."""
    opened = open_file(tmp_path / "outbox.sqlite", driver=driver, busy_timeout=1)

    with pytest.raises(OutboxUnavailableError):
        opened.reader.execute("DELETE FROM entries")
    for connection in (opened.writer, opened.reader):
        connection.close()


@every_driver
def test_file_that_cannot_be_opened(tmp_path: Path, driver: DriverName) -> None:
    """A path that holds no file in a folder that does not exist is said to be so, by either driver."""
    with pytest.raises(OutboxUnavailableError, match="cannot be opened"):
        connect(tmp_path / "none" / "outbox.sqlite", driver=driver, busy_timeout=1)


@every_driver
def test_value_in_a_message(tmp_path: Path, driver: DriverName) -> None:
    """A refusal of the database names neither the value nor the statement."""
    path = tmp_path / "outbox.sqlite"
    path.touch()
    connection = connect(path, driver=driver, busy_timeout=1)
    connection.execute("CREATE TABLE mugs (name TEXT CHECK (name <> 'secret mug'))")

    with pytest.raises(UnreadableRowError) as caught:
        connection.execute("INSERT INTO mugs VALUES (:name)", {"name": "secret mug"})

    assert "mug" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__!r}"
    connection.close()


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (5, OutboxUnavailableError, "more than 5 s"),
        (5 | 2 << 8, OutboxUnavailableError, "locked"),
        (8, OutboxUnavailableError, "cannot be written to"),
        (10 | 13 << 8, OutboxUnavailableError, "reading or writing"),
        (11, OutboxUnavailableError, "damaged"),
        (13, OutboxUnavailableError, "the disk is full"),
        (778, OutboxUnavailableError, "the disk is full"),
        (4874, OutboxUnavailableError, "the disk is full"),
        (14, OutboxUnavailableError, "cannot be opened"),
        (19, UnreadableRowError, "breaks the rules of its table"),
        (20, OutboxUnavailableError, "refused"),
        (26, OutboxUnavailableError, "not an SQLite database"),
    ],
)
def test_result_codes(code: int, kind: type[Exception], words: str) -> None:
    """Each result code, also in its longer form, is an error of ours that says what happened and the way out."""
    error = failure_of(code, waited=5)

    assert kind is type(error)
    assert words in str(error)
    assert error.hint
