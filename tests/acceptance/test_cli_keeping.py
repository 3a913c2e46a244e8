"""`tipline hold`, `destroy`, `rekey` and `evidence collect`: what is kept, and what ends that, on the command line."""

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.world import Ran, World

REQUEST = ("--reason", "erasure was ordered", "--request", "order 7", "--actor", "Zoë")


@pytest.fixture
def filed(world: World) -> World:
    assert 0 == world.run("submit", str(world.submission())).code
    return world


def _view(ran: Ran) -> str:
    return ran.out + ran.err


def _filed_earlier(world: World) -> None:
    """Date the entries back by a month: what is older than the first of them is not collected."""
    with closing(sqlite3.connect(world.home / "outbox.sqlite")) as outbox, outbox:
        outbox.execute("UPDATE entries SET enqueued_at = enqueued_at - 30 * 86400 * 1000000")


def test_hold_of_a_filing(filed: World) -> None:
    """A filed report is held for a year, and is listed as due when that is nearly over."""
    [hold] = filed.run("hold", "--json").document

    assert ("us", "content", False, None) == (hold["regime"], hold["part"], hold["isLimit"], hold["releasedAt"])
    assert [] == filed.run("hold", "list", "--due", "30d", "--json").document
    assert [hold] == filed.run("hold", "list", "--due", "367d", "--json").document
    assert [hold] == filed.run("hold", "list", "case-1", "--json").document


def test_hold_extended_and_released(filed: World) -> None:
    """An extension and a release are recorded with who and why; shortening is refused."""
    longer = filed.run("hold", "extend", "case-1", "--until", "2190-01-01", "--reason", "a request", "--actor", "Zoë")
    shorter = filed.run("hold", "extend", "case-1", "--until", "2189-01-01", "--reason", "less", "--actor", "Zoë")
    released = filed.run("hold", "release", "case-1", "--reason", "counsel", "--actor", "Ada", "--json")

    assert (0, 2, 0) == (longer.code, shorter.code, released.code)
    assert "never shortened" in shorter.err
    assert released.document[0]["releasedAt"] is not None
    notes = [note["text"] for note in filed.run("show", "case-1", "--json").document["notes"]]
    assert 2 == len(notes)
    assert "by Zoë: a request" in notes[0]
    assert "by Ada: counsel" in notes[1]
    assert 0 == filed.run("verify", "--all").code


def test_laws_in_conflict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one law forbids what another one asks for, both are shown, and nothing is decided."""
    monkeypatch.setenv("TIPLINE_REGIMES", "us,eu")
    world.run("submit", str(world.submission()))

    [clash] = world.run("hold", "list", "--conflicts", "--json").document

    assert ("eu", "us") == (clash["limit"]["regime"], clash["hold"]["regime"])
    assert "hold list --conflicts" in _view(world.run("doctor", "--offline"))


def test_destroyed_while_held(filed: World) -> None:
    """Without a request a hold is in the way, and everything stays."""
    refused = filed.run("destroy", "case-1", "--reason", "over", "--actor", "Zoë")

    assert 2 == refused.code
    assert "must be kept until" in refused.err
    assert 0 == filed.run("show", "case-1", "--content", "--purpose", "a test").code


def test_destroyed_at_a_request(filed: World) -> None:
    """The content is gone, the certificate verifies, the receipt stays, and the outbox is whole."""
    done = filed.run("destroy", "case-1", *REQUEST, "--json")
    exported = filed.run("destroy", "--certificate", "case-1", "--out", "certificate.json")

    assert (0, 0) == (done.code, exported.code)
    assert ("Zoë", "order 7") == (done.document["actor"], done.document["request"])
    [verified] = filed.run("verify", "certificate.json", "--json").document
    assert done.document == verified["certificate"]
    assert 0 == filed.run("verify", "--all", "--evidence").code
    assert 0 == filed.run("receipts", "show", "case-1").code
    assert 7 == filed.run("show", "case-1", "--content", "--purpose", "a test").code
    assert [] == list((filed.home / "evidence").iterdir())


def test_certificate_altered(filed: World) -> None:
    """A certificate with one letter changed is not verified."""
    filed.run("destroy", "case-1", *REQUEST)
    filed.run("destroy", "--certificate", "case-1", "--out", "certificate.json")
    text = Path("certificate.json").read_text()
    place = text.index('"payload"') + 30
    changed = "A" if text[place] != "A" else "B"
    Path("certificate.json").write_text(text[:place] + changed + text[place + 1 :])

    assert 7 == filed.run("verify", "certificate.json").code


def test_handed_in_after_the_destruction(filed: World) -> None:
    """The same case files nothing again, and shows its receipt."""
    filed.run("destroy", "case-1", *REQUEST)

    again = filed.run("submit", "case.json")

    assert 0 == again.code
    assert "in the outbox already" in _view(again)
    assert 1 == filed.endpoint.summary()["finished"]


@pytest.mark.parametrize(
    "words",
    [
        ("destroy",),
        ("destroy", "case-1"),
        ("destroy", "case-1", "--reason", " "),
        ("destroy", "case-1", "--resume"),
        ("destroy", "case-1", "--reason", "over", "--out", "x.json"),
        ("hold", "list", "case-1", "--conflicts"),
        ("hold", "extend", "case-1", "--until", "soon", "--reason", "a request"),
        ("evidence", "collect", "--yes", "--dry-run"),
    ],
)
def test_commands_that_say_too_little_or_too_much(filed: World, words: tuple[str, ...]) -> None:
    """What does not say what is meant is refused, and nothing is changed."""
    before = filed.run("show", "case-1", "--json").document

    assert 2 == filed.run(*words).code

    assert before == filed.run("show", "case-1", "--json").document


def test_master_key_rotated(filed: World) -> None:
    """After a rotation all keys are wrapped anew, once; content stays readable without the old key."""
    before = {path.name for path in (filed.home / "keys" / "master").glob("*.private.pem")}
    filed.run("init", "--rotate-master")

    first = filed.run("rekey", "--json").document
    second = filed.run("rekey", "--json").document
    for name in before:
        (filed.home / "keys" / "master" / name).unlink()

    assert ((1, 0), (0, 0)) == ((first["wrapped"], first["refused"]), (second["wrapped"], second["refused"]))
    assert 0 == filed.run("verify", "--all", "--evidence").code


def test_key_that_cannot_be_unwrapped(filed: World) -> None:
    """Without the old private half the keys that it wrapped are named, and the command says so with its code."""
    for path in (filed.home / "keys" / "master").glob("*.private.pem"):
        path.unlink()
    filed.run("init", "--rotate-master")

    refused = filed.run("rekey", "--json")

    assert (7, 1, 0) == (refused.code, refused.document["refused"], refused.document["wrapped"])


def test_host_that_only_queues(filed: World) -> None:
    """With a public master key alone a host queues and does not read; `doctor` says so."""
    for path in (filed.home / "keys" / "master").glob("*.private.pem"):
        path.unlink()

    queued = filed.run("enqueue", str(filed.submission("case-2", name="two.json")))

    assert 0 == queued.code
    assert 5 == filed.run("show", "case-2", "--content", "--purpose", "a test").code
    shown = {check["name"]: check["detail"] for check in filed.run("doctor", "--offline", "--json").document["checks"]}
    assert "cannot read and deliver" in shown["this host"]


def test_evidence_of_no_entry(filed: World) -> None:
    """Copies that no entry names are shown first, and removed with --yes alone; those of entries stay."""
    stray = filed.home / "evidence" / "0" / "0.bin"
    stray.parent.mkdir()
    stray.write_bytes(b"left behind")
    long_ago = time.time() - 3 * 24 * 3600
    os.utime(stray, (long_ago, long_ago))
    assert "kept: 1 older than the first entry" in filed.run("evidence", "collect", "--yes").out
    assert stray.exists()
    _filed_earlier(filed)

    looked = filed.run("evidence", "collect", "--json").document
    assert (True, 1, True) == (looked["isDryRun"], looked["count"], stray.exists())
    removed = filed.run("evidence", "collect", "--yes", "--json").document

    assert (False, 1, False) == (removed["isDryRun"], removed["count"], stray.exists())
    assert 0 == filed.run("verify", "--all", "--evidence").code


def test_evidence_of_an_outbox_that_was_lost(world: World) -> None:
    """To one that was made anew all evidence from before is nobody's, and all of it stays."""
    assert 0 == world.run("enqueue", str(world.submission())).code
    (world.home / "outbox.sqlite").unlink()
    copies = [path for path in (world.home / "evidence").rglob("*") if path.is_file()]
    long_ago = time.time() - 3 * 24 * 3600
    for path in copies:
        os.utime(path, (long_ago, long_ago))

    assert 0 == world.run("enqueue", str(world.submission("case-2"))).code
    ran = world.run("evidence", "collect", "--yes", "--json")

    assert (0, 0, 1) == (ran.code, ran.document["count"], ran.document["kept"])
    assert [] != copies
    assert all(path.exists() for path in copies)


def test_copies_that_lie_elsewhere(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every verb that touches copies goes where the setting says: they are read there, and erased there."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setenv("TIPLINE_EVIDENCE", str(elsewhere))
    assert 0 == world.run("submit", str(world.submission())).code
    assert [] != list(elsewhere.glob("*/*"))

    read = world.run("evidence", "export", "case-1", "0", "--out", str(tmp_path / "mug.png"), "--purpose", "order 6")
    stray = elsewhere / ("0" * 32)
    stray.mkdir()
    (stray / "0.bin").write_bytes(b"sealed once")
    day_before = time.time() - 2 * 86400
    os.utime(stray / "0.bin", (day_before, day_before))
    os.utime(stray, (day_before, day_before))
    _filed_earlier(world)
    found = world.run("evidence", "collect", "--json").document
    destroyed = world.run("destroy", "case-1", *REQUEST)

    assert (0, 1, 0) == (read.code, found["count"], destroyed.code)
    assert [stray / "0.bin"] == list(elsewhere.glob("*/*.bin"))


def test_destroyed_where_the_copies_are_not(filed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody certifies that copies are erased in a store that has others; a request that says so allows it."""
    filed.run("hold", "release", "case-1", "--reason", "counsel", "--actor", "Ada")
    another = tmp_path / "another"
    (another / ("0" * 32)).mkdir(parents=True)
    (another / ("0" * 32) / "0.bin").write_bytes(b"a copy of somebody else")
    monkeypatch.setenv("TIPLINE_EVIDENCE", str(another))

    refused = filed.run("destroy", "case-1", "--reason", "over", "--actor", "Zoë")
    allowed = filed.run("destroy", "case-1", *REQUEST)

    assert (6, 0) == (refused.code, allowed.code)
    assert "TIPLINE_EVIDENCE" in refused.err


@pytest.mark.parametrize("state", ["retracted", "dead_letter"])
def test_destroyed_by_a_state_that_nobody_wrote(world: World, state: str) -> None:
    """A report that waits is not destroyed because somebody wrote into its row that it is at its end."""
    world.run("enqueue", str(world.submission()))
    with sqlite3.connect(world.home / "outbox.sqlite") as connection:
        connection.execute("UPDATE entries SET state = ?", (state,))
    connection.close()

    ran = world.run("destroy", "case-1", "--reason", "over", "--actor", "Zoë")

    assert 7 == ran.code
    assert "the row was altered" in ran.err
    assert 7 == world.run("verify", "--all").code
