"""A look that has an end says so where it was reached: what nobody looked at does not pass for well."""

import sqlite3

import pytest

from tests.acceptance.world import World
from tipline_client.cli.verbs import dispatch, listing, status
from tipline_client.dispatch import summary
from tipline_client.mock import code

ALTERED = "only the 1 oldest of 2 waiting entries were looked at for alterations"
FAILED = "none of the 1 oldest that wait; 1 more were not looked at"


@pytest.fixture
def waiting(world: World) -> World:
    """A home with two entries that wait."""
    for key in ("a", "b"):
        assert 0 == world.run("enqueue", str(world.submission(key, name=f"{key}.json"))).code
    return world


def test_status_of_more_than_it_looks_at(waiting: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how many it looked at and of how many, for alterations and for the last error."""
    monkeypatch.setattr(status, "_LOOKED_AT", 1)

    ran, document = waiting.run("status"), waiting.run("status", "--json").document

    assert (True, True) == (ALTERED in ran.out, f"last error    {FAILED}" in ran.out)
    assert (1, 1, True) == tuple(
        document["altered"][name] for name in ("lookedAt", "notLookedAt", "signaturesVerified")
    )
    assert (None, 1) == tuple(document["environments"]["mock"][name] for name in ("lastError", "lastErrorNotLookedAt"))


def test_status_of_all_that_it_looks_at(waiting: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that was whole is not called anything else, also when it ends right at its limit."""
    monkeypatch.setattr(status, "_LOOKED_AT", 2)

    ran, document = waiting.run("status"), waiting.run("status", "--json").document

    assert "looked at" not in ran.out
    assert (2, 0) == (document["altered"]["lookedAt"], document["altered"]["notLookedAt"])
    assert 0 == document["environments"]["mock"]["lastErrorNotLookedAt"]


def test_status_without_keys_that_can_be_read(waiting: World) -> None:
    """It says that it verified nothing."""
    for key in (waiting.home / "keys").glob("*.public.pem"):
        key.write_text("coffee")

    ran, document = waiting.run("status"), waiting.run("status", "--json").document

    assert "no signature of what waits was verified" in ran.out
    assert document["altered"]["signaturesVerified"] is False


def test_drain_that_leaves_more_than_it_looks_at(waiting: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of a drain says the same of what it leaves."""
    monkeypatch.setattr(dispatch, "_LOOKED_AT", 1)
    nobody = ("--endpoint", "http://127.0.0.1:9/ispws")

    ran = waiting.run("dispatch", "--drain", "--patience", "0", *nobody)

    assert 3 == ran.code
    assert ALTERED in ran.out
    assert "oldest error: entry " in ran.out


def test_drain_that_gives_up_more_than_it_names(waiting: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the most recent ones, and says how many more there are and where."""
    monkeypatch.setattr(summary, "_NAMED", 1)
    waiting.endpoint.faults.script("submit", code(4100), code(4100))

    ran = waiting.run("dispatch", "--drain")

    assert (4, 1) == (ran.code, ran.out.count("given up: entry "))
    assert "and 1 given up before those: tipline dead-letter list" in ran.out


def test_list_beside_more_than_it_looks_at(waiting: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in lanes that nobody serves is counted where it was not looked at."""
    monkeypatch.setattr(listing, "_UNLISTED", 1)
    with sqlite3.connect(waiting.home / "outbox.sqlite") as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE entries SET environment = 'moon'")
    connection.close()

    ran = waiting.run("list")

    assert 1 == ran.err.count("not listed: entry ")
    assert "1 more entries that no dispatcher serves were not looked at" in ran.err
