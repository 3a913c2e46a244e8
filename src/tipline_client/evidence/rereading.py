"""A sealed copy in a folder is read once more, and proves on the way that it is still what was sealed.

How it proves that is said in `proof`. Nothing here knows where the bytes go.
"""

import os
import stat
from io import FileIO
from pathlib import Path

from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import EvidenceError
from tipline_client.evidence.digests import CHUNK
from tipline_client.evidence.proof import Proof, check_sealed_size
from tipline_client.vault import DataKey

__all__ = ["Rereading", "check_size"]

_BATCH = 4
"""Chunks for each visit to a worker thread."""


class Rereading:
    """One pass over one copy. Blocking: call it in a worker thread.

    Args:
        path: Where the copy is.
        item: What was sealed.
        key: The data key of its entry.

    Raises:
        EvidenceError: The copy is missing, unreadable or of another size.
    """

    def __init__(self, path: Path, *, item: ManifestItem, key: DataKey) -> None:
        self._what = f"evidence[{item.index}]"
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise EvidenceError(f"{self._what}: the stored copy cannot be opened: {error.strerror}") from None
        self._file = FileIO(descriptor, "rb")
        self._proof = Proof(item, key=key)
        try:
            check_size(os.fstat(descriptor), item=item)
        except EvidenceError:
            self.close()
            raise

    def batch(self) -> list[bytes]:
        """The next chunks, each of at most 1 MiB; none when it is over.

        Raises:
            EvidenceError: Unreadable, longer than what was sealed, or not what was sealed.
        """
        given: list[bytes] = []
        while len(given) < _BATCH and not self._proof.is_over:
            try:
                sealed = self._file.read(CHUNK)
            except OSError as error:
                raise EvidenceError(f"{self._what}: the stored copy cannot be read: {error.strerror}") from None
            if opened := self._proof.open(sealed):
                given.append(opened)
        return given

    def close(self) -> None:
        """Let the file go; may be called more than once."""
        self._file.close()
        self._proof.close()


def check_size(status: os.stat_result, *, item: ManifestItem) -> None:
    """Compare what the file system says of a copy with what was sealed.

    Raises:
        EvidenceError: It is not a regular file, or of another size.
    """
    if not stat.S_ISREG(status.st_mode):
        raise EvidenceError(f"evidence[{item.index}]: the stored copy is not a regular file")
    check_sealed_size(status.st_size, item=item)
