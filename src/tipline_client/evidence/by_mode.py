"""All evidence behind one contract: copies in a store, and files that are only referred to, read again where they lie.

What is referred to is digested when it is queued and nothing of it is kept. When it is sent, its bytes come from there
once more and are proven as those of a copy are: the last chunk is withheld until size and SHA-256 are those sealed.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing, contextmanager

from anyio import to_thread

from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import ConfigurationError, EvidenceError, EvidenceUnavailableError
from tipline_client.evidence.digests import Sha256Pass
from tipline_client.evidence.objects import url_origin
from tipline_client.evidence.origins import Origin, PathOrigin
from tipline_client.evidence.reading import digest
from tipline_client.evidence.rereading import unread
from tipline_client.evidence.source import Evidence
from tipline_client.evidence.store import EvidenceStore, Holding, StoredEvidence
from tipline_client.evidence.streams import StreamOrigin
from tipline_client.evidence.supplies import supply_of
from tipline_client.vault import DataKey

__all__ = ["EvidenceByMode"]

_NO_COPY = "referred-to"
"""The locator of what lies outside of the store: no store has a copy there."""


class EvidenceByMode:
    """Keeps the promises of `EvidenceStore` for both modes.

    Args:
        copies: Where copies go.
    """

    def __init__(self, copies: EvidenceStore) -> None:
        self._copies = copies

    async def add(self, source: Evidence, *, key: DataKey, index: int) -> StoredEvidence:
        """Copy one file, or digest what is only referred to. See `EvidenceStore.add`."""
        if source.mode == "copy":
            return await self._copies.add(source, key=key, index=index)
        sums = await digest(source, index=index)
        reference = getattr(source.origin, "reference", None)
        return StoredEvidence(_NO_COPY, sums.size, sums.md5, sums.sha1, sums.sha256, reference)

    async def check_room(self, sources: Sequence[Evidence]) -> None:
        """Look whether there is room for what is copied. See `EvidenceStore.check_room`."""
        await self._copies.check_room([source for source in sources if source.mode == "copy"])

    async def discard(self, entry_id: str) -> None:
        """Remove the copies of an entry that was never queued; what was referred to is not ours to remove."""
        await self._copies.discard(entry_id)

    async def erase(self, entry_id: str) -> int:
        """Remove the copies of an entry for good; what was referred to is not ours to remove."""
        return await self._copies.erase(entry_id)

    async def is_there(self) -> bool:
        """Whether the store of copies is there. See `EvidenceStore.is_there`."""
        return await self._copies.is_there()

    async def check(self, item: ManifestItem) -> None:
        """Look whether the file is there and has its size. See `EvidenceStore.check`."""
        if item.reference is None:
            await self._copies.check(item)
            return
        with _told(item):
            size = await _size_of(_origin_of(item.reference))
            if size != item.size:
                raise EvidenceError(f"has {size} bytes, {item.size} were sealed")

    async def open_verified(self, item: ManifestItem, *, key: DataKey) -> AsyncGenerator[bytes, None]:
        """The file's bytes, proven on the way. See `EvidenceStore.open_verified`."""
        chunks = _reread(item, item.reference) if item.reference else self._copies.open_verified(item, key=key)
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    async def mark(self, owner: str) -> None:
        """Note whose copies are kept. See `EvidenceStore.mark`."""
        await self._copies.mark(owner)

    async def marks(self) -> tuple[str, ...]:
        """Whose copies are kept. See `EvidenceStore.marks`."""
        return await self._copies.marks()

    async def holdings(self) -> AsyncGenerator[Holding, None]:
        """What the store of copies keeps. See `EvidenceStore.holdings`."""
        async with aclosing(self._copies.holdings()) as found:
            async for holding in found:
                yield holding


class _ReferredPath(PathOrigin):
    """A file that was sealed where it lies: that it may not be read says nothing of its bytes."""

    __slots__ = ()

    def failure(self, what: str, error: OSError) -> EvidenceError:
        """See `PathOrigin.failure`; as for a copy."""
        return unread(what, error)


async def _reread(item: ManifestItem, reference: str) -> AsyncGenerator[bytes, None]:
    """The bytes that lie at `reference`, always one chunk behind, so that the proof comes before the last one."""
    digest_pass = Sha256Pass(expected_size=item.size)
    withheld = b""
    with _told(item):
        supply = supply_of(_origin_of(reference))

    def take(chunks: Iterator[bytes]) -> bytes:
        chunk = next(chunks, b"")
        if supply.size is not None and supply.size != item.size:
            raise EvidenceError(f"has {supply.size} bytes, {item.size} were sealed")
        if chunk:
            digest_pass.update(chunk)
        if digest_pass.size > item.size:
            raise EvidenceError("is longer than what was sealed")
        return chunk

    try:
        while not supply.is_over:
            with _told(item):
                await supply.fetch()
            chunks = supply.chunks()
            while True:
                with _told(item):
                    chunk = await to_thread.run_sync(take, chunks)
                if not chunk:
                    break
                if withheld:
                    yield withheld
                withheld = chunk
        with _told(item):
            if digest_pass.size != item.size or await to_thread.run_sync(digest_pass.finish) != item.sha256:
                raise EvidenceError("is not the bytes that were sealed")
        yield withheld
    finally:
        digest_pass.close()
        supply.close()
        await supply.aclose()


def _origin_of(reference: str) -> Origin | StreamOrigin:
    if reference.startswith("/"):
        return _ReferredPath(reference)
    try:
        return url_origin(reference, store=None)[0]
    except ConfigurationError as error:
        raise EvidenceUnavailableError(f"cannot be read here: {error}", hint=error.hint) from None


async def _size_of(origin: Origin | StreamOrigin) -> int | None:
    if not isinstance(origin, StreamOrigin):
        return await to_thread.run_sync(_size_of_file, origin)
    stream = await origin.open_stream()
    await stream.aclose()
    return stream.size


def _size_of_file(origin: Origin) -> int:
    with origin.open() as file:
        return origin.fingerprint(file)[0]


@contextmanager
def _told(item: ManifestItem) -> Iterator[None]:
    """An error of the place says which file it is about."""
    try:
        yield
    except EvidenceError as error:
        raise type(error)(f"evidence[{item.index}] ({item.reference!r}) {error}", hint=error.hint) from None
