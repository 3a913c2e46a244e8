"""A sealed copy is read once more and proves on the way that it is still what was sealed.

Nothing is believed of the file but what its bytes add up to. Nothing here knows where the bytes go.
"""

import os
import stat
from io import FileIO
from pathlib import Path

from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import EvidenceError
from tipline_client.evidence.digests import CHUNK, DigestPass, Digests

__all__ = ["Rereading", "check_size"]


class Rereading:
    """One pass over one copy. Blocking: call it in a worker thread.

    Args:
        path: Where the copy is.
        item: What was sealed.

    Raises:
        EvidenceError: The copy is missing, unreadable or of another size.
    """

    def __init__(self, path: Path, *, item: ManifestItem) -> None:
        self._item = item
        self._what = f"evidence[{item.index}]"
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise EvidenceError(f"{self._what}: the stored copy cannot be opened: {error.strerror}") from None
        self._file = FileIO(descriptor, "rb")
        self._withheld: bytes | None = None
        self._digest_pass = DigestPass(expected_size=item.size)
        try:
            check_size(os.fstat(descriptor), item=item)
        except EvidenceError:
            self.close()
            raise

    @property
    def is_over(self) -> bool:
        """Whether every byte was given out."""
        return self._withheld == b""

    def next(self) -> bytes:
        """The next bytes, at most 512 KiB; empty when it is over.

        Always one chunk behind the file: its end is reached, and with it the proof, before the last chunk leaves.

        Raises:
            EvidenceError: Unreadable, longer than what was sealed, or at the end: not what was sealed.
        """
        given = self._read() if self._withheld is None else self._withheld
        if given:
            self._withheld = self._read()
        return given

    def close(self) -> None:
        """Let the file go; may be called more than once."""
        self._file.close()
        self._digest_pass.close()

    def _read(self) -> bytes:
        try:
            chunk = self._file.read(CHUNK)
        except OSError as error:
            raise EvidenceError(f"{self._what}: the stored copy cannot be read: {error.strerror}") from None
        if chunk:
            self._digest_pass.update(chunk)
        if self._digest_pass.size > self._item.size:
            raise EvidenceError(f"{self._what}: the stored copy is longer than what was sealed")
        if not chunk:
            self._verify()
        return chunk

    def _verify(self) -> None:
        item = self._item
        sealed = Digests(item.size, item.md5, item.sha1, item.sha256)
        if self._digest_pass.finish() != sealed:
            raise EvidenceError(f"{self._what}: the stored copy is not the bytes that were sealed")


def check_size(status: os.stat_result, *, item: ManifestItem) -> None:
    """Compare what the file system says of a copy with what was sealed.

    Raises:
        EvidenceError: It is not a regular file, or of another size.
    """
    if not stat.S_ISREG(status.st_mode):
        raise EvidenceError(f"evidence[{item.index}]: the stored copy is not a regular file")
    if status.st_size != item.size:
        raise EvidenceError(
            f"evidence[{item.index}]: the stored copy has {status.st_size} bytes, {item.size} were sealed"
        )
