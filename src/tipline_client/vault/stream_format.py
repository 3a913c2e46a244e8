"""Files of any size, sealed and opened piece by piece: the format that Tink calls AES256_GCM_HKDF_1MB.

A sealed file is a header and segments of 1 MiB, the header counted into the first; only the last may be shorter::

    40 (one byte) | salt (32) | nonce prefix (7) | segment 0 | segment 1 | ... | last segment

    segment = AES-256-GCM under HKDF-SHA256(key, salt, info = associated data), ending in a tag of 16 bytes
    nonce   = nonce prefix (7) | number of the segment (4, big-endian) | 1 if it is the last, else 0 (1)

So a segment fits in one place of one file only, and where the file ends is proven too. Whatever else reads the format
opens the files, given the key. Nothing here reads or writes a file, or knows where keys come from.
"""

import secrets
from collections.abc import Callable
from typing import Final

from tipline_client.vault.broken import SealBrokenError
from tipline_client.vault.segments import (
    MAX_SEGMENTS,
    NONCE_PREFIX_BYTES,
    SALT_BYTES,
    TAG_BYTES,
    Chunk,
    Cutting,
    Segments,
    checked,
)

__all__ = ["SEGMENT", "StreamOpener", "StreamSealer", "sealed_size"]

SEGMENT: Final = 1024 * 1024
"""Bytes of each segment but the last in the sealed file; the header is counted into the first."""

_HEADER_BYTES: Final = 1 + SALT_BYTES + NONCE_PREFIX_BYTES
_PLAIN: Final = SEGMENT - TAG_BYTES
_FIRST_PLAIN: Final = _PLAIN - _HEADER_BYTES


def sealed_size(plain_size: int) -> int:
    """Bytes of the sealed file of a file of `plain_size` bytes.

    Raises:
        ValueError: `plain_size` is below zero, or too much for one file.
    """
    if plain_size < 0:
        raise ValueError("a size below zero")
    segments = 1 + -(-max(plain_size - _FIRST_PLAIN, 0) // _PLAIN)
    if segments > MAX_SEGMENTS:
        raise ValueError("too long: the segments cannot be numbered")
    return _HEADER_BYTES + plain_size + segments * TAG_BYTES


class StreamSealer:
    """Seals one file, given in chunks of any size. Keeps a segment at most. Not for several threads at once.

    Example:
        >>> sealer = StreamSealer(bytes(32), associated_data=b"an example")
        >>> sealed = sealer.update(b"a coffee ") + sealer.update(b"mug") + sealer.finish()
        >>> len(sealed) == sealed_size(12)
        True

    Args:
        key: 32 bytes; one key may seal many files.
        associated_data: What the file is and whose; the same must be said to open it. The sealed file does not hold it.
        random: Gives so many random bytes. Under one key no two files may get the same ones: tests alone replace it.

    Raises:
        ValueError: The key has another length.
    """

    def __init__(
        self, key: bytes, *, associated_data: bytes, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        salt, nonce_prefix = random(SALT_BYTES), random(NONCE_PREFIX_BYTES)
        self._segments = Segments(checked(key), salt=salt, nonce_prefix=nonce_prefix, associated_data=associated_data)
        self._header = bytes([_HEADER_BYTES]) + salt + nonce_prefix
        self._cutting = Cutting(first=_FIRST_PLAIN, others=_PLAIN)

    def update(self, chunk: Chunk) -> bytes:
        """Seal the next bytes of the file.

        Returns:
            What the sealed file goes on with; often nothing yet.

        Raises:
            ValueError: The file is too long for the format, or sealing is over: it was finished, or it failed.
        """
        return self._after_header([self._segments.seal(piece, is_last=False) for piece in self._cutting.cut(chunk)])

    def finish(self) -> bytes:
        """Seal what is left: the end of the sealed file.

        Raises:
            ValueError: The file is too long for the format, or sealing is over: it was finished, or it failed.
        """
        return self._after_header([self._segments.seal(self._cutting.finish(), is_last=True)])

    def _after_header(self, sealed: list[bytes]) -> bytes:
        header, self._header = self._header, b""
        return b"".join([header, *sealed] if header else sealed)


class StreamOpener:
    """Opens one sealed file, given in chunks of any size. Keeps a segment at most. Not for several threads at once.

    Each byte that it gives out is proven to stand where it stood in the file that was sealed. That this was all of the
    file is known when `finish` has returned, and not before.

    Args:
        key: The 32 bytes that it was sealed with.
        associated_data: What was said when it was sealed.

    Raises:
        ValueError: The key has another length.
    """

    def __init__(self, key: bytes, *, associated_data: bytes) -> None:
        self._key = checked(key)
        self._associated_data = associated_data
        self._segments: Segments | None = None
        self._cutting = Cutting(first=SEGMENT, others=SEGMENT)

    def update(self, chunk: Chunk) -> bytes:
        """Open the next bytes of the sealed file.

        Returns:
            What the file goes on with; often nothing yet.

        Raises:
            SealBrokenError: It is not what was sealed with this key and associated data. Nothing more is opened.
            ValueError: Opening is over: it was finished, or it failed.
        """
        return b"".join([self._open(piece, is_last=False) for piece in self._cutting.cut(chunk)])

    def finish(self) -> bytes:
        """Open what is left: the end of the file, which is now known to be whole.

        Raises:
            SealBrokenError: It is not what was sealed with this key and associated data, or not all of it.
            ValueError: Opening is over: it was finished, or it failed.
        """
        return self._open(self._cutting.finish(), is_last=True)

    def _open(self, piece: memoryview, *, is_last: bool) -> bytes:
        if self._segments is not None:
            return self._segments.open(piece, is_last=is_last)
        self._segments = self._begun(bytes(piece[:_HEADER_BYTES]))
        return self._segments.open(piece[_HEADER_BYTES:], is_last=is_last)

    def _begun(self, header: bytes) -> Segments:
        if len(header) < _HEADER_BYTES or header[0] != _HEADER_BYTES:
            raise SealBrokenError("no sealed file of the form that this release reads, or not even its beginning")
        salt, nonce_prefix = header[1 : 1 + SALT_BYTES], header[1 + SALT_BYTES :]
        return Segments(self._key, salt=salt, nonce_prefix=nonce_prefix, associated_data=self._associated_data)
