"""Evidence stores of each kind, with a way to look at what they keep and to tamper with it behind their back."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import obstore
from obstore.store import MemoryStore, ObjectStore

from tests.support import object_server
from tests.support.at_rest import key_of
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.evidence import EvidenceBucket, EvidenceFolder, EvidenceStore, Holding, StoredEvidence

__all__ = [
    "KINDS",
    "BucketShelf",
    "FolderShelf",
    "Shelf",
    "drain",
    "held",
    "is_recent",
    "item_for",
    "pieces",
    "read",
    "shelf_of",
]

KINDS = ("folder", "bucket in memory", "bucket")


class Shelf(Protocol):
    """A store and what lies in it.

    Attributes:
        store: The store.
    """

    @property
    def store(self) -> EvidenceStore: ...

    def names(self) -> list[str]:
        """Everything that lies there, sorted."""
        ...

    def get(self, name: str) -> bytes:
        """What lies under a name."""
        ...

    def put(self, name: str, data: bytes) -> None:
        """Lay something there, in place of what is."""
        ...

    def remove(self, name: str) -> None:
        """Take something away."""
        ...


class FolderShelf:
    """A folder."""

    def __init__(self, root: Path) -> None:
        self.store = EvidenceFolder(root)
        self.root = root

    def names(self) -> list[str]:
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file())

    def get(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def put(self, name: str, data: bytes) -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_bytes(data)

    def remove(self, name: str) -> None:
        (self.root / name).unlink()


class BucketShelf:
    """A place of its own in a bucket, with something of others beside it."""

    def __init__(self, objects: ObjectStore) -> None:
        self.objects = objects
        self.prefix = f"case/{secrets.token_hex(8)}"
        self.store = EvidenceBucket(objects, prefix=self.prefix)
        obstore.put(objects, f"{self.prefix}-beside/e1/0.bin", b"not of this store")

    def names(self) -> list[str]:
        found = obstore.list(self.objects, prefix=self.prefix).collect()
        return sorted(seen["path"].removeprefix(f"{self.prefix}/") for seen in found)

    def get(self, name: str) -> bytes:
        return bytes(obstore.get(self.objects, f"{self.prefix}/{name}").bytes())

    def put(self, name: str, data: bytes) -> None:
        obstore.put(self.objects, f"{self.prefix}/{name}", data)

    def remove(self, name: str) -> None:
        obstore.delete(self.objects, f"{self.prefix}/{name}")


def shelf_of(kind: str, folder: Path) -> Shelf:
    """An empty store of one of the kinds."""
    if kind == "folder":
        return FolderShelf(folder / "evidence")
    return BucketShelf(MemoryStore() if kind == "bucket in memory" else object_server.required().store())


def item_for(stored: StoredEvidence, *, index: int = 0, name: str = "mug.jpg") -> ManifestItem:
    """What a manifest says of a copy."""
    return ManifestItem(index, name, stored.size, stored.md5, stored.sha1, stored.sha256, stored.locator, {})


async def drain(
    store: EvidenceStore, item: ManifestItem, *, into: Callable[[bytes], object], entry_id: str = "e1"
) -> None:
    """Hand each chunk to `into` as it comes, so that what came before a refusal is known."""
    async with aclosing(store.open_verified(item, key=key_of(entry_id))) as chunks:
        async for chunk in chunks:
            into(chunk)


async def read(store: EvidenceStore, item: ManifestItem, *, entry_id: str = "e1") -> bytes:
    """The whole of a copy."""
    given: list[bytes] = []
    await drain(store, item, into=given.append, entry_id=entry_id)
    return b"".join(given)


async def held(store: EvidenceStore) -> dict[str, Holding]:
    """What a store says that it holds, each entry once."""
    found = [holding async for holding in store.holdings()]
    by_id = {holding.entry_id: holding for holding in found}
    assert len(found) == len(by_id)
    return by_id


async def pieces(data: bytes, *, step: int = 1024 * 1024) -> AsyncIterator[bytes]:
    """An asynchronous stream of bytes."""
    for start in range(0, len(data), step):
        yield data[start : start + step]


def is_recent(moment: datetime) -> bool:
    """Whether it was in the last ten minutes, by a store's clock that may be a little ahead."""
    return abs((datetime.now(UTC) - moment).total_seconds()) < 600
