"""An application's own SQLite file, with the tables of the outbox beside its own."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.support.stage import sample_evidence, sample_report
from tipline_client import State, TiplineClient
from tipline_client.cli import main
from tipline_client.errors import ConfigurationError
from tipline_client.mock import MockEndpoint
from tipline_client.outbox import Address, SqliteOutbox, holds_entries, migrate_database
from tipline_client.outbox.sqlite import VERSION
from tipline_client.profiles import mock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that is in use already."""
    path = tmp_path / "app.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE moderation_decision (case_number INTEGER)")
        connection.execute("INSERT INTO moderation_decision VALUES (4711)")
        connection.commit()
    return path


def made_in(file: Path) -> set[str]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return {str(name) for [name] in connection.execute("SELECT name FROM sqlite_schema")}


def test_tables_made_beside_others(file: Path) -> None:
    """Once, and what was there stays as it was."""
    address = Address(f"sqlite://{file}")

    found = [migrate_database(address), migrate_database(address)]

    assert [(0, VERSION), (VERSION, VERSION)] == found
    assert {"moderation_decision", "entries", "history"} <= made_in(file)
    assert not holds_entries(address)


async def test_file_named_without_saying_that_it_is_shared(file: Path) -> None:
    """A database that is no outbox is not made one by a mistyped path."""
    with pytest.raises(ConfigurationError, match="no outbox"):
        SqliteOutbox.open(file, driver="sqlite3")

    assert {"moderation_decision"} == made_in(file)


@pytest.mark.parametrize("statement", ["CREATE TABLE notes (n)", "CREATE INDEX history_of_entry ON mugs (n)"])
def test_name_that_is_taken(file: Path, statement: str) -> None:
    """It is refused with the names, and nothing is made."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE mugs (n)")
        connection.execute(statement)
    before = made_in(file)

    with pytest.raises(ConfigurationError, match=statement.split()[2]):
        migrate_database(Address(f"sqlite://{file}"))

    assert before == made_in(file)


@pytest.mark.parametrize("pragma", ["user_version = 3", "application_id = 77"])
def test_file_that_is_marked_as_another_programs(file: Path, pragma: str) -> None:
    """Two programs cannot both keep their version in it."""
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA {pragma}")

    with pytest.raises(ConfigurationError, match="no outbox"):
        migrate_database(Address(f"sqlite://{file}"))


@pytest.mark.parametrize("url", ["sqlite://", "sqlite://app.sqlite", "sqlite:///"])
def test_address_without_a_path(url: str) -> None:
    """What it is relative to would differ from process to process."""
    with pytest.raises(ConfigurationError, match="absolute path"):
        Address(url)


def test_dispatched_by_the_command(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dispatcher finds what the application committed under the same address."""
    monkeypatch.chdir(tmp_path)
    home, address = str(tmp_path / "home"), f"sqlite://{file}"
    with MockEndpoint() as endpoint:
        for name, value in (("ENDPOINT", endpoint.base_url), ("HOME", home), ("OUTBOX", address)):
            monkeypatch.setenv(f"TIPLINE_{name}", value)
        monkeypatch.setenv("TIPLINE_USERNAME", endpoint.username)
        monkeypatch.setenv("TIPLINE_PASSWORD", endpoint.password)
        with (
            TiplineClient.open(home, profile=endpoint.profile, outbox=address) as client,
            contextlib.closing(sqlite3.connect(file)) as connection,
        ):
            entry = client.enqueue(sample_report(), evidence=sample_evidence(), connection=connection)
            connection.commit()

        code = main(["dispatch", "--drain"])

        with TiplineClient.open(home, profile=endpoint.profile, outbox=address) as client:
            assert (0, State.ACKNOWLEDGED) == (code, client.entry(entry.id).state)
        assert 1 == endpoint.summary()["finished"]
        assert 0 == main(["evidence", "collect"])


def test_file_of_the_home_named_as_an_applications(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is one outbox, whatever name it goes by; if it was used, another file may not have anything collected."""
    home, own, other = str(tmp_path / "home"), tmp_path / "home" / "outbox.sqlite", tmp_path / "app.sqlite"
    assert 0 == main(["init", "--home", home])
    with TiplineClient.open(home, profile=mock("http://127.0.0.1:9/ispws")) as client:
        client.enqueue(sample_report("one"))
    assert 0 == main(["migrate", "--home", home, "--outbox", f"sqlite://{other}"])

    codes = [
        main(["evidence", "collect", "--yes", "--home", home, "--outbox", f"sqlite://{file}"]) for file in (own, other)
    ]

    assert [0, 5] == codes
    assert "may name copies" in capsys.readouterr().err
