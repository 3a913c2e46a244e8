"""Two outboxes of one home, or one under two names: what is said of it, and what is not made."""

import sqlite3
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.acceptance.world import World
from tests.support.stage import sample_report
from tipline_client import Options, TiplineClient
from tipline_client.errors import ConfigurationError
from tipline_client.outbox import SqliteOutbox

_LOOKS = [
    ["status"],
    ["list"],
    ["doctor", "--offline"],
    ["orphans"],
    ["hold", "list"],
    ["hold", "list", "--conflicts"],
    ["alarm", "list"],
    ["dead-letter", "list"],
    ["receipts", "list"],
    ["verify", "--all"],
    ["evidence", "collect"],
]


@pytest.fixture
def used(world: World) -> World:
    """A home with a filed report in its own file."""
    assert 0 == world.run("submit", str(world.submission())).code
    return world


def _open(world: World, **arguments: Any) -> TiplineClient:
    return TiplineClient.open(world.home, profile=world.endpoint.profile, **arguments)


def test_own_file_by_both_names_at_once(used: World) -> None:
    """One process opens it with one library, whichever comes first, and another process by either name."""
    named = f"sqlite://{used.home / 'outbox.sqlite'}"
    used.start("dispatch")

    for first, second in ((None, named), (named, None)):
        with _open(used, outbox=first) as one, _open(used, outbox=second) as two:
            one.enqueue(sample_report("one"), idempotency_key=f"one-{first}")
            two.enqueue(sample_report("two"), idempotency_key=f"two-{first}")
            facts = [client.call(client.asynchronous.outbox.facts) for client in (one, two)]
        assert 1 == len({fact["driver"] for fact in facts})
    for verb in (["status"], ["enqueue", "case.json"], ["migrate"]):
        assert 0 == used.run(*verb, "--outbox", named).code

    used.end_processes()
    with sqlite3.connect(f"file:{used.home / 'outbox.sqlite'}?immutable=1", uri=True) as look:
        assert [("ok",)] == look.execute("PRAGMA integrity_check").fetchall()
    look.close()


def test_two_libraries_on_one_file(used: World) -> None:
    """The second one is refused in the same process, and the way out is said; what is open goes on."""
    with _open(used) as client:
        with pytest.raises(ConfigurationError, match=r"outbox\.sqlite is open in this process with") as refused:
            SqliteOutbox.open(used.home / "outbox.sqlite", driver=_other_than(client))
        assert "in one way" in refused.value.hint

        client.enqueue(sample_report("after"), idempotency_key="after")

    SqliteOutbox.open(used.folder / "other.sqlite", driver="sqlite3")


def _other_than(client: TiplineClient) -> Literal["apsw", "sqlite3"]:
    driver = client.call(client.asynchronous.outbox.facts)["driver"]
    return "apsw" if driver == "sqlite3" else "sqlite3"


@pytest.mark.parametrize("look", _LOOKS, ids=" ".join)
def test_looks_make_nothing(bare_world: World, look: list[str]) -> None:
    """Where there is no outbox a look says so, whatever is named, and makes none that would say that all is well."""
    assert 0 == bare_world.run("init").code
    (bare_world.home / "outbox.sqlite").unlink()
    blank = bare_world.folder / "blank.sqlite3"
    blank.touch()

    for named in (
        [],
        ["--outbox", f"sqlite://{bare_world.folder / 'typo.sqlite3'}"],
        ["--outbox", f"sqlite://{blank}"],
    ):
        ran = bare_world.run(*look, *named)
        assert (True, True) == (ran.code != 0, "there is no outbox in" in ran.out + ran.err)

    assert not (bare_world.home / "outbox.sqlite").exists()
    assert not (bare_world.folder / "typo.sqlite3").exists()
    assert 0 == blank.stat().st_size
    assert not (bare_world.home / "outboxes.txt").exists()


_DECISIONS = [
    ["receipts", "show", "case-1"],
    ["receipts", "export", "case-1", "--out", "receipt.json"],
    ["evidence", "export", "case-1", "0", "--out", "mug.bin", "--purpose", "order 7"],
    ["evidence", "collect", "--yes"],
    ["release", "--every", "--dry-run", "--reason", "looked at"],
    ["hold", "extend", "case-1", "--until", "2190-01-01", "--reason", "a request"],
    ["dead-letter", "requeue", "case-1", "--reason", "again"],
    ["retract", "case-1", "--reason", "a mistake"],
    ["destroy", "case-1", "--reason", "an order"],
    ["rekey"],
]


@pytest.mark.parametrize("decision", _DECISIONS, ids=" ".join)
def test_decisions_make_nothing(world: World, decision: list[str]) -> None:
    """What is decided about entries needs some: an outbox that is gone is not made anew, which would hide that."""
    for path in world.home.glob("outbox.sqlite*"):
        path.unlink()

    ran = world.run(*decision)

    assert (5, True) == (ran.code, "there is no outbox in" in ran.err)
    assert [] == list(world.home.glob("outbox.sqlite*"))


def test_collecting_where_the_name_is_forgotten(bare_world: World) -> None:
    """It is told the right name, as every other verb, and not to move that one's file away."""
    address = f"sqlite://{bare_world.folder / 'app.sqlite3'}"
    assert 0 == bare_world.run("init", "--outbox", address).code
    assert 0 == bare_world.run("submit", str(bare_world.submission()), "--outbox", address).code

    for named in ([], ["--outbox", address.replace("app.", "ap.")]):
        ran = bare_world.run("evidence", "collect", "--yes", *named)
        assert (5, True, False) == (ran.code, "app.sqlite3" in ran.err, "move its file away" in ran.err)


def test_database_that_is_made_anew(bare_world: World) -> None:
    """`migrate` says that the one before is gone, where the home remembers it in this very place."""
    address = f"sqlite://{bare_world.folder / 'app.sqlite3'}"
    assert 0 == bare_world.run("init", "--outbox", address).code
    (bare_world.folder / "app.sqlite3").unlink()

    ran = bare_world.run("migrate", "--outbox", address)

    assert (0, True) == (ran.code, "was here and is gone" in ran.out)


def test_handed_in_and_mistyped(used: World) -> None:
    """A file that was made by being opened is not taken for the outbox of a home that has one."""
    mistyped = SqliteOutbox.open(used.folder / "ap.sqlite3", driver="sqlite3", is_shared=True)

    with pytest.raises(ConfigurationError, match=r"nothing was ever queued.*ap\.sqlite3.*outbox\.sqlite") as refused:
        _open(used, outbox=mistyped)

    assert "remembers_outbox=False" in refused.value.hint
    assert not (used.home / "outboxes.txt").exists()
    with _open(used, outbox=mistyped, options=Options(remembers_outbox=False)) as client:
        client.enqueue(sample_report("one"), idempotency_key="of a test")
    # With something in it, it was not made just now.
    with _open(used, outbox=mistyped) as client:
        client.call(mistyped.close)


def test_handed_in_beside_a_home_that_is_not_there(bare_world: World) -> None:
    """No fresh keys are made, which could not verify what is in it."""
    assert 0 == bare_world.run("init").code
    file = bare_world.folder / "app.sqlite3"
    with _open(bare_world, outbox=f"sqlite://{file}") as client:
        client.enqueue(sample_report("one"), idempotency_key="one")
    outbox = SqliteOutbox.open(file, driver="sqlite3", is_shared=True)

    with pytest.raises(ConfigurationError, match="is no home"):
        TiplineClient.open(bare_world.folder / "hom", profile=bare_world.endpoint.profile, outbox=outbox)

    assert not (bare_world.folder / "hom").exists()


def test_second_one_named(used: World, caplog: pytest.LogCaptureFixture) -> None:
    """One that is an outbox already is opened as it is named, and it is said once that it is another one."""
    first, second = (f"sqlite://{used.folder / name}" for name in ("first.sqlite3", "second.sqlite3"))
    made = [used.run("migrate", "--outbox", address) for address in (first, second)]
    assert [(0, True)] * 2 == [(ran.code, "outbox.sqlite" in ran.out) for ran in made]

    with _open(used, outbox=first):
        pass
    for _ in range(2):
        with _open(used, outbox=second):
            pass

    assert 1 == sum("the outbox was in" in record.getMessage() for record in caplog.records)


def test_empty_one_left_in_the_home(bare_world: World) -> None:
    """It names no copies, so evidence is collected as if it were not there, and `doctor` says nothing of it."""
    address = f"sqlite://{bare_world.folder / 'app.sqlite3'}"
    assert 0 == bare_world.run("init").code
    assert 0 == bare_world.run("submit", str(bare_world.submission()), "--outbox", address).code

    assert 0 == bare_world.run("evidence", "collect", "--yes", "--outbox", address).code

    assert "other outbox" not in bare_world.run("doctor", "--offline", "--outbox", address).out


def test_home_made_under_the_name_of_its_own_file(bare_world: World) -> None:
    """As for whoever has the name of it in the environment that a new host is built with."""
    assert 0 == bare_world.run("init", "--outbox", f"sqlite://{bare_world.home / 'outbox.sqlite'}").code

    assert 0 == bare_world.run("status").code


@pytest.mark.parametrize("name", ["outboxes.txt", "outbox.sqlite"])
def test_link_that_leads_nowhere(used: World, name: str) -> None:
    """As of a disk that is not mounted: it is not guessed that there is nothing, and nothing is made in its place."""
    kept, away = used.home / name, used.folder / "away"
    kept.unlink(missing_ok=True)
    kept.symlink_to(away)

    ran = used.run("enqueue", "case.json")

    assert (5, True) == (ran.code, f"link to {away}, which is not there" in ran.err)
    assert not away.exists()


def test_line_that_is_no_name(used: World, tmp_path: Path) -> None:
    """A byte that no file's name has is no reason to stop."""
    (used.home / "outboxes.txt").write_bytes(b"sqlite:///srv/app.sqlite3\0\0\n")
    address = f"sqlite://{tmp_path / 'app.sqlite3'}"
    assert 0 == used.run("migrate", "--outbox", address).code

    assert 0 == used.run("status", "--outbox", address).code
    assert 0 == used.run("dispatch", "--drain", "--outbox", address).code
