"""What every evidence store promises of a copy that is made: complete and digested, or nothing that passes for one."""

import asyncio
import hashlib
import os
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from tests.support.at_rest import key_of
from tests.support.shelves import Shelf, item_for, pieces, read
from tipline_client.errors import EvidenceError
from tipline_client.evidence import CHUNK, Evidence, safe_name
from tipline_client.evidence.uploading import PART
from tipline_client.vault import sealed_size

LARGE = PART - (sealed_size(PART) - PART)
"""Bytes of the largest file whose sealed copy is one part."""


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 3, LARGE, LARGE + 1, 3 * PART + 7])
async def test_copy_comes_back(shelf: Shelf, tmp_path: Path, size: int) -> None:
    """At each boundary of chunks and parts the copy has the file's bytes and digests, under the place that is told."""
    data = os.urandom(size)
    (tmp_path / "mug.jpg").write_bytes(data)

    stored = await shelf.store.add(Evidence.from_path(tmp_path / "mug.jpg"), key=key_of("e1"), index=0)

    assert (size, hashlib.sha256(data).hexdigest(), "e1/0.bin") == (stored.size, stored.sha256, stored.locator)
    assert hashlib.md5(data, usedforsecurity=False).hexdigest() == stored.md5
    assert hashlib.sha1(data, usedforsecurity=False).hexdigest() == stored.sha1
    assert data == await read(shelf.store, item_for(stored))
    assert ["e1/0.bin"] == shelf.names()
    assert sealed_size(size) == len(shelf.get("e1/0.bin"))
    await shelf.store.check(item_for(stored))


async def test_stream_of_unknown_length(shelf: Shelf) -> None:
    """A stream that is longer than a part is copied as it comes."""
    data = os.urandom(2 * PART + 9)

    stored = await shelf.store.add(Evidence.from_stream(pieces(data), name="m"), key=key_of("e1"), index=0)

    assert data == await read(shelf.store, item_for(stored))


async def test_original_deleted_after_queueing(shelf: Shelf, tmp_path: Path) -> None:
    """The copy stands alone: deleting or changing the original harms nothing."""
    original = tmp_path / "mug.jpg"
    original.write_bytes(b"a coffee mug")
    stored = await shelf.store.add(Evidence.from_path(original), key=key_of("e1"), index=0)
    original.unlink()

    assert b"a coffee mug" == await read(shelf.store, item_for(stored))


async def test_two_files_of_one_name(shelf: Shelf, tmp_path: Path) -> None:
    """Two files of one name in one submission stay two."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mug.jpg").write_bytes(folder.encode())

    stored = [
        await shelf.store.add(Evidence.from_path(tmp_path / folder / "mug.jpg"), key=key_of("e1"), index=index)
        for index, folder in enumerate(("a", "b"))
    ]

    assert [b"a", b"b"] == [await read(shelf.store, item_for(one, index=index)) for index, one in enumerate(stored)]


async def test_same_bytes_twice(shelf: Shelf) -> None:
    """The same bytes in two entries are two copies: discarding one leaves the other."""
    evidence = Evidence.from_bytes(b"mug", name="m")
    stored = [await shelf.store.add(evidence, key=key_of(f"e{number}"), index=0) for number in (1, 2)]

    await shelf.store.discard("e1")

    assert stored[0].sha256 == stored[1].sha256
    assert ["e2/0.bin"] == shelf.names()
    assert b"mug" == await read(shelf.store, item_for(stored[1]), entry_id="e2")


async def test_name_of_a_path_with_marks(shelf: Shelf, tmp_path: Path) -> None:
    """A file called with quotes, line ends and direction marks is copied; its name never becomes a place."""
    path = tmp_path / 'a"b\n\u202e..jpg'
    path.write_bytes(b"mug")
    evidence = Evidence.from_path(path)

    stored = await shelf.store.add(evidence, key=key_of("e1"), index=0)

    assert ("a_b.jpg", ["e1/0.bin"]) == (safe_name(evidence.name), shelf.names())
    assert b"mug" == await read(shelf.store, item_for(stored))


async def test_zero_bytes(shelf: Shelf, tmp_path: Path) -> None:
    """An empty file is refused by place and path, from disk and from memory, and nothing is kept."""
    path = tmp_path / "empty.jpg"
    path.touch()

    with pytest.raises(EvidenceError, match=r"^evidence\[2\] \('.*empty\.jpg'\) is empty$"):
        await shelf.store.add(Evidence.from_path(path), key=key_of("e1"), index=2)
    with pytest.raises(EvidenceError, match=r"^evidence\[3\] \(bytes\) is empty$"):
        await shelf.store.add(Evidence.from_bytes(b"", name="x"), key=key_of("e1"), index=3)

    assert [] == shelf.names()


async def test_missing_file(shelf: Shelf, tmp_path: Path) -> None:
    """A missing file is named with its place, and line ends in its name cannot forge the message."""
    with pytest.raises(EvidenceError, match=r"^evidence\[0\] \('.*gone\\n\.jpg'\) cannot be opened: No such file"):
        await shelf.store.add(Evidence.from_path(tmp_path / "gone\n.jpg"), key=key_of("e1"), index=0)

    assert [] == shelf.names()


@pytest.mark.parametrize("shelf", ["folder", "bucket"], indirect=True)
async def test_large_sparse_file_in_constant_memory(shelf: Shelf, tmp_path: Path) -> None:
    """A file of 64 MiB is copied and read again with a few chunks in memory."""
    path = tmp_path / "sparse.bin"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    tracemalloc.start()

    try:
        stored = await shelf.store.add(Evidence.from_path(path), key=key_of("e1"), index=0)
        copying = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        total = 0
        async for chunk in shelf.store.open_verified(item_for(stored), key=key_of("e1")):
            total += len(chunk)
        reading = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (64 * 1024 * 1024, 64 * 1024 * 1024) == (stored.size, total)
    assert copying < 40 * 1024 * 1024
    assert reading < 16 * 1024 * 1024


@pytest.mark.parametrize("entry_id", ["", "..", "a/b", ".", "a" * 65, "a\n"])
async def test_entry_id_that_names_no_place(shelf: Shelf, entry_id: str) -> None:
    """No entry id leads out of the store."""
    with pytest.raises(EvidenceError, match="entry id"):
        await shelf.store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of(entry_id), index=0)
    with pytest.raises(EvidenceError, match="entry id"):
        await shelf.store.discard(entry_id)


@pytest.mark.parametrize("size", [3, 2 * PART])
async def test_stored_twice(shelf: Shelf, size: int) -> None:
    """A place that holds a copy is never overwritten, whatever the size."""
    first = await shelf.store.add(Evidence.from_bytes(b"m" * size, name="x"), key=key_of("e1"), index=0)

    with pytest.raises(EvidenceError, match=r"^evidence\[0\] \(bytes\) is stored already"):
        await shelf.store.add(Evidence.from_bytes(b"c" * size, name="x"), key=key_of("e1"), index=0)

    assert b"m" * size == await read(shelf.store, item_for(first))
    assert ["e1/0.bin"] == shelf.names()


async def test_discarded_entry(shelf: Shelf) -> None:
    """Discarding removes that entry's copies and drafts alone; a stranger's file stays; twice is no error."""
    for entry_id in ("e1", "e2"):
        await shelf.store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of(entry_id), index=0)
    shelf.put("e1/1.part", b"half")
    shelf.put("e1/note.txt", b"not ours")

    for entry_id in ("e1", "e1", "never"):
        await shelf.store.discard(entry_id)

    assert ["e1/note.txt", "e2/0.bin"] == shelf.names()


async def test_draft_left_by_a_crash(shelf: Shelf) -> None:
    """What a crash left of a large copy is no copy; once the entry is discarded, it can be made."""
    shelf.put("e1/0.part", b"half")
    evidence = Evidence.from_bytes(bytes(2 * PART), name="x")

    with pytest.raises(Exception, match="could not be written"):
        await shelf.store.add(evidence, key=key_of("e1"), index=0)

    assert ["e1/0.part"] == shelf.names()
    await shelf.store.discard("e1")
    stored = await shelf.store.add(evidence, key=key_of("e1"), index=0)
    assert bytes(2 * PART) == await read(shelf.store, item_for(stored))


@pytest.mark.parametrize("size", [1, PART, 3 * PART])
async def test_source_that_fails_on_the_way(shelf: Shelf, size: int) -> None:
    """A source that breaks off leaves nothing, however much of it was taken."""

    async def broken() -> AsyncIterator[bytes]:
        async for piece in pieces(bytes(size)):
            yield piece
        raise ConnectionError

    with pytest.raises(EvidenceError, match="broke off"):
        await shelf.store.add(Evidence.from_stream(broken(), name="x"), key=key_of("e1"), index=0)

    assert [] == shelf.names()


@pytest.mark.parametrize("size", [1, PART, 3 * PART])
async def test_caller_gives_up_in_mid_copy(shelf: Shelf, size: int) -> None:
    """A cancelled copy leaves nothing behind."""
    with anyio.CancelScope() as scope:

        async def stalled() -> AsyncIterator[bytes]:
            async for piece in pieces(bytes(size)):
                yield piece
            scope.cancel()
            await anyio.sleep_forever()

        await shelf.store.add(Evidence.from_stream(stalled(), name="x"), key=key_of("e1"), index=0)

    assert scope.cancelled_caught
    assert [] == shelf.names()


@pytest.mark.parametrize("size", [1, PART, 3 * PART])
async def test_task_cancelled_in_mid_copy(shelf: Shelf, size: int) -> None:
    """Nor does one whose task is cancelled by asyncio itself, and once more while it cleans up."""
    has_stalled = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        async for piece in pieces(bytes(size)):
            yield piece
        has_stalled.set()
        await anyio.sleep_forever()

    copying = asyncio.create_task(shelf.store.add(Evidence.from_stream(stalled(), name="x"), key=key_of("e1"), index=0))
    await has_stalled.wait()
    copying.cancel()
    await asyncio.sleep(0)
    copying.cancel()
    await asyncio.wait([copying])

    assert copying.cancelled()
    assert [] == shelf.names()
