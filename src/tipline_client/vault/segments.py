"""The parts of a sealed stream: what comes in is cut into segments, and each is sealed or opened in its turn.

Here is the cryptography of the format and the keeping back of what may be the last segment. How a sealed file is laid
out is said in `stream_format`.
"""

from collections.abc import Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tipline_client.vault.broken import SealBrokenError

__all__ = ["MAX_SEGMENTS", "NONCE_PREFIX_BYTES", "SALT_BYTES", "TAG_BYTES", "Chunk", "Cutting", "Segments", "checked"]

_KEY_BYTES: Final = 32
SALT_BYTES: Final = 32
NONCE_PREFIX_BYTES: Final = 7
TAG_BYTES: Final = 16

MAX_SEGMENTS: Final = 2**32
"""Segments that their numbers suffice for."""

Chunk = bytes | bytearray | memoryview
"""Bytes as a caller has them; they are read at once, so that its buffer may be used again."""


def checked(key: bytes) -> bytes:
    """The key, which has the length that the format asks for.

    Raises:
        ValueError: It has not.
    """
    if len(key) != _KEY_BYTES:
        raise ValueError(f"the key of a sealed file has {_KEY_BYTES} bytes")
    return key


class Segments:
    """The segments of one file, in their order, each under a nonce of its own.

    Args:
        key: 32 bytes, from which the key of this file is derived.
        salt: Makes that key another one than those of other files.
        nonce_prefix: What all nonces begin with.
        associated_data: What the file is and whose.
    """

    def __init__(self, key: bytes, *, salt: bytes, nonce_prefix: bytes, associated_data: bytes) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), _KEY_BYTES, salt, associated_data).derive(key))
        self._nonce_prefix = nonce_prefix
        self._number = 0

    # Both return new bytes. Into a buffer that is used again would be a tenth faster, but what was returned before
    # would change with it, and a buffer to open into holds bytes before they are proven.

    def seal(self, plaintext: memoryview, *, is_last: bool) -> bytes:
        """The next segment, sealed.

        Raises:
            ValueError: There are too many.
        """
        if self._number == MAX_SEGMENTS:
            raise ValueError("too long: the segments cannot be numbered")
        return self._cipher.encrypt(self._next_nonce(is_last=is_last), plaintext, None)

    def open(self, ciphertext: memoryview, *, is_last: bool) -> bytes:
        """The next segment, opened and proven.

        Raises:
            SealBrokenError: It is not the next segment of this file, or not the last one, or of no file.
        """
        if self._number == MAX_SEGMENTS:
            raise SealBrokenError("more segments than can be numbered")
        try:
            return self._cipher.decrypt(self._next_nonce(is_last=is_last), ciphertext, None)
        except InvalidTag:
            pass
        raise SealBrokenError("altered, cut, exchanged, or sealed with another key")

    def _next_nonce(self, *, is_last: bool) -> bytes:
        nonce = self._nonce_prefix + self._number.to_bytes(4, "big") + bytes([is_last])
        self._number += 1
        return nonce


class Cutting:
    """Cuts what comes, in chunks of any size, into segments. A full one is kept until more comes: it may be the last.

    Args:
        first: Bytes of the first segment, if it is not the last.
        others: Bytes of the others.
    """

    def __init__(self, *, first: int, others: int) -> None:
        self._size = first
        self._others = others
        self._buffer = bytearray()
        self._kept = 0
        self._is_over = False

    def cut(self, chunk: Chunk) -> Iterator[memoryview]:
        """The segments that are full and not the last, each to be read before the next is asked for.

        Raises:
            ValueError: The cutting is over: it was finished, or its segments were not all asked for.
        """
        self._begin()
        rest = memoryview(chunk).cast("B")
        while len(rest) > (missing := self._size - self._kept):
            if self._kept:
                self._keep(rest[:missing])
                with memoryview(self._buffer)[: self._size] as segment:
                    yield segment
                self._kept = 0
            else:
                yield rest[:missing]
            rest = rest[missing:]
            self._size = self._others
        self._keep(rest)
        # Not reached if somebody failed with a segment on the way: after a gap nothing may follow.
        self._is_over = False

    def finish(self) -> memoryview:
        """What is left: the last segment. The cutting is over.

        Raises:
            ValueError: It was over before.
        """
        self._begin()
        return memoryview(self._buffer)[: self._kept]

    def _begin(self) -> None:
        if self._is_over:
            raise ValueError("over: it was finished, or it failed")
        self._is_over = True

    def _keep(self, piece: memoryview) -> None:
        # Grown once and used again: a small file takes no more than its size, and a large one allocates no segments.
        end = self._kept + len(piece)
        if end > len(self._buffer):
            self._buffer.extend(bytes(end - len(self._buffer)))
        memoryview(self._buffer)[self._kept : end] = piece
        self._kept = end
