"""Sealed copies read again: proof comes before the last bytes."""

import os
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.support.at_rest import key_of
from tests.unit.evidence.copies import drain, manifest, read
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import EvidenceError
from tipline_client.evidence.digests import CHUNK
from tipline_client.evidence.folder import EvidenceFolder
from tipline_client.evidence.source import Evidence
from tipline_client.vault.stream_format import SEGMENT, sealed_size

FIRST_SEGMENT = SEGMENT - sealed_size(0)
"""Bytes of a file that its first segment holds."""


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


@pytest.mark.parametrize("at", [0, 40, CHUNK, SEGMENT - 1, SEGMENT, 3 * CHUNK - 1])
async def test_file_changed_between_digest_and_send(store: EvidenceFolder, at: int) -> None:
    """One changed byte anywhere stops the reader before its segment: no complete upload can come of it."""
    stored = await store.add(Evidence.from_bytes(bytes(3 * CHUNK), name="x"), key=key_of("e1"), index=0)
    with (store.root / stored.locator).open("r+b") as file:
        file.seek(at)
        [byte] = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))
    given: list[int] = []

    with pytest.raises(EvidenceError, match=r"evidence\[0\]: the stored copy is not the bytes that were sealed"):
        await drain(store, manifest(stored), into=lambda chunk: given.append(len(chunk)))

    assert [FIRST_SEGMENT] * (at // SEGMENT) == given


async def test_small_file_changed_between_digest_and_send(store: EvidenceFolder) -> None:
    """Of a changed file that fits one chunk, not a byte is given out."""
    stored = await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)
    path = store.root / stored.locator
    sealed = bytearray(path.read_bytes())
    sealed[-1] ^= 1
    path.write_bytes(sealed)
    given: list[bytes] = []

    with pytest.raises(EvidenceError, match="not the bytes that were sealed"):
        await drain(store, manifest(stored), into=given.append)

    assert [] == given


@pytest.mark.parametrize("size", [2, sealed_size(3) - 1, sealed_size(3) + 1])
async def test_copy_of_another_size(store: EvidenceFolder, size: int) -> None:
    """A copy that was cut or lengthened is refused without reading it."""
    stored = await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)
    os.truncate(store.root / stored.locator, size)

    with pytest.raises(EvidenceError, match=f"has {size} bytes, {sealed_size(3)} were written"):
        await store.check(manifest(stored))
    with pytest.raises(EvidenceError, match=f"has {size} bytes, {sealed_size(3)} were written"):
        await read(store, manifest(stored))


async def test_copy_that_grows_while_it_is_sent(store: EvidenceFolder) -> None:
    """A copy that grows after it was opened is refused before its last segment."""
    stored = await store.add(Evidence.from_bytes(bytes(3 * CHUNK), name="x"), key=key_of("e1"), index=0)
    given: list[int] = []

    def grow(chunk: bytes) -> None:
        given.append(len(chunk))
        with (store.root / stored.locator).open("ab") as file:
            file.write(b"more")

    with pytest.raises(EvidenceError, match="not the bytes that were sealed"):
        await drain(store, manifest(stored), into=grow)

    assert sum(given) < 3 * CHUNK


async def test_copy_exchanged_for_something_else(store: EvidenceFolder, tmp_path: Path) -> None:
    """A missing copy, a link and a pipe in its place are refused, and none of them is followed or waited for."""
    stored = await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)
    copy = store.root / stored.locator
    elsewhere = tmp_path / "elsewhere"
    copy.rename(elsewhere)
    for exchange in (None, elsewhere.symlink_to, os.mkfifo):
        if exchange is os.mkfifo:
            os.mkfifo(copy)
        elif exchange is not None:
            copy.symlink_to(elsewhere)

        with pytest.raises(EvidenceError, match=r"evidence\[0\]: the stored copy"):
            await read(store, manifest(stored))
        with pytest.raises(EvidenceError, match=r"evidence\[0\]: the stored copy"):
            await store.check(manifest(stored))
        copy.unlink(missing_ok=True)


@pytest.mark.parametrize("locator", ["elsewhere", "e1/0.part", "a/b/0.bin", "e1/x.bin", "e1/0.bin.bin"])
async def test_locator_that_is_not_ours(store: EvidenceFolder, locator: str) -> None:
    """A signed locator that names no copy of this store is refused without touching the disk."""
    item = ManifestItem(0, "x", 3, "a" * 32, "b" * 40, "c" * 64, locator, {})

    with pytest.raises(EvidenceError, match="locator"):
        await read(store, item)


async def test_entry_folder_that_leads_elsewhere(store: EvidenceFolder, tmp_path: Path) -> None:
    """A link in place of an entry's folder is neither read through nor discarded through."""
    stored = await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)
    (store.root / "e1").rename(tmp_path / "outside")
    (store.root / "e1").symlink_to(tmp_path / "outside")

    await store.discard("e1")

    assert (tmp_path / "outside" / "0.bin").exists()
    with pytest.raises(EvidenceError, match="leads out of this store"):
        await read(store, manifest(stored))


async def test_reader_that_leaves_early(store: EvidenceFolder) -> None:
    """A reader that stops after the first chunk lets the file go."""
    stored = await store.add(Evidence.from_bytes(bytes(5 * CHUNK), name="x"), key=key_of("e1"), index=0)
    before = open_files()

    async with aclosing(store.open_verified(manifest(stored), key=key_of("e1"))) as chunks:
        await anext(chunks)

    assert before == open_files()


async def test_copies_of_one_entry_exchanged(store: EvidenceFolder) -> None:
    """A copy in another's place is refused, although it was sealed with the same key and has the same size."""
    stored = [
        await store.add(Evidence.from_bytes(mug, name="x"), key=key_of("e1"), index=index)
        for index, mug in enumerate((b"mug", b"cup"))
    ]
    one, other = (store.root / copy.locator for copy in stored)
    held = one.read_bytes(), other.read_bytes()
    one.write_bytes(held[1])
    other.write_bytes(held[0])

    for index, copy in enumerate(stored):
        with pytest.raises(EvidenceError, match="not the bytes that were sealed"):
            await read(store, manifest(copy, index=index))


async def test_copy_opened_with_another_key(store: EvidenceFolder) -> None:
    """A copy opens with the data key of its own entry alone."""
    stored = await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)

    with pytest.raises(EvidenceError, match="not the bytes that were sealed"):
        async with aclosing(store.open_verified(manifest(stored), key=key_of("e2"))) as chunks:
            await anext(chunks)


async def test_copy_on_the_disk(store: EvidenceFolder) -> None:
    """Nothing of the file's bytes is on the disk."""
    stored = await store.add(Evidence.from_bytes(b"a coffee mug" * 1000, name="x"), key=key_of("e1"), index=0)

    assert b"coffee" not in (store.root / stored.locator).read_bytes()
