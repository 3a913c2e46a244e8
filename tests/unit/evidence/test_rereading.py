"""What of reading copies again only a folder has: files that grow, links, descriptors."""

import errno
import os
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.support.at_rest import key_of
from tests.support.shelves import drain, item_for, read
from tipline_client.errors import EvidenceError, EvidenceUnavailableError
from tipline_client.evidence.digests import CHUNK
from tipline_client.evidence.folder import EvidenceFolder
from tipline_client.evidence.source import Evidence
from tipline_client.vault.stream_format import SEGMENT, sealed_size

FIRST_SEGMENT = SEGMENT - sealed_size(0)
"""Bytes of a file that its first segment holds."""


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


async def test_copy_that_grows_while_it_is_sent(store: EvidenceFolder) -> None:
    """A copy that grows after it was opened is refused before its last segment."""
    stored = await store.add(Evidence.from_bytes(bytes(20 * CHUNK), name="x"), key=key_of("e1"), index=0)
    given: list[int] = []

    def grow(chunk: bytes) -> None:
        given.append(len(chunk))
        with (store.root / stored.locator).open("ab") as file:
            file.write(b"more")

    with pytest.raises(EvidenceError, match="not the bytes that were sealed"):
        await drain(store, item_for(stored), into=grow)

    assert sum(given) < 20 * CHUNK


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
            await read(store, item_for(stored))
        with pytest.raises(EvidenceError, match=r"evidence\[0\]: the stored copy"):
            await store.check(item_for(stored))
        copy.unlink(missing_ok=True)


async def test_entry_folder_that_leads_elsewhere(store: EvidenceFolder, tmp_path: Path) -> None:
    """A link in place of an entry's folder is neither read through nor discarded through."""
    stored = await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)
    (store.root / "e1").rename(tmp_path / "outside")
    (store.root / "e1").symlink_to(tmp_path / "outside")

    await store.discard("e1")

    assert (tmp_path / "outside" / "0.bin").exists()
    with pytest.raises(EvidenceError, match="leads out of this store"):
        await read(store, item_for(stored))


async def test_store_that_is_closed_to_this_user(store: EvidenceFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of the copy, so it counts neither as there nor as gone."""
    stored = await store.add(Evidence.from_bytes(b"mug", name="x"), key=key_of("e1"), index=0)

    def closed(path: Path) -> bool:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "is_symlink", closed)

    with pytest.raises(EvidenceUnavailableError, match="the stored copy"):
        await read(store, item_for(stored))
    with pytest.raises(EvidenceUnavailableError, match="the stored copy"):
        await store.check(item_for(stored))


async def test_reader_that_leaves_early(store: EvidenceFolder) -> None:
    """A reader that stops after the first chunk lets the file go."""
    stored = await store.add(Evidence.from_bytes(bytes(5 * CHUNK), name="x"), key=key_of("e1"), index=0)
    before = open_files()

    async with aclosing(store.open_verified(item_for(stored), key=key_of("e1"))) as chunks:
        await anext(chunks)

    assert open_files() <= before
