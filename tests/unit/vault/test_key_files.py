"""Key files that are placed by several at once, and where a name is taken."""

import errno
import os
from pathlib import Path

import pytest

from tipline_client.vault import key_files
from tipline_client.vault.key_files import place, read


def test_placed_by_two_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there stays, though the other had looked before: somebody may have read it already."""
    path = tmp_path / "secret"
    looked = iter([False, False, True])
    monkeypatch.setattr(key_files, "is_there", lambda _: next(looked))

    place(path, b"one", mode=0o600)
    place(path, b"two", mode=0o600)

    assert b"one" == read(path, is_secret=True)
    assert [path] == list(tmp_path.iterdir())


def test_replaced(tmp_path: Path) -> None:
    """Who asks for it has it replaced."""
    place(tmp_path / "active", b"one", mode=0o644)
    place(tmp_path / "active", b"two", mode=0o644, replaces=True)

    assert b"two" == read(tmp_path / "active")


def test_name_that_leads_nowhere(tmp_path: Path) -> None:
    """A link to nothing gives way."""
    (tmp_path / "secret").symlink_to(tmp_path / "gone")

    place(tmp_path / "secret", b"one", mode=0o600)

    assert b"one" == read(tmp_path / "secret", is_secret=True)


def test_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is placed there too."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)

    place(tmp_path / "secret", b"one", mode=0o600)

    assert b"one" == read(tmp_path / "secret", is_secret=True)
