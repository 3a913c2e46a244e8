"""Content on the command line: with a purpose and a name, on record, and not where it is switched off."""

import json
from pathlib import Path

import pytest

from tests.acceptance.world import World

WORDS = {
    "show": ("show", "case-1", "--content"),
    "receipts": ("receipts", "export", "case-1", "--with-replies", "--out", "out"),
    "evidence": ("evidence", "export", "case-1", "0", "--out", "out"),
}
READ = {"show": "report", "receipts": "replies", "evidence": "evidence[0]"}


@pytest.fixture
def filed(world: World) -> World:
    assert 0 == world.run("submit", str(world.submission())).code
    return world


@pytest.mark.parametrize("verb", WORDS)
def test_content_with_a_purpose(filed: World, verb: str) -> None:
    """It is shown, and the entry's history says who read what, and what for."""
    ran = filed.run(*WORDS[verb], "--purpose", "court order 12", "--actor", "Zoë")

    notes = filed.run("show", "case-1", "--json").document["notes"]
    assert 0 == ran.code
    assert [f"{READ[verb]} read by Zoë: court order 12"] == [note["text"] for note in notes]
    assert 0 == filed.run("verify", "--all").code


@pytest.mark.parametrize("words", [(), ("--purpose", " ")])
@pytest.mark.parametrize("verb", WORDS)
def test_content_without_a_purpose(filed: World, verb: str, words: tuple[str, ...]) -> None:
    """Nothing is shown or written, and nothing is on record."""
    ran = filed.run(*WORDS[verb], *words)

    assert (2, False) == (ran.code, Path("out").exists())
    assert "--purpose" in ran.err
    assert [] == filed.run("show", "case-1", "--json").document["notes"]


@pytest.mark.parametrize("verb", WORDS)
def test_host_that_shows_no_content(filed: World, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    """Where it is switched off, no purpose helps; whatever holds no content is shown all the same."""
    monkeypatch.setenv("TIPLINE_READS_CONTENT", "no")

    ran = filed.run(*WORDS[verb], "--purpose", "court order 12")

    assert (5, False) == (ran.code, Path("out").exists())
    assert 0 == filed.run("show", "case-1").code
    assert 0 == filed.run("receipts", "show", "case-1").code


def test_evidence_handed_out(filed: World) -> None:
    """The file is the one that was handed in, byte for byte, and its owner's alone; an existing one is left alone."""
    words = (*WORDS["evidence"], "--purpose", "court order 12")
    assert 0 == filed.run(*words).code

    again = filed.run(*words)

    [original] = [Path(item["path"]) for item in json.loads(filed.submission().read_text())["evidence"]]
    written = Path("out")
    folder = filed.submission().parent
    assert (folder / original).read_bytes() == written.read_bytes()
    assert (0o600, 2) == (written.stat().st_mode & 0o777, again.code)


def test_evidence_that_was_altered(filed: World) -> None:
    """Of a copy that is not what was sealed, no file is left behind."""
    [copy] = (filed.home / "evidence").rglob("*.bin")
    sealed = bytearray(copy.read_bytes())
    sealed[-1] ^= 1
    copy.write_bytes(sealed)

    ran = filed.run(*WORDS["evidence"], "--purpose", "court order 12")

    assert (2, False) == (ran.code, Path("out").exists())
    assert "not the bytes that were sealed" in ran.err


def test_evidence_that_there_is_not(filed: World) -> None:
    """A number beyond the files of the entry is refused."""
    ran = filed.run("evidence", "export", "case-1", "7", "--out", "out", "--purpose", "audit")

    assert (2, False) == (ran.code, Path("out").exists())
    assert "evidence[7]" in ran.err
