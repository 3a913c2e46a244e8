"""The evidence store in an object store: `<prefix>/<entry id>/<index>.bin` for each sealed copy.

A large copy under way has an object `<index>.part` beside it; nothing ever reads one. S3 and what speaks like it,
Google Cloud Storage and Azure Blob Storage serve alike. Nothing here knows what is said of a file or where it is sent.
"""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC
from typing import Any, Self

from anyio import to_thread

from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import ConfigurationError, EvidenceError, EvidenceUnavailableError, OutboxUnavailableError
from tipline_client.evidence.digests import CHUNK, Digests
from tipline_client.evidence.locators import (
    check_entry_id,
    draft_of,
    is_entry_id,
    is_own_file,
    locator_of,
    mark_of,
    owners_of,
    parts_of,
)
from tipline_client.evidence.object_reading import (
    HINT,
    RETRIES,
    ObjectStore,
    ObjectStream,
    check_installed,
    told,
    words_for,
)
from tipline_client.evidence.objects import check_place, path_of, shown
from tipline_client.evidence.proof import Proof, check_sealed_size
from tipline_client.evidence.reading import Reading, in_slices
from tipline_client.evidence.source import Evidence
from tipline_client.evidence.store import Holding, StoredEvidence
from tipline_client.evidence.uploading import Uploading
from tipline_client.vault import DataKey
from tipline_client.vault.stream_format import StreamSealer, sealed_size

__all__ = ["EvidenceBucket"]

_PAGE = 200
"""Objects of one page of a list, at least."""


class EvidenceBucket:
    """Keeps the promises of `EvidenceStore` in a bucket or container of an object store.

    Args:
        store: The `obstore` store, pointed at the bucket.
        prefix: What all keys begin with, without a slash at its end; empty for none.
        shown: How people find it, without anything secret.

    Attributes:
        shown: Likewise.
    """

    def __init__(self, store: ObjectStore, *, prefix: str = "", shown: str = "object store") -> None:
        self.shown = shown
        self._store = store
        self._prefix = f"{prefix}/" if prefix else ""

    @classmethod
    def from_url(cls, url: str) -> Self:
        """The bucket that a URL such as `s3://bucket/prefix` names, as the environment leads to it.

        Raises:
            ConfigurationError: It names none; or the extra `objects` is not installed; or the environment holds
                something that the library cannot read.
        """
        try:
            parts = check_place(url)
            prefix = path_of(parts).strip("/")
        except EvidenceError as error:
            raise ConfigurationError(f"the store of {error}", hint=error.hint) from None
        check_installed()
        from obstore.store import from_url

        # Of each part a checksum goes along, which the server compares with what it got.
        checked: Any = {"config": {"checksum_algorithm": "SHA256"}} if parts.scheme == "s3" else {}
        try:
            store = from_url(f"{parts.scheme}://{parts.netloc}", retry_config=RETRIES, **checked)
        except Exception as error:
            raise ConfigurationError(
                f"the store of evidence {shown(parts)} cannot be set up ({type(error).__name__})",
                hint="Correct the variables of the environment that are about it.",
            ) from None
        return cls(store, prefix=prefix, shown=shown(parts))

    async def add(self, source: Evidence, *, key: DataKey, index: int) -> StoredEvidence:
        """Copy, digest and seal one file in one pass. See `EvidenceStore.add`; cancelling leaves nothing behind."""
        locator = locator_of(key.entry_id, index)
        sealing = _Sealing(source, what=f"evidence[{index}]", key=key, locator=locator)
        uploading = Uploading(
            self._store,
            final=self._prefix + locator,
            draft=self._prefix + draft_of(locator),
            name=sealing.reading.name,
        )

        async def hand_over() -> None:
            for piece in sealing.take():
                await uploading.put(piece, expected_size=sealing.expected_size)

        try:
            digests = await in_slices(sealing, then=hand_over)
            await uploading.finish()
        except BaseException:
            await uploading.abandon()
            raise
        return StoredEvidence(locator, digests.size, digests.md5, digests.sha1, digests.sha256)

    async def check_room(self, sources: Sequence[Evidence]) -> None:
        """Nothing tells how much a bucket takes. See `EvidenceStore.check_room`."""

    async def discard(self, entry_id: str) -> None:
        """Remove the copies of an entry that was never queued. See `EvidenceStore.discard`."""
        await self._remove(entry_id)

    async def erase(self, entry_id: str) -> int:
        """Remove the copies of an entry for good. See `EvidenceStore.erase`.

        A bucket that keeps old versions of its objects keeps these too, sealed with a key that is erased.
        """
        return await self._remove(entry_id)

    async def is_there(self) -> bool:
        """Whether the bucket can be looked into; that it cannot be is told by every other call as well."""
        try:
            async for _ in self._listed(self._prefix):
                break
        except Exception:
            return False
        return True

    async def _remove(self, entry_id: str) -> int:
        import obstore

        folder = f"{self._prefix}{check_entry_id(entry_id)}/"
        removed = 0
        try:
            async for seen in self._listed(folder):
                if is_own_file(seen["path"].removeprefix(folder)):
                    with suppress(FileNotFoundError):
                        await obstore.delete_async(self._store, seen["path"])
                        removed += 1
        except Exception as error:
            raise OutboxUnavailableError(f"the copies of an entry could not be removed: {words_for(error)}") from None
        return removed

    async def check(self, item: ManifestItem) -> None:
        """Look whether the copy is there and has its size. See `EvidenceStore.check`."""
        await self._opened(item)

    async def open_verified(self, item: ManifestItem, *, key: DataKey) -> AsyncGenerator[bytes, None]:
        """The copy's bytes in chunks of at most 1 MiB, proven on the way. See `EvidenceStore.open_verified`."""
        stream = await self._opened(item)
        proof = Proof(item, key=key)
        try:
            while not proof.is_over:
                with _named(item):
                    piece = memoryview(await stream.read())
                for start in range(0, len(piece) or 1, CHUNK):
                    opened = await to_thread.run_sync(proof.open, piece[start : start + CHUNK])
                    if opened:
                        yield opened
        finally:
            proof.close()

    async def mark(self, owner: str) -> None:
        """Note whose copies are kept. See `EvidenceStore.mark`."""
        import obstore

        place = self._prefix + mark_of(owner)
        try:
            await obstore.put_async(self._store, place, b"", use_multipart=False)
        except Exception as error:
            raise OutboxUnavailableError(f"{self.shown} could not be marked: {words_for(error)}") from None

    async def marks(self) -> tuple[str, ...]:
        """Whose copies are kept. See `EvidenceStore.marks`."""
        folder = self._prefix + mark_of("any").removesuffix("any")
        try:
            return owners_of([seen["path"].removeprefix(folder) async for seen in self._listed(folder)])
        except FileNotFoundError:
            return ()
        except Exception as error:
            raise OutboxUnavailableError(f"{self.shown} cannot be looked into: {words_for(error)}") from None

    async def holdings(self) -> AsyncGenerator[Holding, None]:
        """What is kept for each entry, in the order of the store's list. See `EvidenceStore.holdings`."""
        entry_id, files = "", list[Any]()
        try:
            # The objects of one entry come together: they share all of their key up to the last slash.
            async for seen in self._listed(self._prefix):
                folder, _, name = seen["path"].removeprefix(self._prefix).rpartition("/")
                if not is_entry_id(folder) or not is_own_file(name):
                    continue
                if folder != entry_id and files:
                    yield _holding(entry_id, files)
                    files = []
                entry_id = folder
                files.append(seen)
        except Exception as error:
            raise OutboxUnavailableError(
                f"the store of evidence cannot be looked through: {words_for(error)}"
            ) from None
        if files:
            yield _holding(entry_id, files)

    async def try_out(self) -> None:
        """Write, read, list and remove an object of no meaning, as copies are.

        Raises:
            OutboxUnavailableError: One of it fails; the message says which.
        """
        import obstore

        key, data = f"{self._prefix}tipline-doctor/{secrets.token_hex(8)}", secrets.token_bytes(64)
        doing = "written to"
        try:
            await obstore.put_async(self._store, key, data, use_multipart=False)
            doing = "read"
            given = bytes(await (await obstore.get_async(self._store, key)).bytes_async())
            doing = "listed"
            keys = [seen["path"] async for seen in self._listed(f"{self._prefix}tipline-doctor/")]
            doing = "removed from"
            await obstore.delete_async(self._store, key)
        except Exception as error:
            raise OutboxUnavailableError(
                f"{self.shown} cannot be {doing}: {words_for(error)}",
                hint=HINT,
            ) from None
        if given != data or key not in keys:
            raise OutboxUnavailableError(f"{self.shown} does not give back what was written to it")

    async def _opened(self, item: ManifestItem) -> ObjectStream:
        """The copy that a manifest names, of the size that was written."""
        entry_id, name = parts_of(item)
        with _named(item):
            try:
                stream = await ObjectStream.open(self._store, f"{self._prefix}{entry_id}/{name}")
            except EvidenceUnavailableError:
                raise
            except EvidenceError:
                await self._check_reachable()
                raise
        check_sealed_size(stream.size or 0, item=item)
        return stream

    async def _check_reachable(self) -> None:
        """Tell a copy that is missing from a bucket that is: of an object, a store says the same in both cases.

        Raises:
            EvidenceUnavailableError: The bucket is not there, or cannot be looked into.
        """
        try:
            async for _ in self._listed(f"{self._prefix}tipline-doctor/"):
                break
        except FileNotFoundError:
            raise EvidenceUnavailableError("cannot be read: there is no such bucket") from None
        except Exception as error:
            raise told(error) from None

    async def _listed(self, prefix: str) -> AsyncIterator[Any]:
        import obstore

        async for page in obstore.list(self._store, prefix=prefix or None, chunk_size=_PAGE):
            for seen in page:
                yield seen


class _Sealing:
    """A source that is read and sealed, slice by slice; see `Sliced`."""

    def __init__(self, source: Evidence, *, what: str, key: DataKey, locator: str) -> None:
        self._reading = Reading(source, what=what, sink=self._seal)
        self._sealer = StreamSealer(key.file_key, associated_data=locator.encode())
        self._sealed: list[bytes] = []

    @property
    def reading(self) -> Reading:
        return self._reading

    @property
    def expected_size(self) -> int | None:
        """Bytes of the sealed copy, where that is known."""
        return None if self._reading.expected_size is None else sealed_size(self._reading.expected_size)

    def advance(self) -> Digests | None:
        digests = self._reading.advance()
        if digests is not None:
            self._sealed.append(self._sealer.finish())
        return digests

    def abandon(self) -> None:
        self._reading.abandon()

    def take(self) -> list[bytes]:
        """What was sealed since it was asked last."""
        sealed, self._sealed = self._sealed, []
        return sealed

    def _seal(self, chunk: bytes) -> None:
        self._sealed.append(self._sealer.update(chunk))


def _holding(entry_id: str, files: Sequence[Any]) -> Holding:
    return Holding(
        entry_id=entry_id,
        copies=len(files),
        size=sum(seen["size"] for seen in files),
        has_draft=any(seen["path"].endswith(".part") for seen in files),
        changed_at=max(seen["last_modified"] for seen in files).astimezone(UTC),
    )


@contextmanager
def _named(item: ManifestItem) -> Iterator[None]:
    """An error of the store says which copy it is about."""
    try:
        yield
    except EvidenceError as error:
        raise type(error)(f"evidence[{item.index}]: the stored copy {error}", hint=error.hint) from None
