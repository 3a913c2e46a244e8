"""What may still be written to a disk, of which a part is kept for what is queued already."""

import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.at_rest import key_of
from tests.support.shelves import item_for, read
from tests.unit.evidence.copies import files
from tipline_client.errors import OutboxUnavailableError
from tipline_client.evidence import CHUNK, Evidence, EvidenceByMode, EvidenceFolder, Room
from tipline_client.vault import sealed_size

KEPT = 1_000_000


@pytest.fixture
def store(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "home" / "evidence", keep_free=KEPT)


def leave(monkeypatch: pytest.MonkeyPatch, *free: int) -> None:
    """So many bytes are free, from the first look to the last, which stays."""
    looks = list(free)

    def statvfs(path: os.PathLike[str]) -> object:
        if not Path(path).exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return SimpleNamespace(f_bavail=looks.pop(0) if len(looks) > 1 else looks[0], f_frsize=1)

    monkeypatch.setattr(os, "statvfs", statvfs)


def test_what_is_needed_and_what_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the byte: what leaves the kept part is taken, and one byte more is refused with both numbers."""
    room = Room(tmp_path / "not" / "yet", keep_free=KEPT)
    leave(monkeypatch, KEPT + 10)

    room.check(10, what="a mug")
    with pytest.raises(OutboxUnavailableError, match=r"^a mug needs 11 bytes; 1000010 are free .* 1000000") as refused:
        room.check(11, what="a mug")

    assert "Make room" in refused.value.hint


def test_disk_that_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails is an error of that disk."""

    def fail(_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "statvfs", fail)

    with pytest.raises(OutboxUnavailableError, match="cannot be told: Input/output error"):
        Room(tmp_path).check(1, what="a mug")


async def test_files_that_do_not_fit_together(
    store: EvidenceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All files of known size are counted before one of them is copied; what is only referred to takes no room."""
    path = tmp_path / "mug.bin"
    path.write_bytes(bytes(3000))
    copied = [Evidence.from_path(path), Evidence.from_bytes(bytes(2000), name="x")]
    referred = Evidence.from_path(path, mode="reference")
    needed = sealed_size(3000) + sealed_size(2000)
    by_mode = EvidenceByMode(store)

    leave(monkeypatch, KEPT + needed)
    await by_mode.check_room([*copied, referred])
    leave(monkeypatch, KEPT + needed - 1)
    with pytest.raises(OutboxUnavailableError, match=rf"2 file\(s\), needs {needed} bytes; {KEPT + needed - 1} are"):
        await by_mode.check_room([*copied, referred])


async def test_missing_file_among_them(store: EvidenceFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there is not the disk's fault: it is named when it is copied."""
    leave(monkeypatch, KEPT + 10_000)

    await store.check_room([Evidence.from_path(tmp_path / "gone"), Evidence.from_path("null\x00")])


async def test_file_that_does_not_fit(store: EvidenceFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy whose size is known is refused before a byte of it is written."""
    leave(monkeypatch, KEPT + sealed_size(5 * CHUNK) - 1)

    with pytest.raises(OutboxUnavailableError, match=rf"evidence\[0\] \(bytes\) needs {sealed_size(5 * CHUNK)} bytes"):
        await store.add(Evidence.from_bytes(bytes(5 * CHUNK), name="x"), key=key_of("e1"), index=0)

    assert not store.root.exists()


async def test_stream_that_does_not_fit(store: EvidenceFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of unknown size is refused when the disk comes to its kept part, and nothing of it is left."""
    pulled = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal pulled
        while True:
            pulled += CHUNK
            yield bytes(CHUNK)

    leave(monkeypatch, 10 * KEPT, 9 * KEPT, 8 * KEPT, KEPT)

    with pytest.raises(OutboxUnavailableError, match=r"evidence\[0\] \(stream\) needs .* nothing was queued"):
        await store.add(Evidence.from_stream(endless(), name="x"), key=key_of("e1"), index=0)

    assert pulled <= 20 * CHUNK
    assert [] == files(store)


async def test_copy_read_on_a_full_disk(store: EvidenceFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there is given out whatever is free."""
    stored = await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)
    leave(monkeypatch, 0)

    assert b"mug" == await read(store, item_for(stored))
