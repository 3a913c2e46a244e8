"""A sealed copy in a folder is read once more, and proves on the way that it is still what was sealed.

How it proves that is said in `proof`. Nothing here knows where the bytes go.
"""

import errno
import os
import stat
from io import FileIO
from pathlib import Path

from tipline_client._closed import reason_of, way_in
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import EvidenceError, EvidenceUnavailableError
from tipline_client.evidence.digests import CHUNK
from tipline_client.evidence.proof import Proof, check_sealed_size
from tipline_client.vault import DataKey

__all__ = ["Rereading", "check_size", "unread"]

_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.EISDIR})
"""What says something of the file itself: it is not there, or something else is in its place."""

_BATCH = 4
"""Chunks for each visit to a worker thread."""


class Rereading:
    """One pass over one copy. Blocking: call it in a worker thread.

    Args:
        path: Where the copy is.
        item: What was sealed.
        key: The data key of its entry.

    Raises:
        EvidenceError: The copy is missing or of another size.
        EvidenceUnavailableError: This process may not read it, or the disk did not let it.
    """

    def __init__(self, path: Path, *, item: ManifestItem, key: DataKey) -> None:
        self._what = f"evidence[{item.index}]"
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise unread(f"{self._what}: the stored copy cannot be opened", error) from None
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
            EvidenceError: Longer than what was sealed, or not what was sealed.
            EvidenceUnavailableError: The disk did not let it be read.
        """
        given: list[bytes] = []
        while len(given) < _BATCH and not self._proof.is_over:
            try:
                sealed = self._file.read(CHUNK)
            except OSError as error:
                raise unread(f"{self._what}: the stored copy cannot be read", error) from None
            if opened := self._proof.open(sealed):
                given.append(opened)
        return given

    def close(self) -> None:
        """Let the file go; may be called more than once."""
        self._file.close()
        self._proof.close()


def unread(what: str, error: OSError) -> EvidenceError:
    """The error for a copy that was not read: whether it is gone, or whether nothing is known of it."""
    if error.errno in _GONE:
        return EvidenceError(f"{what}: {error.strerror}")
    hint = way_in(error, error.filename or "") or "See that its disk is well."
    return EvidenceUnavailableError(f"{what}: {reason_of(error, error.filename or '')}", hint=hint)


def check_size(status: os.stat_result, *, item: ManifestItem) -> None:
    """Compare what the file system says of a copy with what was sealed.

    Raises:
        EvidenceError: It is not a regular file, or of another size.
    """
    if not stat.S_ISREG(status.st_mode):
        raise EvidenceError(f"evidence[{item.index}]: the stored copy is not a regular file")
    check_sealed_size(status.st_size, item=item)
