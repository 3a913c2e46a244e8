"""The history of an outbox: what `tipline verify --all` makes of lines that somebody removed or edited."""

import sqlite3
from pathlib import Path

import pytest

from tests.acceptance.world import World
from tipline_client.cli.exit_codes import ExitCode


def _by_hand(home: Path, sql: str) -> None:
    connection = sqlite3.connect(home / "outbox.sqlite", isolation_level=None)
    connection.execute(sql)
    connection.close()


@pytest.fixture
def filed(world: World) -> World:
    """An outbox with one entry that was filed."""
    assert 0 == world.run("submit", str(world.submission())).code
    return world


def _problems(world: World) -> list[tuple[str, str]]:
    ran = world.run("verify", "--all", "--json")
    document = ran.document
    assert (ran.code == ExitCode.NOT_VERIFIED) == bool(document["problems"])
    return [(problem["what"].partition(" ")[0], problem["problem"]) for problem in document["problems"]]


def test_history_that_nobody_touched(filed: World) -> None:
    """It is whole, and ends where the entry stands."""
    assert [] == _problems(filed)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DELETE FROM history", "no line of it left"),
        ("DELETE FROM history WHERE position = 1", "line 1 was edited, or one before it removed"),
        ("DELETE FROM history WHERE position = 2", "line 2 was edited, or one before it removed"),
        ("DELETE FROM history WHERE position >= 3", "it ends with queued, and the entry is acknowledged"),
        ("UPDATE history SET at = at + 1 WHERE position = 1", "line 1 was edited"),
        ("UPDATE history SET kind = 'EntryRetracted' WHERE position = 3", "line 3 was edited"),
        ("UPDATE history SET kind = 'Coffee' WHERE position = 3", "line 3 holds what this program never wrote"),
        ("UPDATE history SET facts = 'coffee' WHERE position = 2", "line 2 was edited"),
    ],
)
def test_lines_altered_by_hand(filed: World, change: str, words: str) -> None:
    """A line that was removed or edited shows, with its place."""
    _by_hand(filed.home, change)

    problems = _problems(filed)

    # A hold of which no line tells is named beside the lines that are missing.
    assert {"history"} <= {what for what, _ in problems} <= {"history", "holds"}
    assert words in problems[0][1]


def test_chain_written_anew(filed: World) -> None:
    """Whoever can only write rows cannot make the links: with plain ones the lines are told apart."""
    _by_hand(filed.home, "UPDATE history SET link = 'plain:' || substr(link, 7)")

    [(what, words)] = _problems(filed)

    assert "history" == what
    assert "edited" in words
