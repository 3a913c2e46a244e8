"""What every evidence store promises, wherever it keeps its copies.

The queue holds only the claim check, a locator; the bytes are here. The promises:

* A copy is complete, durable and digested before its locator is given out. A crash leaves no copy that passes for one.
* What is kept of a copy is sealed with the data key of its entry; nothing else of it is ever written anywhere.
* The bytes are handed out again only with proof: the last chunk is withheld until size and SHA-256 are those sealed.
* A copy is removed by an explicit call alone, never as a side effect.
* A copy leaves room for what has to be written to deliver it.

Nothing here knows a file system or a bucket.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tipline_client.delivery.manifest import ManifestItem
from tipline_client.evidence.source import Evidence
from tipline_client.vault import DataKey

__all__ = ["EvidenceStore", "Holding", "StoredEvidence"]


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """A durable copy.

    Attributes:
        locator: The claim check: where it is, relative to the store.
        size: Bytes, at least 1.
        md5: Lower-case hexadecimal.
        sha1: Lower-case hexadecimal.
        sha256: Lower-case hexadecimal.
        reference: Where the bytes lie outside of the store, if they were not copied.
    """

    locator: str
    size: int
    md5: str
    sha1: str
    sha256: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """What a store keeps under the id of one entry, whether or not there is such an entry.

    Attributes:
        entry_id: The id that the copies were made for.
        copies: How many files, finished or not; at least 1.
        size: Their bytes.
        has_draft: Whether one of them is not finished: a copy under way, or one that a crash cut off.
        changed_at: When the newest of them was last written, by the store's clock.
    """

    entry_id: str
    copies: int
    size: int
    has_draft: bool
    changed_at: datetime


class EvidenceStore(Protocol):
    """The contract of the module's docstring, call by call."""

    async def add(self, source: Evidence, *, key: DataKey, index: int) -> StoredEvidence:
        """Copy, digest and seal one file in one pass. Once per entry and index; after an error, `discard` the entry.

        Args:
            source: The file.
            key: The data key of the entry it belongs to, whose id has 1 to 64 ASCII letters, digits, `_`, `-`.
            index: Its place in the submission, from 0.

        Raises:
            EvidenceError: Missing, unreadable, empty, not a file, or it changed while it was read.
            OutboxUnavailableError: The copy could not be written: disk full, no permission. Nothing is left of it.
        """
        ...

    async def check_room(self, sources: Sequence[Evidence]) -> None:
        """Look whether there is room for the copies of all these files, as far as can be told before they are read.

        Raises:
            OutboxUnavailableError: There is not; the message says how much is needed and how much there is.
        """
        ...

    async def discard(self, entry_id: str) -> None:
        """Remove the copies of an entry that was never queued, finished or not. No copies is no error.

        Raises:
            OutboxUnavailableError: A copy could not be removed.
        """
        ...

    async def erase(self, entry_id: str) -> int:
        """Remove the copies of an entry for good: one that is being destroyed, or that there is not.

        May be repeated; no copies is no error. When it returns, the removal is as durable as a copy was. What the
        medium keeps of a removed file is not overwritten: it is sealed, and its key is what is erased.

        Returns:
            How many files were removed, finished or not.

        Raises:
            OutboxUnavailableError: A copy could not be removed.
        """
        ...

    async def check(self, item: ManifestItem) -> None:
        """Look whether the copy is there and has its size, without reading it.

        Raises:
            EvidenceError: It is missing or of another size.
        """
        ...

    async def is_there(self) -> bool:
        """Whether the store itself is there, so that a copy that is not has been lost.

        False where its storage is not mounted, or was never anything but an empty place.
        """
        ...

    def open_verified(self, item: ManifestItem, *, key: DataKey) -> AsyncGenerator[bytes, None]:
        """The copy's bytes, opened with the entry's data key and digested once more on the way.

        Close the iterator (`contextlib.aclosing`) when leaving early.

        Raises:
            EvidenceError: It is missing or not what was sealed; raised before the last bytes are given out, so that an
                altered file can never become a complete upload.
        """
        ...

    async def mark(self, owner: str) -> None:
        """Note for good that copies of this owner are kept here. May be repeated.

        Args:
            owner: 1 to 64 ASCII letters, digits, `_`, `-`.

        Raises:
            OutboxUnavailableError: That could not be written.
        """
        ...

    async def marks(self) -> tuple[str, ...]:
        """Whose copies are kept here, as `mark` was told.

        Raises:
            OutboxUnavailableError: The store cannot be looked into.
        """
        ...

    def holdings(self) -> AsyncGenerator[Holding, None]:
        """What is kept for each entry, one after the other in no order, however many there are; nothing is read.

        What is added or discarded meanwhile may be in it or not. Close the iterator (`contextlib.aclosing`) when
        leaving early.

        Raises:
            OutboxUnavailableError: The store cannot be looked through.
        """
        ...
