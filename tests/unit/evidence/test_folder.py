"""What of the evidence store only a folder has: modes, files of odd kinds, drafts under their names."""

import errno
import os
import socket
import stat
from pathlib import Path

import pytest

from tests.support.at_rest import key_of
from tests.support.shelves import item_for, read
from tests.unit.evidence.copies import files
from tipline_client.errors import EvidenceError, OutboxUnavailableError
from tipline_client.evidence.folder import EvidenceFolder
from tipline_client.evidence.source import Evidence


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_who_can_read_a_copy(store: EvidenceFolder) -> None:
    """Copies and their folders are open to their owner alone."""
    await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)

    assert (0o700, 0o700, 0o600) == (mode(store.root), mode(store.root / "e1"), mode(store.root / "e1" / "0.bin"))


async def test_path_that_no_file_has(store: EvidenceFolder) -> None:
    """A null character in a path is named."""
    with pytest.raises(EvidenceError, match="null character"):
        await store.add(Evidence.from_path("gone\x00.jpg"), key=key_of("e1"), index=0)


async def test_not_a_file(store: EvidenceFolder, tmp_path: Path) -> None:
    """A folder, a pipe, a socket and a device are refused at once; the pipe is not waited for."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        for path, reason in (
            (tmp_path / "folder", "is a folder"),
            (tmp_path / "pipe", "is not a regular file"),
            (tmp_path / "s", "cannot be opened"),
            (Path("/dev/zero"), "is not a regular file"),
        ):
            with pytest.raises(EvidenceError, match=reason):
                await store.add(Evidence.from_path(path), key=key_of("e1"), index=0)

    assert [] == files(store)


async def test_unreadable_file(store: EvidenceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without permission is named."""
    path = tmp_path / "locked.jpg"
    path.write_bytes(b"mug")
    really_open = os.open

    # The superuser, as whom these tests may run, can read whatever its mode says.
    def refuse(name: str, flags: int, mode: int = 0o777) -> int:
        if name == str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return really_open(name, flags, mode)

    monkeypatch.setattr(os, "open", refuse)

    with pytest.raises(EvidenceError, match="Permission denied"):
        await store.add(Evidence.from_path(path), key=key_of("e1"), index=0)


async def test_draft_left_by_a_crash(store: EvidenceFolder) -> None:
    """A draft of an earlier process is neither believed nor written into; discarding the entry clears the way."""
    (store.root / "e1").mkdir(parents=True)
    (store.root / "e1" / "0.part").write_bytes(b"half")

    with pytest.raises(OutboxUnavailableError, match="File exists"):
        await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)

    assert ["e1/0.part"] == files(store)
    await store.discard("e1")
    stored = await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)
    assert b"mug" == await read(store, item_for(stored))


async def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where no folder can be made, the error says that nothing was queued."""
    (tmp_path / "file").touch()

    with pytest.raises(OutboxUnavailableError, match="Not a directory; nothing was queued"):
        await EvidenceFolder(tmp_path / "file" / "evidence").add(
            Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0
        )
