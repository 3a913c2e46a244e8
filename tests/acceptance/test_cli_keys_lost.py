"""A key leaked, or the installation's secret is lost: what the pages tell an operator to do, done."""

import shutil
from pathlib import Path

import pytest

from tests.acceptance.world import World
from tipline_client.mock import faults
from tipline_client.mock.script import Step as StepName

SECRET = "checkpoints.key"


@pytest.fixture
def waiting(world: World) -> World:
    """A home with one entry that waits."""
    assert 0 == world.run("enqueue", str(world.submission())).code
    return world


def ids(world: World) -> tuple[str, list[str]]:
    """Which key signs, and which are trusted."""
    shown = world.run("init", "--json").document
    return shown["keyId"], shown["trustedKeyIds"]


@pytest.mark.parametrize("step", ["submit", "fileinfo"])
def test_secret_of_the_checkpoints_lost_for_good(waiting: World, step: StepName) -> None:
    """A new secret is made, what waits is given up with an alarm, and vouched for it is filed once, with a receipt."""
    waiting.endpoint.faults.script(step, *[faults.status(503)] * 100)
    waiting.run("dispatch", "--drain", "--patience", "0")
    waiting.endpoint.faults.clear()
    (waiting.home / "keys" / SECRET).unlink()
    without = waiting.run("dispatch", "--drain")

    made = waiting.run("init", "--new-checkpoint-key")

    assert (5, 0) == (without.code, made.code)
    assert "tipline init --new-checkpoint-key" in without.err
    calls = waiting.endpoint.summary()["requests"]
    assert 4 == waiting.run("dispatch", "--drain").code
    assert 1 == len(waiting.run("alarm", "list", "--json").document)
    assert calls == waiting.endpoint.summary()["requests"]
    put_back = waiting.run("dead-letter", "requeue", "case-1", "--accept-checkpoint", "--reason", "nothing is filed")
    assert (0, 0) == (put_back.code, waiting.run("dispatch", "--drain").code)
    assert ["acknowledged"] == [entry["state"] for entry in waiting.listed()]
    summary = waiting.endpoint.summary()
    assert (1, 0, 0) == (summary["finished"], summary["duplicates"], summary["open"])
    assert 0 == waiting.run("receipts", "show", "case-1").code
    # The same submission under the same key is recognised again.
    assert 0 == waiting.run("submit", str(waiting.submission())).code
    assert 1 == waiting.endpoint.summary()["finished"]


def test_secret_of_the_checkpoints_that_is_there(waiting: World) -> None:
    """It is not written over: what waits would be refused for nothing."""
    before = (waiting.home / "keys" / SECRET).read_text()

    ran = waiting.run("init", "--new-checkpoint-key")

    assert 5 == ran.code
    assert "Move that file away first" in ran.err
    assert before == (waiting.home / "keys" / SECRET).read_text()
    assert 0 == waiting.run("dispatch", "--drain").code


def test_signing_key_leaked(waiting: World) -> None:
    """Another key signs; what the leaked one signed is refused with an alarm, and what is handed in again is filed."""
    leaked, _ = ids(waiting)

    ran = waiting.run("init", "--rotate", "--distrust", leaked, "--json")

    assert 0 == ran.code
    assert [ran.document["keyId"]] == ran.document["trustedKeyIds"]
    assert leaked not in ran.document["trustedKeyIds"]
    assert 4 == waiting.run("dispatch", "--drain").code
    assert 1 == len(waiting.run("alarm", "list", "--json").document)
    assert 0 == waiting.endpoint.summary()["requests"]
    assert 0 == waiting.run("submit", str(waiting.submission("case-1-again"))).code
    assert 1 == waiting.endpoint.summary()["finished"]


def test_receipt_of_a_key_that_leaked(waiting: World) -> None:
    """A receipt exported before is verified with the public half that was kept; the outbox names the ones inside."""
    assert 0 == waiting.run("dispatch", "--drain").code
    assert 0 == waiting.run("receipts", "export", "case-1", "--out", "receipt.json").code
    leaked, _ = ids(waiting)

    assert 0 == waiting.run("init", "--rotate", "--distrust", leaked).code

    kept = waiting.home / "keys" / f"{leaked}.distrusted.pem"
    assert 0 == waiting.run("verify", "receipt.json", "--key", str(kept)).code
    assert (7, 7) == (waiting.run("verify", "receipt.json").code, waiting.run("verify", "--all").code)
    again = waiting.run("enqueue", str(waiting.submission("case-1")))
    assert (7, True) == (again.code, "Nobody needs to have altered it" in again.err + again.out)


def test_way_out_where_many_are_refused(waiting: World) -> None:
    """Whatever looks at many at once names the way out too, and says nothing untrue of files that are there."""
    assert 0 == waiting.run("dispatch", "--drain").code
    export = ("receipts", "export", "--all", "--out", "receipts")
    assert 0 == waiting.run(*export).code
    assert 0 == waiting.run("enqueue", str(waiting.submission("case-2"))).code
    leaked, _ = ids(waiting)
    assert 0 == waiting.run("init", "--rotate", "--distrust", leaked).code

    ran = {
        words: waiting.run(*words)
        for words in (("verify", "receipts"), ("verify", "--all"), export, ("dispatch", "--drain"))
    }

    assert [7, 7, 7, 4] == [each.code for each in ran.values()]
    assert all("hint: Nobody needs to have altered it" in each.out for each in ran.values())
    exported = ran[export]
    assert "not written: " in exported.err
    assert "1 of those not written have a file there" in exported.out
    assert "verifies all of them" not in exported.out
    assert all("believes that key no longer" in ran[words].out for words in list(ran)[:2])


def test_leaked_key_on_a_host_that_only_delivers(waiting: World, tmp_path: Path) -> None:
    """One command trusts the new public key and distrusts the leaked one; no key that signs is needed."""
    leaked, _ = ids(waiting)
    other = tmp_path / "other-home"
    shutil.copytree(waiting.home, other)
    for name in ("active", f"{leaked}.private.pem"):
        (other / "keys" / name).unlink()
    new = waiting.run("init", "--rotate", "--distrust", leaked, "--json").document["keyId"]
    brought = waiting.home / "keys" / f"{new}.public.pem"

    refused = waiting.run("init", "--home", str(other), "--distrust", leaked)
    ran = waiting.run("init", "--home", str(other), "--trust", str(brought), "--distrust", leaked, "--json")

    assert 5 == refused.code
    assert "--trust FILE" in refused.err
    assert (0, None, [new]) == (ran.code, ran.document["keyId"], ran.document["trustedKeyIds"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--rotate", "--distrust", "0" * 64), 2),
        (("--new-checkpoint-key", "--checkpoint-key", "some.key"), 2),
    ],
)
def test_contradictory_or_mistyped_change_of_keys(world: World, arguments: tuple[str, ...], code: int) -> None:
    """Nothing is changed, not even the part that could be."""
    before = ids(world)

    ran = world.run("init", *arguments)

    assert code == ran.code
    assert before == ids(world)


def test_active_key_distrusted(world: World) -> None:
    """The key that signs cannot be distrusted before another one signs, and the way out is named."""
    active, trusted = ids(world)

    ran = world.run("init", "--distrust", active)

    assert 5 == ran.code
    assert "tipline init --rotate" in ran.err
    assert (active, trusted) == ids(world)


@pytest.mark.parametrize("arguments", [("--new-checkpoint-key",), ("--distrust", "0" * 64)])
def test_change_of_keys_where_there_is_no_home(bare_world: World, arguments: tuple[str, ...]) -> None:
    """A mistyped folder is told, and not made a home by the way."""
    ran = bare_world.run("init", *arguments)

    assert 2 == ran.code
    assert not bare_world.home.exists()
