"""What the tests of evidence ask of a store: its files, its bytes, what it gave out before it refused."""

from collections.abc import Callable

from tests.support.at_rest import key_of
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.evidence.folder import EvidenceFolder
from tipline_client.evidence.store import StoredEvidence


def manifest(stored: StoredEvidence, *, index: int = 0, name: str = "mug.jpg") -> ManifestItem:
    return ManifestItem(index, name, stored.size, stored.md5, stored.sha1, stored.sha256, stored.locator, {})


def files(store: EvidenceFolder) -> list[str]:
    return sorted(str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file())


async def read(store: EvidenceFolder, item: ManifestItem, *, entry_id: str = "e1") -> bytes:
    given: list[bytes] = []
    await drain(store, item, into=given.append, entry_id=entry_id)
    return b"".join(given)


async def drain(
    store: EvidenceFolder, item: ManifestItem, *, into: Callable[[bytes], object], entry_id: str = "e1"
) -> None:
    """Hand each chunk to `into` as it comes, so that what came before a refusal is known."""
    async for chunk in store.open_verified(item, key=key_of(entry_id)):
        into(chunk)
