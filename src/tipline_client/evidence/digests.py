"""What bytes add up to, in one pass over chunks: size, MD5, SHA-1 and SHA-256 of a file, or SHA-256 alone.

Of much data each digest of a chunk is computed in a thread of its own, while the caller already fetches the next
chunk: hashing lets other threads run. Nothing here opens a file.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import ClassVar
from weakref import finalize

from tipline_client._threads import begin

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


class _Lane:
    """A thread that adds chunks to one sum, begun so that it is known to run."""

    def __init__(self, update: Callable[[bytes], None]) -> None:
        self._update = update
        self._chunks: SimpleQueue[bytes | None] = SimpleQueue()
        self._added: SimpleQueue[None] = SimpleQueue()
        begin(self._run, name="tipline-digest")

    def add(self, chunk: bytes) -> None:
        self._chunks.put(chunk)

    def wait(self) -> None:
        """Wait until one more chunk is added."""
        self._added.get()

    def end(self) -> None:
        self._chunks.put(None)

    def _run(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            self._update(chunk)
            self._added.put(None)
        # Nobody waits for ever who has put a chunk behind the end.
        self._added.put(None)


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
        self._lanes: list[_Lane] = []
        self._is_adding = False
        # Nobody has to remember it: a pass that is dropped, or whose second thread cannot be had, leaves none behind.
        self._end = finalize(self, _end_all, self._lanes)
        # Not as the process ends, when daemons may still be in the middle of one: its sum would be another file's.
        self._end.atexit = False
        for each in () if is_small else self._hashes:
            self._lanes.append(_Lane(each.update))

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._size

    def update(self, chunk: bytes) -> None:
        """Add the next bytes. Returns before they are summed up, but never with two chunks under way."""
        self._check_open()
        self._size += len(chunk)
        if not self._lanes:
            for each in self._hashes:
                each.update(chunk)
            return
        self._wait()
        self._is_adding = True
        for lane in self._lanes:
            lane.add(chunk)

    def close(self) -> None:
        """Let the threads go; may be called at any time, and more than once."""
        self._end()

    def _sums(self) -> tuple[str, ...]:
        self._wait()
        # Somebody may have closed it before the last chunk was added.
        self._check_open()
        self.close()
        return tuple(each.hexdigest() for each in self._hashes)

    def _check_open(self) -> None:
        if not self._end.alive:
            raise RuntimeError("the pass is over")

    def _wait(self) -> None:
        if self._is_adding:
            self._is_adding = False
            for lane in self._lanes:
                lane.wait()


def _end_all(lanes: Sequence[_Lane]) -> None:
    for lane in lanes:
        lane.end()


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
