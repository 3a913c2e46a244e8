"""The evidence folder: complete copies or none, and proof before the last bytes."""

import errno
import hashlib
import os
import socket
import stat
import tracemalloc
from pathlib import Path

import pytest

from tests.support.at_rest import key_of
from tests.unit.evidence.copies import files, manifest, read
from tipline_client.errors import EvidenceError, OutboxUnavailableError
from tipline_client.evidence.digests import CHUNK
from tipline_client.evidence.folder import EvidenceFolder
from tipline_client.evidence.names import safe_name
from tipline_client.evidence.source import Evidence


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 3])
async def test_copy_comes_back(store: EvidenceFolder, tmp_path: Path, size: int) -> None:
    """At each boundary of chunks the copy has the file's bytes and digests, open to its owner alone."""
    data = os.urandom(size)
    (tmp_path / "mug.jpg").write_bytes(data)

    stored = await store.add(Evidence.from_path(tmp_path / "mug.jpg"), key=key_of("e1"), index=0)

    assert (size, hashlib.sha256(data).hexdigest(), "e1/0.bin") == (stored.size, stored.sha256, stored.locator)
    assert hashlib.md5(data, usedforsecurity=False).hexdigest() == stored.md5
    assert hashlib.sha1(data, usedforsecurity=False).hexdigest() == stored.sha1
    assert data == await read(store, manifest(stored))
    assert (0o700, 0o700, 0o600) == (mode(store.root), mode(store.root / "e1"), mode(store.root / "e1" / "0.bin"))
    await store.check(manifest(stored))


async def test_original_deleted_after_queueing(store: EvidenceFolder, tmp_path: Path) -> None:
    """The copy stands alone: deleting or changing the original harms nothing."""
    original = tmp_path / "mug.jpg"
    original.write_bytes(b"a coffee mug")
    stored = await store.add(Evidence.from_path(original), key=key_of("e1"), index=0)
    original.unlink()

    assert b"a coffee mug" == await read(store, manifest(stored))


async def test_two_files_of_one_name(store: EvidenceFolder, tmp_path: Path) -> None:
    """Two files of one name in one submission stay two."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mug.jpg").write_bytes(folder.encode())

    stored = [
        await store.add(Evidence.from_path(tmp_path / folder / "mug.jpg"), key=key_of("e1"), index=index)
        for index, folder in enumerate(("a", "b"))
    ]

    assert [b"a", b"b"] == [await read(store, manifest(one, index=index)) for index, one in enumerate(stored)]


async def test_same_bytes_twice(store: EvidenceFolder) -> None:
    """The same bytes in two entries are two copies: discarding one leaves the other."""
    stored = [await store.add(Evidence.from_bytes(b"mug", name="m"), key=key_of(f"e{n}"), index=0) for n in (1, 2)]

    await store.discard("e1")

    assert stored[0].sha256 == stored[1].sha256
    assert ["e2/0.bin"] == files(store)
    assert b"mug" == await read(store, manifest(stored[1]), entry_id="e2")


async def test_name_of_a_path_with_marks(store: EvidenceFolder, tmp_path: Path) -> None:
    """A file called with quotes, line ends and direction marks is copied; its name never becomes a place."""
    path = tmp_path / 'a"b\n\u202e..jpg'
    path.write_bytes(b"mug")
    evidence = Evidence.from_path(path)

    stored = await store.add(evidence, key=key_of("e1"), index=0)

    assert ("a_b.jpg", ["e1/0.bin"]) == (safe_name(evidence.name), files(store))
    assert b"mug" == await read(store, manifest(stored, name=safe_name(evidence.name)))


async def test_zero_bytes(store: EvidenceFolder, tmp_path: Path) -> None:
    """An empty file is refused by place and path, from disk and from memory, and nothing is kept."""
    path = tmp_path / "empty.jpg"
    path.touch()

    with pytest.raises(EvidenceError, match=r"^evidence\[2\] \('.*empty\.jpg'\) is empty$"):
        await store.add(Evidence.from_path(path), key=key_of("e1"), index=2)
    with pytest.raises(EvidenceError, match=r"^evidence\[3\] \(bytes\) is empty$"):
        await store.add(Evidence.from_bytes(b"", name="x"), key=key_of("e1"), index=3)

    assert [] == files(store)


async def test_missing_file(store: EvidenceFolder, tmp_path: Path) -> None:
    """A missing file is named with its place, and line ends in its name cannot forge the message."""
    with pytest.raises(EvidenceError, match=r"^evidence\[0\] \('.*gone\\n\.jpg'\) cannot be opened: No such file"):
        await store.add(Evidence.from_path(tmp_path / "gone\n.jpg"), key=key_of("e1"), index=0)
    with pytest.raises(EvidenceError, match="null character"):
        await store.add(Evidence.from_path("gone\x00.jpg"), key=key_of("e1"), index=0)

    assert [] == files(store)


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


async def test_large_sparse_file_in_constant_memory(store: EvidenceFolder, tmp_path: Path) -> None:
    """A file of 64 MiB is copied and read again with a few chunks in memory."""
    path = tmp_path / "sparse.bin"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    tracemalloc.start()

    try:
        stored = await store.add(Evidence.from_path(path), key=key_of("e1"), index=0)
        total = 0
        async for chunk in store.open_verified(manifest(stored), key=key_of("e1")):
            total += len(chunk)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (64 * 1024 * 1024, 64 * 1024 * 1024) == (stored.size, total)
    assert peak < 8 * 1024 * 1024


@pytest.mark.parametrize("entry_id", ["", "..", "a/b", ".", "a" * 65, "a\n"])
async def test_entry_id_that_names_no_folder(store: EvidenceFolder, entry_id: str) -> None:
    """No entry id leads out of the store."""
    with pytest.raises(EvidenceError, match="entry id"):
        await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of(entry_id), index=0)
    with pytest.raises(EvidenceError, match="entry id"):
        await store.discard(entry_id)


async def test_stored_twice(store: EvidenceFolder) -> None:
    """A place that holds a copy is never overwritten."""
    first = await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)

    with pytest.raises(EvidenceError, match="is stored already"):
        await store.add(Evidence.from_bytes(b"cup", name="x"), key=key_of("e1"), index=0)

    assert b"mug" == await read(store, manifest(first))
    assert ["e1/0.bin"] == files(store)


async def test_discarded_entry(store: EvidenceFolder) -> None:
    """Discarding removes that entry's copies alone; a stranger's file among them stays; twice is no error."""
    for entry_id in ("e1", "e2"):
        await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of(entry_id), index=0)
    (store.root / "e1" / "note.txt").write_text("not ours")

    await store.discard("e1")
    await store.discard("e1")
    await store.discard("never")

    assert ["e1/note.txt", "e2/0.bin"] == files(store)


async def test_draft_left_by_a_crash(store: EvidenceFolder) -> None:
    """A draft of an earlier process is neither believed nor written into; discarding the entry clears the way."""
    (store.root / "e1").mkdir(parents=True)
    (store.root / "e1" / "0.part").write_bytes(b"half")

    with pytest.raises(OutboxUnavailableError, match="File exists"):
        await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)

    assert ["e1/0.part"] == files(store)
    await store.discard("e1")
    stored = await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)
    assert b"mug" == await read(store, manifest(stored))


async def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where no folder can be made, the error says that nothing was queued."""
    (tmp_path / "file").touch()

    with pytest.raises(OutboxUnavailableError, match="Not a directory; nothing was queued"):
        await EvidenceFolder(tmp_path / "file" / "evidence").add(
            Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0
        )
