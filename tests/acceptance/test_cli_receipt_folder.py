"""All receipts at once: a folder of files that nothing is written over, and that is verified without the outbox."""

import errno
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.world import World
from tipline_client.envelope.receipts import open_receipt, seal_receipt
from tipline_client.home import Home

ALL = ("receipts", "export", "--all", "--out", "receipts", "--json")


@pytest.fixture
def filed(world: World) -> World:
    """A world with three filed reports."""
    assert 0 == world.run("submit", str(world.lines(*(world.content(key, evidence=[]) for key in "abc")))).code
    return world


def test_all_receipts(filed: World) -> None:
    """One file for each entry, by its id; the same again writes nothing, and a later filing is added."""
    first = filed.run(*ALL)
    again = filed.run(*ALL)
    filed.run("submit", str(filed.submission("d", evidence=[])))
    more = filed.run(*ALL)

    counts = [(ran.code, ran.document["written"], ran.document["alreadyThere"]) for ran in (first, again, more)]
    files = sorted((filed.folder / "receipts").iterdir())
    assert [(0, 3, 0), (0, 0, 3), (0, 1, 3)] == counts
    assert sorted(entry["id"] for entry in filed.listed()) == [path.stem for path in files]
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in files}


def test_another_file_in_its_place(filed: World) -> None:
    """It is left as it is, and named; the others are written."""
    entry = filed.listed()[1]["id"]
    (filed.folder / "receipts").mkdir()
    (filed.folder / "receipts" / f"{entry}.json").write_text("kept")

    ran = filed.run(*ALL)

    [problem] = ran.document["firstProblems"]
    assert (2, 2, 1, entry) == (ran.code, ran.document["written"], ran.document["failed"], problem["entryId"])
    assert "kept" == (filed.folder / "receipts" / f"{entry}.json").read_text()


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("nowhere")])
def test_what_is_no_file_in_its_place(filed: World, make: Callable[[Path], object]) -> None:
    """A pipe keeps nobody waiting, a folder or a link ends nothing: each is left, and named; the others are written."""
    entry = filed.listed()[1]["id"]
    (filed.folder / "receipts").mkdir()
    make(filed.folder / "receipts" / f"{entry}.json")

    ran = filed.run(*ALL)

    assert (2, 2, 1) == (ran.code, ran.document["written"], ran.document["failed"])
    assert 3 == len(list((filed.folder / "receipts").iterdir()))


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.hardlink_to"])
def test_no_file_is_there_in_part(filed: World, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Where the disk is full nothing has a receipt's name, and what is left to do is said; links are not needed."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(call, full)
        ran = filed.run(*ALL)

    names = [path.name for path in (filed.folder / "receipts").iterdir()]
    if call == "os.fsync":
        assert (2, []) == (ran.code, names)
        assert "0 were written before" in ran.document["error"]["message"]
    else:
        assert (0, 3) == (ran.code, len(names))


def test_receipt_that_is_not_to_be_believed(filed: World) -> None:
    """It is named with its entry and not handed out; the others are, and the code is that of what is not believed."""
    entry = filed.listed()[0]["id"]
    with sqlite3.connect(filed.home / "outbox.sqlite") as connection:
        [(number,)] = connection.execute("SELECT number FROM entries WHERE id = ?", (entry,))
        connection.execute("UPDATE acknowledgements SET receipt = zeroblob(80) WHERE entry = ?", (number,))
    connection.close()

    ran = filed.run(*ALL)

    assert (7, 2, [entry]) == (
        ran.code,
        ran.document["written"],
        [problem["entryId"] for problem in ran.document["firstProblems"]],
    )


def test_filed_by_hand(filed: World) -> None:
    """What a person filed has no receipt of this program: it is counted, and is no problem."""
    filed.run("enqueue", str(filed.submission("d", evidence=[])))
    filed.run("filed", "d", "--report-id", "190411", "--reason", "the endpoint was down")

    ran = filed.run(*ALL)

    assert (0, 3, 1, 0) == (ran.code, *(ran.document[name] for name in ("written", "filedByHand", "failed")))


def test_folder_verified_elsewhere(filed: World) -> None:
    """Whoever has the folder and the public key verifies all of it; what is altered or a copy is named."""
    filed.run(*ALL)
    [public] = (filed.home / "keys").glob("*.public.pem")
    check = ("verify", "receipts", "--key", str(public), "--home", "nowhere", "--json")
    good = filed.run(*check)
    folder = filed.folder / "receipts"
    (folder / "notes.txt").write_text("no receipt")
    first, second, third = sorted(folder.glob("*.json"))
    shutil.copy(first, second)
    third.write_bytes(third.read_bytes().replace(b"payload", b"pay1oad"))

    bad = filed.run(*check)

    [whole], [parts] = good.document, bad.document
    assert (0, True, 3) == (good.code, whole["verified"], whole["count"])
    assert (7, 1, 2, 1) == (bad.code, *(parts[name] for name in ("count", "failed", "otherFiles")))
    reasons = {problem["file"]: problem["problem"] for problem in parts["firstProblems"]}
    assert {f"receipts/{second.name}", f"receipts/{third.name}"} == reasons.keys()
    assert f"the receipt of entry {first.stem}" in reasons[f"receipts/{second.name}"]


def test_copies_in_a_folder(filed: World) -> None:
    """The same receipt under other names counts once, whether its own name is there or not; each copy is named."""
    filed.run(*ALL)
    folder = filed.folder / "receipts"
    first, second, _ = sorted(folder.glob("*.json"))
    for name in ("copy.json", f"{first.stem.upper()}.json", f"{first.stem}.JSON"):
        shutil.copy(first, folder / name)
    shutil.copy(second, folder / "a.json")
    second.rename(folder / "b.json")

    told, counted = filed.run("verify", "receipts"), filed.run("verify", "receipts", "--json")

    [view] = counted.document
    assert (0, 3, 0, 4) == (counted.code, *(view[name] for name in ("count", "failed", "copies")))
    assert "3 verified, 0 not, 4 copies" in told.out
    assert 4 == sum(line.startswith("copy  receipts/") for line in told.out.splitlines())


def test_two_receipts_of_one_entry(filed: World) -> None:
    """Both may be signed, but one entry has one receipt: the second is a finding, and the one with its name counts."""
    filed.run(*ALL)
    folder = filed.folder / "receipts"
    first = min(folder.glob("*.json"))
    keys = Home(filed.home).keys()
    other = replace(open_receipt(first.read_bytes(), trusted=keys.trusted()), software="another")
    (folder / "other.json").write_bytes(seal_receipt(other, signer=keys.signer()))

    ran = filed.run("verify", "receipts", "--json")

    [view] = ran.document
    [problem] = view["firstProblems"]
    assert (7, 3, 1) == (ran.code, view["count"], view["failed"])
    assert problem["problem"] == f"it is another receipt of entry {first.stem} than {first.name}"


def test_what_all_receipts_need(filed: World) -> None:
    """A folder, and no single entry; an empty folder holds nothing to verify."""
    (filed.folder / "empty").mkdir()

    refused = [
        filed.run("receipts", "export", "--all"),
        filed.run("receipts", "export", "a", "--all", "--out", "receipts"),
        filed.run("receipts", "export"),
        filed.run("receipts", "export", "--all", "--out", "cases.jsonl"),
        filed.run("receipts", "export", "--all", "--out", "receipts", "--with-replies", "--purpose", "order 7"),
        filed.run("verify", "empty"),
    ]

    assert [2] * 6 == [ran.code for ran in refused]
    assert "--out" in refused[0].err
    assert "holds no receipt" in refused[-1].err
