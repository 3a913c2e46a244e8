"""The evidence store in a local folder: `<entry id>/<index>.bin` for each sealed copy, readable by its owner alone.

A copy under way is `<index>.part`; nothing ever reads one. All blocking work runs in worker threads. Nothing here
knows what is said of a file or where it is sent.
"""

import errno
import os
import stat
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from anyio import to_thread

from tipline_client._closed import is_denied, reason_of, way_in
from tipline_client._whole_file import sync_folder
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import ConfigurationError, EvidenceError, OutboxUnavailableError
from tipline_client.evidence.ahead import one_ahead
from tipline_client.evidence.copying import Copying
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
from tipline_client.evidence.reading import in_slices
from tipline_client.evidence.rereading import Rereading, check_size, unread
from tipline_client.evidence.room import Room, known_size
from tipline_client.evidence.source import Evidence
from tipline_client.evidence.store import Holding, StoredEvidence
from tipline_client.vault import DataKey
from tipline_client.vault.stream_format import StreamSealer, sealed_size

__all__ = ["EvidenceFolder"]

_PAGE = 200
"""Holdings that one visit to a worker thread looks for."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: file systems hold later times, `datetime` does not."""


class EvidenceFolder:
    """Keeps the promises of `EvidenceStore` in a folder of this host.

    Args:
        root: The folder; made when the first copy comes.
        keep_free: Bytes that a copy leaves free on its disk.
    """

    def __init__(self, root: Path | str, *, keep_free: int = 0) -> None:
        self.root = Path(root)
        self.room = Room(self.root, keep_free=keep_free)

    @property
    def shown(self) -> str:
        """How people find it."""
        return str(self.root)

    async def check_room(self, sources: Sequence[Evidence]) -> None:
        """Refuse what the disk has no room for. See `EvidenceStore.check_room`."""
        if sources:
            await to_thread.run_sync(self._check_room, sources)

    async def add(self, source: Evidence, *, key: DataKey, index: int) -> StoredEvidence:
        """Copy, digest and seal one file in one pass. See `EvidenceStore.add`; cancelling leaves nothing behind."""
        locator = locator_of(key.entry_id, index)
        folder = self.root / key.entry_id
        digests = await in_slices(
            Copying(
                source,
                what=f"evidence[{index}]",
                draft=self.root / draft_of(locator),
                final=self.root / locator,
                sealer=StreamSealer(key.file_key, associated_data=locator.encode()),
                make_folder=partial(self._make_folder, folder),
                room=self.room,
            )
        )
        return StoredEvidence(
            locator=locator,
            size=digests.size,
            md5=digests.md5,
            sha1=digests.sha1,
            sha256=digests.sha256,
        )

    async def discard(self, entry_id: str) -> None:
        """Remove the copies of an entry that was never queued. See `EvidenceStore.discard`."""
        await to_thread.run_sync(self._remove, self.root / check_entry_id(entry_id))

    async def erase(self, entry_id: str) -> int:
        """Remove the copies of an entry for good. See `EvidenceStore.erase`."""
        return await to_thread.run_sync(self._remove, self.root / check_entry_id(entry_id))

    async def check(self, item: ManifestItem) -> None:
        """Look whether the copy is there and has its size. See `EvidenceStore.check`."""
        await to_thread.run_sync(self._check, item)

    async def is_there(self) -> bool:
        """Whether the folder has copies of any entry. See `EvidenceStore.is_there`."""
        return await to_thread.run_sync(self._is_there)

    async def open_verified(self, item: ManifestItem, *, key: DataKey) -> AsyncGenerator[bytes, None]:
        """The copy's bytes in chunks of at most 1 MiB, proven on the way. See `EvidenceStore.open_verified`."""
        reading = await to_thread.run_sync(lambda: Rereading(self._path(item), item=item, key=key))
        try:
            async with aclosing(one_ahead(reading.batch)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            reading.close()

    async def mark(self, owner: str) -> None:
        """Note whose copies are kept. See `EvidenceStore.mark`."""
        await to_thread.run_sync(self._mark, self.root / mark_of(owner))

    async def marks(self) -> tuple[str, ...]:
        """Whose copies are kept. See `EvidenceStore.marks`."""
        return await to_thread.run_sync(self._marks)

    async def holdings(self) -> AsyncGenerator[Holding, None]:
        """What is kept for each entry, in the order in which the folder lists it. See `EvidenceStore.holdings`.

        Folders and files that are not this store's own are passed over, and so is a folder without any copy.
        """
        found = self._holdings()
        try:
            while page := await to_thread.run_sync(lambda: list(islice(found, _PAGE))):
                for holding in page:
                    yield holding
        finally:
            found.close()

    def _check_room(self, sources: Sequence[Evidence]) -> None:
        needed = sum(sealed_size(known_size(source)) for source in sources)
        self.room.check(needed, what=f"the evidence, {len(sources)} file(s),")

    def _path(self, item: ManifestItem) -> Path:
        entry_id, name = parts_of(item)
        folder = self.root / entry_id
        try:
            is_link = folder.is_symlink()
        except OSError as error:
            # Where the store itself is closed to this user, nothing is known of what is in it.
            raise unread(f"evidence[{item.index}]: the stored copy", error) from None
        if is_link:
            raise EvidenceError(f"evidence[{item.index}]: the locator leads out of this store")
        return folder / name

    def _make_folder(self, folder: Path) -> None:
        try:
            if not self.root.is_dir():
                self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
                sync_folder(self.root.parent)
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)
                sync_folder(self.root)
        except OSError as error:
            what = "the evidence folder of an entry could not be made"
            if is_denied(error):
                reason, hint = reason_of(error, folder), way_in(error, folder)
                raise ConfigurationError(f"{what}: {reason}; nothing was queued", hint=hint) from None
            raise OutboxUnavailableError(f"{what}: {error.strerror}; nothing was queued") from None

    def _remove(self, folder: Path) -> int:
        removed = 0
        try:
            if not stat.S_ISDIR(folder.lstat().st_mode):
                return 0
            for path in folder.iterdir():
                if is_own_file(path.name):
                    path.unlink(missing_ok=True)
                    removed += 1
            sync_folder(folder)
            folder.rmdir()
            sync_folder(self.root)
        except OSError as error:
            # Files that are not ours stay, and the folder with them.
            if error.errno not in {errno.ENOTEMPTY, errno.ENOENT}:
                raise OutboxUnavailableError(f"the copies of an entry could not be removed: {error.strerror}") from None
        return removed

    def _mark(self, path: Path) -> None:
        try:
            if not path.exists():
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.touch(mode=0o600)
                sync_folder(path.parent)
        except OSError as error:
            raise OutboxUnavailableError(f"{path} could not be made: {error.strerror}") from None

    def _marks(self) -> tuple[str, ...]:
        folder = self.root / mark_of("any")
        try:
            return owners_of(path.name for path in folder.parent.iterdir())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise OutboxUnavailableError(f"{folder.parent} cannot be looked into: {error.strerror}") from None

    def _is_there(self) -> bool:
        # A mount that is missing leaves no folder, or one that is empty; the storage may also have gone stale.
        try:
            with os.scandir(self.root) as places:
                return any(is_entry_id(place.name) and place.is_dir() for place in places)
        except OSError:
            return False

    def _check(self, item: ManifestItem) -> None:
        try:
            status = self._path(item).lstat()
        except OSError as error:
            raise unread(f"evidence[{item.index}]: the stored copy", error) from None
        check_size(status, item=item)

    def _holdings(self) -> Generator[Holding, None, None]:
        try:
            with os.scandir(self.root) as places:
                for place in places:
                    if is_entry_id(place.name) and place.is_dir(follow_symlinks=False):
                        # A folder that an enqueue is just giving up may be gone by now.
                        with suppress(FileNotFoundError):
                            yield from _look_into(Path(place.path))
        except FileNotFoundError:
            return
        except OSError as error:
            where = error.filename or self.root
            raise OutboxUnavailableError(
                f"the evidence folder cannot be looked through: {reason_of(error, where)}", hint=way_in(error, where)
            ) from None


def _look_into(folder: Path) -> list[Holding]:
    """What the folder of one entry holds, if it holds anything of ours."""
    found: list[tuple[str, os.stat_result]] = []
    with os.scandir(folder) as files:
        for file in files:
            if is_own_file(file.name):
                with suppress(FileNotFoundError):
                    found.append((file.name, file.stat(follow_symlinks=False)))
    copies = [(name, status) for name, status in found if stat.S_ISREG(status.st_mode)]
    if not copies:
        return []
    seconds = max(status.st_mtime for _, status in copies)
    return [
        Holding(
            entry_id=folder.name,
            copies=len(copies),
            size=sum(status.st_size for _, status in copies),
            has_draft=any(name.endswith(".part") for name, _ in copies),
            changed_at=_EPOCH + timedelta(seconds=min(max(seconds, 0), _LAST_SECOND)),
        )
    ]
