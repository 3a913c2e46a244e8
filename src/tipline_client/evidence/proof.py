"""A sealed copy proves, while it is opened, that it is still what was sealed; wherever its bytes come from.

Nothing is believed of the copy but what its bytes add up to. Nothing here reads them, or knows where they go.
"""

from tipline_client.delivery.manifest import ManifestItem
from tipline_client.errors import EvidenceError
from tipline_client.evidence.digests import Sha256Pass
from tipline_client.vault import DataKey
from tipline_client.vault.broken import SealBrokenError
from tipline_client.vault.stream_format import StreamOpener, sealed_size

__all__ = ["Proof", "check_sealed_size"]


class Proof:
    """One pass over one copy. Blocking: call it in a worker thread.

    Args:
        item: What was sealed.
        key: The data key of its entry.
    """

    def __init__(self, item: ManifestItem, *, key: DataKey) -> None:
        self._item = item
        self._what = f"evidence[{item.index}]: the stored copy"
        self._opener = StreamOpener(key.file_key, associated_data=item.locator.encode())
        self._digest_pass = Sha256Pass(expected_size=item.size)
        self.is_over = False

    def open(self, sealed: bytes | memoryview) -> bytes:
        """Open what the next bytes of the copy complete, often nothing; no bytes are its end.

        The last segment is opened at the end, and is given out only with the proof that all of it is what was sealed.

        Raises:
            EvidenceError: It is longer than what was sealed, or not what was sealed.
        """
        try:
            opened = self._opener.update(sealed) if sealed else self._opener.finish()
        except SealBrokenError as error:
            raise EvidenceError(f"{self._what} is not the bytes that were sealed: {error}") from None
        if opened:
            self._digest_pass.update(opened)
        if self._digest_pass.size > self._item.size:
            raise EvidenceError(f"{self._what} is longer than what was sealed")
        if not sealed:
            self._verify()
            self.is_over = True
        return opened

    def close(self) -> None:
        """Let the threads go; may be called more than once."""
        self._digest_pass.close()

    def _verify(self) -> None:
        # The same SHA-256 is the same bytes, whose other digests were found when they were copied.
        if self._digest_pass.size != self._item.size or self._digest_pass.finish() != self._item.sha256:
            raise EvidenceError(f"{self._what} is not the bytes that were sealed")


def check_sealed_size(size: int, *, item: ManifestItem) -> None:
    """Compare what a store says of a copy with what was sealed.

    Raises:
        EvidenceError: It is of another size.
    """
    expected = sealed_size(item.size)
    if size != expected:
        raise EvidenceError(f"evidence[{item.index}]: the stored copy has {size} bytes, {expected} were written")
