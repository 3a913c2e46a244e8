"""A process killed between the copies and the entry: doctor tells of what it left, and nothing removes it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.world import World

_KILLED_BEFORE_THE_ENTRY = """
import sys
from tipline_client.cli import main
from tipline_client.outbox import SqliteOutbox

async def stall(self, new, *, held=False):
    print("copied", flush=True)
    sys.stdin.read()

SqliteOutbox.enqueue = stall
sys.exit(main(["enqueue", sys.argv[1]]))
"""


def _kill_before_the_entry(world: World, submission: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _KILLED_BEFORE_THE_ENTRY, str(submission)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    world.processes.append(child)
    assert child.stdout is not None
    assert b"copied\n" == child.stdout.readline()
    child.kill()
    assert -signal.SIGKILL == child.wait()


def _lying(world: World) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (world.home / "evidence").rglob("*") if path.is_file()}


def _age(world: World, *, hours: float) -> None:
    """Date every copy so many hours back, as if the time had passed."""
    moment = time.time() - hours * 3600
    for path in _lying(world):
        os.utime(path, (moment, moment))


def _said(world: World, *arguments: str) -> tuple[int, dict[str, Any], Any]:
    """Exit code, the check and the numbers of one look."""
    ran = world.run("doctor", "--offline", "--json", *arguments)
    [check] = [check for check in ran.document["checks"] if check["name"] == "unclaimed evidence"]
    return ran.code, check, ran.document["unclaimedEvidence"]


def test_killed_between_copies_and_entry(world: World) -> None:
    """Once they are old enough, the copies are told of with number, bytes, place and way out; all of them stay."""
    world.run("enqueue", str(world.submission("kept", name="kept.json")))
    kept = set(_lying(world))
    _kill_before_the_entry(world, world.submission("killed", name="killed.json"))
    lying = _lying(world)
    [left] = set(lying) - kept
    young = _said(world)
    _age(world, hours=2)

    code, check, numbers = _said(world)
    people = world.run("doctor", "--offline")

    assert (0, "ok", 0, 0) == (young[0], young[1]["grade"], young[2]["count"], young[2]["lookedAt"])
    assert (0, "warning", 2) == (code, check["grade"], numbers["lookedAt"])
    assert (1, 1, len(lying[left]), 0) == tuple(numbers[name] for name in ("count", "files", "bytes", "unfinished"))
    assert [left.parent.name] == [holding["id"] for holding in numbers["oldest"]]
    assert f"warning  unclaimed evidence: {check['detail']}" in people.out
    assert f"{left.parent.name} in {world.home / 'evidence'}" in check["detail"]
    assert "Keep it" in check["hint"]
    assert lying == _lying(world)


def test_killed_in_mid_copy(world: World) -> None:
    """A draft is named unfinished."""
    world.run("enqueue", str(world.submission()))
    draft = world.home / "evidence" / ("a" * 32) / "0.part"
    draft.parent.mkdir()
    draft.write_bytes(b"half a mug")
    _age(world, hours=2)

    _, check, numbers = _said(world)

    assert "1 of them unfinished" in check["detail"]
    assert (1, 10, True) == (numbers["unfinished"], numbers["bytes"], numbers["oldest"][0]["isUnfinished"])


def test_handed_in_again_after_the_kill(world: World) -> None:
    """The way out works: the submission gets an entry and copies of its own, and what was left is still told of."""
    submission = world.submission()
    _kill_before_the_entry(world, submission)

    submitted = world.run("submit", str(submission))
    _age(world, hours=2)

    assert (0, 1) == (submitted.code, _said(world)[2]["count"])
    assert (1, 0) == (world.endpoint.summary()["finished"], world.endpoint.summary()["duplicates"])


def test_outbox_that_is_gone(world: World) -> None:
    """It is told as the problem that it is, and not made anew by whoever looks."""
    world.run("enqueue", str(world.submission()))
    _age(world, hours=2)
    for path in world.home.glob("outbox.sqlite*"):
        path.unlink()

    checks = {check["name"]: check for check in world.run("doctor", "--offline", "--json").document["checks"]}

    assert ["problem"] * 2 == [checks[name]["grade"] for name in ("outbox", "unclaimed evidence")]
    assert "there is no outbox in" in checks["outbox"]["detail"]
    assert "backup" in checks["outbox"]["hint"]
    assert [] == list(world.home.glob("outbox.sqlite*"))


def test_more_evidence_than_is_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound doctor says that it stopped, and how to look at all."""
    monkeypatch.setattr("tipline_client.cli.verbs.doctor.MOST_LOOKED_AT", 1)
    world.run("enqueue", str(world.lines(world.content("a"), world.content("b"))))
    _age(world, hours=2)

    _, bounded, numbers = _said(world)
    _, check, whole = _said(world, "--all-evidence")

    assert (1, False) == (numbers["lookedAt"], numbers["isComplete"])
    assert "`tipline doctor --all-evidence` goes on" in bounded["detail"]
    assert (2, True, "none; looked for 2 entries") == (whole["lookedAt"], whole["isComplete"], check["detail"])


def test_evidence_that_cannot_be_looked_through(world: World) -> None:
    """What cannot be looked at is a problem, and not an empty folder."""
    (world.home / "evidence").rmdir()
    (world.home / "evidence").write_bytes(b"")

    code, check, numbers = _said(world)

    assert (8, "problem", None) == (code, check["grade"], numbers)
    assert "cannot be looked through: Not a directory" in check["detail"]


def test_outbox_that_cannot_be_opened(world: World) -> None:
    """Without the outbox nothing is called unclaimed."""
    world.run("enqueue", str(world.submission()))
    _age(world, hours=2)
    [path] = world.home.glob("outbox.sqlite")
    path.write_bytes(b"this is no database " * 100)

    code, check, numbers = _said(world)

    assert (8, "problem", None) == (code, check["grade"], numbers)
