"""Another process takes an entry over while a command is at work on it: the command says what has become of the entry.

Its process is halted in the middle of a step, as on a machine that is suspended, and its lease is ended
in the outbox instead of waited for.
"""

import json
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from tests.acceptance.test_cli_processes import ended, expire_leases, wait_until_taken
from tests.acceptance.world import Ran, World
from tipline_client.mock import code, slow
from tipline_client.outbox.columns import microseconds

pytestmark = pytest.mark.slow


def retracted(world: World) -> Ran:
    """A person withdraws it."""
    return world.run("retract", "case-1", "--reason", "the wrong mug")


def filed_elsewhere(world: World) -> Ran:
    """A dispatcher takes it over and files it."""
    expire_leases(world)
    return world.run("dispatch", "--drain")


def refused_elsewhere(world: World) -> Ran:
    """A dispatcher takes it over, and the endpoint refuses it."""
    expire_leases(world)
    world.endpoint.faults.script("submit", code(4100))
    return world.run("dispatch", "--drain")


def filed_by_hand(world: World) -> Ran:
    """A person files it on the portal."""
    return world.run("filed", "case-1", "--report-id", "77", "--reason", "the endpoint was slow")


def taken_over(world: World, key: str) -> None:
    """Another dispatcher has it leased, for longer than the test lasts."""
    until = microseconds(datetime.now(UTC) + timedelta(minutes=10))
    statement = "UPDATE entries SET lease_token = 'other', lease_expires_at = ? WHERE idempotency_key = ?"
    with sqlite3.connect(world.home / "outbox.sqlite") as connection:
        assert 1 == connection.execute(f"{statement} AND state = 'leased'", (until, key)).rowcount
    connection.close()


@contextmanager
def halted(
    world: World, *arguments: str, step: Literal["submit", "retract"] = "submit", entries: int = 1
) -> Iterator[subprocess.Popen[bytes]]:
    """The command, halted in this step of so many entries; it goes on after the block."""
    world.endpoint.faults.script(step, *[slow(1)] * entries)
    process = world.start(*arguments)
    wait_until_taken(world, process)
    process.send_signal(signal.SIGSTOP)
    yield process
    process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize(
    ("meanwhile", "expected", "state", "words"),
    [
        (retracted, 4, "retracted", "was withdrawn and is proven not filed"),
        (filed_elsewhere, 0, "acknowledged", "receipts export"),
        (refused_elsewhere, 4, "dead_letter", "given up: "),
        (filed_by_hand, 0, "filed_by_hand", "is filed by hand as report 77"),
    ],
)
def test_settled_by_another_process(
    world: World, meanwhile: Callable[[World], Ran], expected: int, state: str, words: str
) -> None:
    """What the other process made of it is the outcome, in the words and the code that the same command ends in."""
    path = str(world.submission())
    with halted(world, "submit", path) as process:
        meanwhile(world)
        assert [state] == [entry["state"] for entry in world.listed()]

    exit_code, out, err = ended(process)

    again = world.run("submit", path)
    assert (expected, expected) == (exit_code, again.code)
    assert words in out
    assert words in again.out
    assert "lease" not in out
    assert "the entry is not filed under that number" in err


def test_filed_by_another_process_in_json(world: World) -> None:
    """The document has the receipt and the number of the report that is filed, and no error."""
    path = str(world.submission())
    with halted(world, "submit", path, "--json") as process:
        filed_elsewhere(world)

    _, out, err = ended(process)

    document = json.loads(out)
    [entry] = world.listed()
    assert ("acknowledged", entry["reportId"]) == (document["state"], document["reportId"])
    assert entry["reportId"] == document["receipt"]["reportId"]
    assert "error" not in document
    assert str(entry["reportId"]) not in err


def test_taken_over_and_not_settled(world: World) -> None:
    """It waits: somebody else goes on with it, and the words say so."""
    path = str(world.submission())
    with halted(world, "submit", path) as process:
        taken_over(world, "case-1")

    exit_code, out, _ = ended(process)

    assert 3 == exit_code
    assert "queued and waiting: entry" in out
    assert "was taken over" in out
    assert "another process goes on with it" in out


def test_set_aside_by_a_switch(world: World) -> None:
    """What was set aside for a person to look at is called held: nobody goes on with it by himself."""
    path = str(world.submission())
    with halted(world, "submit", path) as process:
        with sqlite3.connect(world.home / "outbox.sqlite") as connection:
            connection.execute("UPDATE entries SET state = 'held', lease_token = NULL, lease_expires_at = NULL")
        connection.close()

    exit_code, out, _ = ended(process)

    assert 3 == exit_code
    assert "tipline release" in out
    assert "another process" not in out


def test_taken_over_in_bulk(world: World) -> None:
    """Each counts as what has become of it: filed, withdrawn, or waiting; the results file says the same."""
    cases = world.lines(*(world.content(key) for key in ("case-1", "b", "c", "d")))
    results = world.folder / "results.jsonl"
    with halted(world, "submit", str(cases), "--results", str(results), "--slots", "4", entries=4) as process:
        retracted(world)
        expire_leases(world)
        taken_over(world, "d")
        world.run("dispatch", "--drain", "--patience", "0")

    exit_code, out, _ = ended(process)

    last = {result["idempotencyKey"]: result for result in map(json.loads, results.read_text().splitlines())}
    listed = {entry["idempotencyKey"]: entry for entry in world.listed()}
    assert 4 == exit_code
    assert "delivery: 2 filed, 1 given up, 1 waiting" in out
    assert "hint: 1 wait;" in out
    assert "tipline list --state retracted" in out
    assert "dead-letter list" not in out
    assert ["retracted", "acknowledged", "acknowledged", "leased"] == [last[key]["state"] for key in last]
    assert [listed[key]["reportId"] for key in last] == [result["reportId"] for result in last.values()]
    assert 2 == world.endpoint.summary()["finished"]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (("retract", "case-1"), "withdrawn, and proven not filed"),
        (("filed", "case-1", "--report-id", "77"), "filed by hand as report 77"),
    ],
)
def test_wish_carried_out_by_another_process(world: World, wish: tuple[str, ...], words: str) -> None:
    """Whoever asked to take back what is open is told that it is done, though a dispatcher did it."""
    world.endpoint.faults.script("fileinfo", *[code(1000)] * 4)
    assert 3 == world.run("submit", str(world.submission())).code
    world.endpoint.faults.clear()
    with halted(world, *wish, "--reason", "the wrong mug", step="retract") as process:
        expire_leases(world)
        assert 0 == world.run("dispatch", "--drain").code

    exit_code, out, _ = ended(process)

    assert 0 == exit_code
    assert words in out
    assert (0, 0) == (world.endpoint.summary()["finished"], world.endpoint.summary()["open"])
