"""The evidence of one path, without a disk, and as one dispatcher reads it: with seams at each wait.

It knows files by where they lie, and nothing of reports.
"""

import hashlib
from collections.abc import AsyncGenerator, Sequence

from tests.explorer.choices import Choices
from tests.explorer.process import ANYWHERE, IN_A_LEASE, Process
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import EvidenceError
from tipline_client.evidence import Evidence
from tipline_client.evidence.store import StoredEvidence
from tipline_client.vault import DataKey

__all__ = ["EvidenceInMemory", "ProcessEvidence"]

_WITHIN = (*ANYWHERE, *IN_A_LEASE, "withdraw")
_FIRST_CHUNK = 5


class EvidenceInMemory:
    """As much of an evidence store as queueing and delivering take, without a disk.

    Attributes:
        contents: Locator to bytes.
        is_broken: Whether every copy fails its check.
    """

    def __init__(self, contents: dict[str, bytes] | None = None) -> None:
        self.contents = {} if contents is None else contents
        self.is_broken = False

    async def add(self, source: Evidence, *, key: DataKey, index: int) -> StoredEvidence:
        """See `EvidenceStore.add`."""
        locator = f"{key.entry_id}/{index}"
        with source.open() as file:
            content = file.read()
        self.contents[locator] = content
        md5, sha1 = hashlib.md5(content, usedforsecurity=False), hashlib.sha1(content, usedforsecurity=False)
        return StoredEvidence(
            locator, len(content), md5.hexdigest(), sha1.hexdigest(), hashlib.sha256(content).hexdigest()
        )

    async def check_room(self, sources: Sequence[Evidence]) -> None:
        """See `EvidenceStore.check_room`; there is always room."""

    async def discard(self, entry_id: str) -> None:
        """See `EvidenceStore.discard`; nothing here is discarded."""

    async def check(self, item: ManifestItem) -> None:
        """See `EvidenceStore.check`."""
        if self.is_broken:
            raise EvidenceError(f"evidence[{item.index}] is not what was sealed")

    async def is_there(self) -> bool:
        """See `EvidenceStore.is_there`; it always is."""
        return True

    async def open_verified(self, item: ManifestItem, *, key: DataKey) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 - kept bare
        """See `EvidenceStore.open_verified`."""
        content = self.contents[item.locator]
        yield content[:_FIRST_CHUNK]
        await self.check(item)
        yield content[_FIRST_CHUNK:]


class ProcessEvidence(EvidenceInMemory):
    """The evidence as one process reads it."""

    def __init__(self, inner: EvidenceInMemory, process: Process, choices: Choices) -> None:
        super().__init__(inner.contents)
        self._inner = inner
        self._process = process
        self._choices = choices

    async def check(self, item: ManifestItem) -> None:
        """See `EvidenceStore.check`; a seam on either side."""
        process = self._process
        await process.gate()
        if self._choices.pick(f"{process.name} check evidence", ("evidence_changed",)):
            self._inner.is_broken = True
        await self._inner.check(item)
        await process.meet("after check evidence", (*ANYWHERE, "stop", "stall"))

    async def open_verified(self, item: ManifestItem, *, key: DataKey) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 - kept bare
        """See `EvidenceStore.open_verified`; a seam in mid-stream."""
        content = self._inner.contents[item.locator]
        yield content[:_FIRST_CHUNK]
        if self._choices.pick(f"{self._process.name} read evidence", ("evidence_changed",)):
            self._inner.is_broken = True
        await self._process.meet("in mid-upload", _WITHIN, in_a_lease=True)
        await self._inner.check(item)
        yield content[_FIRST_CHUNK:]
