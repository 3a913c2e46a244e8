"""What bytes add up to, in one pass over chunks: size, MD5, SHA-1 and SHA-256 of a file, or SHA-256 alone.

Of much data each digest of a chunk is computed in a thread of its own, while the caller already fetches the next
chunk: hashing lets other threads run. Nothing here opens a file.
"""

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

__all__ = ["CHUNK", "DigestPass", "Digests", "Sha256Pass"]

CHUNK = 512 * 1024
"""Bytes read at a time: large enough for threads to be worth it, small enough for many files at once."""


@dataclass(frozen=True, slots=True)
class Digests:
    """The sums of one file.

    Attributes:
        size: Bytes.
        md5: Lower-case hexadecimal; for comparison with the endpoint, not for safety.
        sha1: Lower-case hexadecimal; likewise.
        sha256: Lower-case hexadecimal; this one decides whether a file is the one that was sealed.
    """

    size: int
    md5: str
    sha1: str
    sha256: str


class _Pass:
    """One pass over bytes. Not for use by several threads at once.

    Args:
        expected_size: About how many bytes will come, if that is known. Above two chunks, and where it is not known,
            threads are used.
    """

    _ALGORITHMS: ClassVar[tuple[str, ...]]

    def __init__(self, *, expected_size: int | None = None) -> None:
        self._hashes = tuple(hashlib.new(name, usedforsecurity=False) for name in self._ALGORITHMS)
        self._size = 0
        is_small = expected_size is not None and expected_size <= 2 * CHUNK
        self._pool = None if is_small else ThreadPoolExecutor(len(self._ALGORITHMS), "tipline-digest")
        self._running: tuple[Future[None], ...] = ()

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._size

    def update(self, chunk: bytes) -> None:
        """Add the next bytes. Returns before they are summed up, but never with two chunks under way."""
        self._size += len(chunk)
        updates: tuple[Callable[[bytes], None], ...] = tuple(each.update for each in self._hashes)
        if self._pool is None:
            for update in updates:
                update(chunk)
            return
        self._wait()
        self._running = tuple(self._pool.submit(update, chunk) for update in updates)

    def close(self) -> None:
        """Let the threads go; may be called at any time, and more than once."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _sums(self) -> tuple[str, ...]:
        self._wait()
        self.close()
        return tuple(each.hexdigest() for each in self._hashes)

    def _wait(self) -> None:
        for future in self._running:
            future.result()
        self._running = ()


class DigestPass(_Pass):
    """One pass over one file, for all that is said of it. Not for use by several threads at once.

    Example:
        >>> one_pass = DigestPass(expected_size=12)
        >>> one_pass.update(b"a coffee mug")
        >>> one_pass.finish().size
        12

    Args:
        expected_size: About how many bytes will come, if that is known.
    """

    _ALGORITHMS = ("md5", "sha1", "sha256")

    def finish(self) -> Digests:
        """The sums of all chunks. The pass is over."""
        return Digests(self._size, *self._sums())


class Sha256Pass(_Pass):
    """One pass for SHA-256 alone, which tells whether bytes are those of before. Not for several threads at once.

    Args:
        expected_size: About how many bytes will come, if that is known.
    """

    _ALGORITHMS = ("sha256",)

    def finish(self) -> str:
        """The sum of all chunks, in lower-case hexadecimal. The pass is over."""
        [sum_] = self._sums()
        return sum_
