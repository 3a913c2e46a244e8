"""A home is lost and its backup is brought back: what each report comes to, as the page for that says."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.world import World
from tests.docs.pages import ROOT

PROGRAM = ROOT / "examples" / "service" / "backup.py"
FILED_BEFORE, WAITING, FILED_SINCE, NEW_SINCE = KEYS = ("filed-before", "waiting", "filed-since", "new-since")


def submission(world: World, key: str) -> str:
    """A report that is like no other, with its picture."""
    report = world.content(key)["report"] | {"additionalInfo": f"TEST DATA. {key}"}
    return str(world.submission(key, name=f"{key}.json", report=report))


def finished(world: World) -> list[str]:
    """Which reports are filed, by the key that stands in each."""
    bodies = [
        world.endpoint.report_xml(report["report_id"])
        for report in world.endpoint.reports()
        if report["state"] == "finished"
    ]
    return sorted(key for body in bodies for key in KEYS if f"TEST DATA. {key}<".encode() in body)


@pytest.fixture
def restored(world: World) -> World:
    """A home of before: one report was filed since the backup, one was enqueued and filed since, and one waits."""
    assert 0 == world.run("init").code
    assert 0 == world.run("submit", submission(world, FILED_BEFORE)).code
    assert 0 == world.run("enqueue", submission(world, WAITING), submission(world, FILED_SINCE)).code
    # As the ceremony leaves them, on media of their own.
    shutil.copytree(world.home / "keys", world.folder / "media")
    words = [sys.executable, str(PROGRAM), str(world.home), str(world.folder / "backup")]
    subprocess.run(words, check=True, timeout=60, stdout=subprocess.DEVNULL)
    assert 0 == world.run("submit", submission(world, FILED_SINCE)).code
    assert 0 == world.run("submit", submission(world, NEW_SINCE)).code
    assert 0 == world.run("receipts", "export", "--all", "--out", "receipts").code
    assert sorted({*KEYS} - {WAITING}) == finished(world)

    shutil.rmtree(world.home)
    world.home.mkdir(mode=0o700)
    for part in ("outbox.sqlite", "evidence"):
        shutil.move(world.folder / "backup" / part, world.home)
    shutil.copytree(world.folder / "media", world.home / "keys")
    return world


def exported(world: World) -> dict[str, int]:
    """Idempotency key to report number, as the exported receipts say; each is verified."""
    key = str(next((world.home / "keys").glob("*.public.pem")))
    done = world.run("verify", *map(str, sorted(Path("receipts").iterdir())), "--key", key, "--json")
    assert 0 == done.code
    return {read["receipt"]["idempotencyKey"]: read["receipt"]["reportId"] for read in done.document}


def states(world: World) -> dict[str, str]:
    """Idempotency key to state, of all that the outbox has."""
    return {entry["idempotencyKey"]: entry["state"] for entry in world.listed()}


def test_restored_as_the_page_says(restored: World) -> None:
    """Each report is filed once and all is verified; a dispatcher before the comparison would have filed one twice."""
    world = restored
    shutil.copytree(world.home, world.folder / "not-compared")
    looked = world.run("verify", "--all", "--evidence")
    assert (0, True) == (looked.code, "0 not to be believed" in looked.out)
    assert {FILED_BEFORE: "acknowledged", WAITING: "queued", FILED_SINCE: "queued"} == states(world)
    numbers = exported(world)
    filed_since = [key for key in numbers if states(world).get(key) != "acknowledged"]
    assert {FILED_SINCE, NEW_SINCE} == {*filed_since}

    for key in filed_since:
        assert 0 == world.run("enqueue", submission(world, key)).code
        recorded = ("filed", key, "--report-id", str(numbers[key]), "--reason", "before the restore")
        assert 0 == world.run(*recorded).code
    assert 0 == world.run("verify", "--all", "--evidence").code
    assert 0 == world.run("dispatch", "--drain").code

    assert sorted(KEYS) == finished(world)
    by_hand = dict.fromkeys(filed_since, "filed_by_hand")
    assert {FILED_BEFORE: "acknowledged", WAITING: "acknowledged"} | by_hand == states(world)
    assert 0 == world.run("verify", "--all", "--evidence").code
    # What the comparison was for.
    assert 0 == world.run("dispatch", "--drain", "--home", str(world.folder / "not-compared")).code
    assert sorted([*KEYS, WAITING, FILED_SINCE]) == finished(world)
