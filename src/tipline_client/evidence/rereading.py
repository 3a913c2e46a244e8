"""A sealed copy is read and opened once more, and proves on the way that it is still what was sealed.

Nothing is believed of the file but what its bytes add up to. Nothing here knows where the bytes go.
"""

import os
import stat
from io import FileIO
from pathlib import Path

from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import EvidenceError
from tipline_client.evidence.digests import CHUNK, DigestPass, Digests
from tipline_client.vault import DataKey
from tipline_client.vault.broken import SealBrokenError
from tipline_client.vault.stream_format import StreamOpener, sealed_size

__all__ = ["Rereading", "check_size"]


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
        self._item = item
        self._what = f"evidence[{item.index}]"
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise EvidenceError(f"{self._what}: the stored copy cannot be opened: {error.strerror}") from None
        self._file = FileIO(descriptor, "rb")
        self._opener = StreamOpener(key.file_key, associated_data=item.locator.encode())
        self._is_read = False
        self._digest_pass = DigestPass(expected_size=item.size)
        try:
            check_size(os.fstat(descriptor), item=item)
        except EvidenceError:
            self.close()
            raise

    @property
    def is_over(self) -> bool:
        """Whether every byte was given out."""
        return self._is_read

    def next(self) -> bytes:
        """The next bytes, at most 1 MiB; empty when it is over.

        The last segment is opened when the end of the file is reached, and is given out only with the proof that all of
        it is what was sealed.

        Raises:
            EvidenceError: Unreadable, longer than what was sealed, or not what was sealed.
        """
        while not self._is_read:
            given = self._open_next()
            if given:
                return given
        return b""

    def close(self) -> None:
        """Let the file go; may be called more than once."""
        self._file.close()
        self._digest_pass.close()

    def _open_next(self) -> bytes:
        """Open what the next bytes of the file complete, often nothing."""
        try:
            sealed = self._file.read(CHUNK)
            opened = self._opener.update(sealed) if sealed else self._opener.finish()
        except OSError as error:
            raise EvidenceError(f"{self._what}: the stored copy cannot be read: {error.strerror}") from None
        except SealBrokenError as error:
            raise EvidenceError(f"{self._what}: the stored copy is not the bytes that were sealed: {error}") from None
        if opened:
            self._digest_pass.update(opened)
        if self._digest_pass.size > self._item.size:
            raise EvidenceError(f"{self._what}: the stored copy is longer than what was sealed")
        if not sealed:
            self._verify()
            self._is_read = True
        return opened

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
    expected = sealed_size(item.size)
    if status.st_size != expected:
        raise EvidenceError(
            f"evidence[{item.index}]: the stored copy has {status.st_size} bytes, {expected} were written"
        )
