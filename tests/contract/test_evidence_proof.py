"""What every evidence store promises of a copy that is read again: proof comes before the last bytes."""

import os
from contextlib import aclosing

import pytest

from tests.support.at_rest import key_of
from tests.support.shelves import Shelf, drain, item_for, read
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import EvidenceError, EvidenceUnavailableError
from tipline_client.evidence import CHUNK, Evidence
from tipline_client.vault import sealed_size
from tipline_client.vault.stream_format import SEGMENT

FIRST_SEGMENT = SEGMENT - sealed_size(0)
"""Bytes of a file that its first segment holds."""


@pytest.mark.parametrize("at", [0, 40, CHUNK, SEGMENT - 1, SEGMENT, 3 * CHUNK - 1])
async def test_copy_changed_between_digest_and_send(shelf: Shelf, at: int) -> None:
    """One changed byte anywhere stops the reader before its segment: no complete upload can come of it."""
    stored = await shelf.store.add(Evidence.from_bytes(bytes(3 * CHUNK), name="x"), key=key_of("e1"), index=0)
    sealed = bytearray(shelf.get(stored.locator))
    sealed[at] ^= 1
    shelf.put(stored.locator, bytes(sealed))
    given: list[int] = []

    with pytest.raises(EvidenceError, match=r"evidence\[0\]: the stored copy is not the bytes that were sealed"):
        await drain(shelf.store, item_for(stored), into=lambda chunk: given.append(len(chunk)))

    assert given in ([], [FIRST_SEGMENT] * (at // SEGMENT))


async def test_small_copy_changed_between_digest_and_send(shelf: Shelf) -> None:
    """Of a changed file that fits one chunk, not a byte is given out."""
    stored = await shelf.store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)
    sealed = shelf.get(stored.locator)
    shelf.put(stored.locator, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    given: list[bytes] = []

    with pytest.raises(EvidenceError, match="not the bytes that were sealed"):
        await drain(shelf.store, item_for(stored), into=given.append)

    assert [] == given


@pytest.mark.parametrize("size", [0, 2, sealed_size(3) - 1, sealed_size(3) + 1])
async def test_copy_of_another_size(shelf: Shelf, size: int) -> None:
    """A copy that was cut or lengthened is refused without reading it."""
    stored = await shelf.store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)
    shelf.put(stored.locator, shelf.get(stored.locator)[:size].ljust(size, b"x"))

    with pytest.raises(EvidenceError, match=f"has {size} bytes, {sealed_size(3)} were written"):
        await shelf.store.check(item_for(stored))
    with pytest.raises(EvidenceError, match=f"has {size} bytes, {sealed_size(3)} were written"):
        await read(shelf.store, item_for(stored))


async def test_missing_copy(shelf: Shelf) -> None:
    """A copy that is gone is an error of the copy, and not one that waiting would mend."""
    await shelf.store.add(Evidence.from_bytes(b"cup", name="x"), key=key_of("e1"), index=1)
    stored = await shelf.store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)
    shelf.remove(stored.locator)

    with pytest.raises(EvidenceError, match=r"^evidence\[0\]: the stored copy") as checked:
        await shelf.store.check(item_for(stored))
    with pytest.raises(EvidenceError, match=r"^evidence\[0\]: the stored copy") as opened:
        await read(shelf.store, item_for(stored))

    assert not isinstance(checked.value, EvidenceUnavailableError)
    assert not isinstance(opened.value, EvidenceUnavailableError)


async def test_copy_replaced_while_it_is_sent(shelf: Shelf) -> None:
    """What takes a copy's place under the reader never continues it to its end."""
    size = 9 * 1024 * 1024
    stored = await shelf.store.add(Evidence.from_bytes(bytes(size), name="x"), key=key_of("e1"), index=0)
    given: list[int] = []

    def replace(chunk: bytes) -> None:
        if not given:
            shelf.put(stored.locator, os.urandom(sealed_size(size)))
        given.append(len(chunk))

    with pytest.raises(EvidenceError, match=r"^evidence\[0\]: the stored copy"):
        await drain(shelf.store, item_for(stored), into=replace)

    assert sum(given) < size


@pytest.mark.parametrize("locator", ["elsewhere", "e1/0.part", "a/b/0.bin", "e1/x.bin", "e1/0.bin.bin"])
async def test_locator_that_is_not_ours(shelf: Shelf, locator: str) -> None:
    """A signed locator that names no copy of this store is refused without looking for it."""
    item = ManifestItem(0, "x", 3, "a" * 32, "b" * 40, "c" * 64, locator, {})

    with pytest.raises(EvidenceError, match="locator"):
        await read(shelf.store, item)
    with pytest.raises(EvidenceError, match="locator"):
        await shelf.store.check(item)


async def test_copies_of_one_entry_exchanged(shelf: Shelf) -> None:
    """A copy in another's place is refused, although it was sealed with the same key and has the same size."""
    stored = [
        await shelf.store.add(Evidence.from_bytes(mug, name="x"), key=key_of("e1"), index=index)
        for index, mug in enumerate((b"mug", b"cup"))
    ]
    sealed = [shelf.get(copy.locator) for copy in stored]
    for copy, data in zip(stored, reversed(sealed), strict=True):
        shelf.put(copy.locator, data)

    for index, copy in enumerate(stored):
        with pytest.raises(EvidenceError, match="not the bytes that were sealed"):
            await read(shelf.store, item_for(copy, index=index))


async def test_copy_opened_with_another_key(shelf: Shelf) -> None:
    """A copy opens with the data key of its own entry alone."""
    stored = await shelf.store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)

    with pytest.raises(EvidenceError, match="not the bytes that were sealed"):
        await read(shelf.store, item_for(stored), entry_id="e2")


async def test_copy_at_rest(shelf: Shelf) -> None:
    """Nothing of the file's bytes is in the store."""
    stored = await shelf.store.add(Evidence.from_bytes(b"a coffee mug" * 1000, name="x"), key=key_of("e1"), index=0)

    assert b"coffee" not in shelf.get(stored.locator)


async def test_reader_that_leaves_early(shelf: Shelf) -> None:
    """A reader that stops after the first chunk harms nothing: the next one gets all of it."""
    data = os.urandom(5 * CHUNK)
    stored = await shelf.store.add(Evidence.from_bytes(data, name="x"), key=key_of("e1"), index=0)

    async with aclosing(shelf.store.open_verified(item_for(stored), key=key_of("e1"))) as chunks:
        await anext(chunks)

    assert data == await read(shelf.store, item_for(stored))
