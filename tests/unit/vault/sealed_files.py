"""Sealed files for the tests, what they were sealed from, and a short word for many bytes."""

import hashlib
from collections.abc import Iterator

from tipline_client.vault.stream_format import SEGMENT, StreamOpener, StreamSealer

KEY = bytes(range(32))
ASSOCIATED = b"evidence 0 of a coffee mug"

HEADER = 40
TAG = 16
FIRST = SEGMENT - HEADER - TAG
"""Bytes of the file in the first segment when it is full."""
OTHER = SEGMENT - TAG
"""Bytes of the file in each further one."""

NOISE = hashlib.shake_256(b"a coffee mug").digest(4 * SEGMENT)


def counting(size: int) -> bytes:
    """Without chance, for what is compared byte by byte."""
    return bytes(range(size))


def seal(plaintext: bytes, *, associated_data: bytes = ASSOCIATED) -> bytes:
    """Seal in one call, with salt and nonce prefix drawn."""
    sealer = StreamSealer(KEY, associated_data=associated_data)
    return sealer.update(plaintext) + sealer.finish()


def seal_again(plaintext: bytes) -> bytes:
    """Seal in one call, the same way each time."""
    sealer = StreamSealer(KEY, associated_data=ASSOCIATED, random=counting)
    return sealer.update(plaintext) + sealer.finish()


def open_sealed(sealed: bytes, *, key: bytes = KEY, associated_data: bytes = ASSOCIATED) -> bytes:
    """Open in one call."""
    opener = StreamOpener(key, associated_data=associated_data)
    return opener.update(sealed) + opener.finish()


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    """The same bytes, `size` at a time."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


def told(data: bytes | bytearray) -> tuple[int, str]:
    """Size and digest, which a failing test can print."""
    return len(data), hashlib.sha256(data).hexdigest()
