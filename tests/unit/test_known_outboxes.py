"""The list of databases in a home, as people and processes leave it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tipline_client.known_outboxes import KnownOutboxes
from tipline_client.outbox import Address

ONE, TWO = Address("sqlite:///srv/one.sqlite3"), Address("postgresql://app:secret@db.example.com/desk")

AT_ONCE = """
import sys
from pathlib import Path
from tipline_client.known_outboxes import KnownOutboxes
from tipline_client.outbox import Address

home = Path(sys.argv[1])
sys.stdin.read(1)
KnownOutboxes(home / "outboxes.txt", own=home / "outbox.sqlite").remember(Address(sys.argv[2]))
"""


@pytest.fixture
def known(tmp_path: Path) -> KnownOutboxes:
    return KnownOutboxes(tmp_path / "outboxes.txt", own=tmp_path / "outbox.sqlite")


def test_remembered_once(known: KnownOutboxes) -> None:
    """Each stands there once, without user and password, behind a line that says what this is."""
    for _ in range(2):
        known.remember(ONE)
        known.remember(TWO)

    assert ("sqlite:///srv/one.sqlite3", "postgresql://db.example.com:5432/desk") == known.places()
    assert known.path.read_text().startswith("# ")
    assert "secret" not in known.path.read_text()
    assert (True, ("sqlite:///srv/one.sqlite3",)) == (known.knows(TWO), known.others(TWO))


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf# a heading\r\n\r\n  sqlite:///srv/one.sqlite3  \r\n",
        b"sqlite:///srv/one.sqlite3",
        b"# \xff\xfe\nsqlite:///srv/one.sqlite3\nsqlite:///srv/one.sqlite3\n",
    ],
    ids=["of an editor", "without an end", "twice"],
)
def test_written_by_hand(known: KnownOutboxes, text: bytes) -> None:
    """Whatever an editor makes of it is read, and nothing of it is lost when another is added."""
    known.path.write_bytes(text)
    assert ("sqlite:///srv/one.sqlite3",) == known.places()

    known.remember(TWO)

    assert ("sqlite:///srv/one.sqlite3", "postgresql://db.example.com:5432/desk") == known.places()


@pytest.mark.parametrize("name", ["a ", "b\n", "c\x85d", "e\u2028f", "g\xa0h", "i%20j", os.fsdecode(b"k\xff")])
def test_name_that_no_line_holds(known: KnownOutboxes, name: str) -> None:
    """It is remembered all the same, once, and told from others."""
    for _ in range(2):
        known.remember(Address(f"sqlite:///srv/{name}"))

    assert 1 == len(known.places())
    assert known.knows(Address(f"sqlite:///srv/{name}"))
    assert not known.knows(Address("sqlite:///srv/other"))


def test_very_many(known: KnownOutboxes) -> None:
    """Those of tests do not grow for ever, and push none out."""
    for number in range(300):
        known.remember(Address(f"sqlite:///srv/{number}.sqlite3"))

    assert [f"sqlite:///srv/{number}.sqlite3" for number in range(200)] == list(known.places())


def test_several_processes_at_once(known: KnownOutboxes, tmp_path: Path) -> None:
    """None loses what another has written."""
    addresses = [f"sqlite:///srv/{number}.sqlite3" for number in range(6)]
    processes = [
        subprocess.Popen([sys.executable, "-c", AT_ONCE, str(tmp_path), address], stdin=subprocess.PIPE)
        for address in addresses
    ]
    for process in processes:
        with process:
            process.communicate(b"x")

    assert addresses == sorted(known.places())


def test_left_by_root(known: KnownOutboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to whoever has the home, and can be read by others who may look into that."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "fchown", lambda _, user, group: given.append((user, group)))
    before = os.umask(0o077)
    try:
        known.remember(ONE)
    finally:
        os.umask(before)

    there = known.path.parent.stat()
    assert [(there.st_uid, there.st_gid)] == given
    assert 0o644 == known.path.stat().st_mode & 0o777
