"""A stream that somebody else writes while it is read, such as a pipe: lines as they come, and nobody kept waiting.

A file can always be read on; who reads a pipe may wait for hours. So the wait is one that can be ended, and during it
all else goes on. Nothing here knows what a line holds.
"""

import os
import select
import time
from typing import Final

import anyio

__all__ = ["Stream"]

_PART: Final = 64 * 1024
_LONGEST: Final = 8 * 1024 * 1024
"""How much of a line is waited for; one that is longer is read on by whoever asks for it."""


class Stream:
    """The lines of an open descriptor, which is not closed.

    Args:
        descriptor: What is read; `None` where `head` is all there is.
        head: What stands before it.
    """

    def __init__(self, descriptor: int | None, head: bytes = b"") -> None:
        self._descriptor = descriptor
        self._held = bytearray(head)
        self._is_over = descriptor is None

    def readline(self, size: int = -1, /) -> bytes:
        """The next line with its end, or its first `size` bytes; empty at the end of the stream.

        Raises:
            OSError: It cannot be read.
        """
        searched = 0
        while True:
            end = self._held.find(b"\n", searched) + 1
            if end or self._is_over or len(self._held) >= size >= 0:
                break
            searched = len(self._held)
            self._read()
        length = end or len(self._held)
        return self._take(length if size < 0 else min(length, size))

    def read(self) -> bytes:
        """All that is left, once it has ended.

        Raises:
            OSError: It cannot be read.
        """
        while not self._is_over:
            self._read()
        return self._take(len(self._held))

    def put_back(self, head: bytes) -> None:
        """Have `head` read again."""
        self._held[:0] = head

    @property
    def has_line(self) -> bool:
        """Whether `readline` has an answer without waiting; takes in what is there.

        Raises:
            OSError: It cannot be read.
        """
        searched = 0
        while not self._is_over and len(self._held) < _LONGEST:
            if self._held.find(b"\n", searched) >= 0:
                return True
            if not self._is_ready():
                return False
            searched = len(self._held)
            self._read()
        return True

    def is_silent(self, seconds: float) -> bool:
        """Whether so much time passes without a line, and without the end; takes in what is there.

        Raises:
            OSError: It cannot be read.
        """
        until = time.monotonic() + seconds
        while not self.has_line:
            left = until - time.monotonic()
            if left <= 0:
                return True
            self._is_ready(left)
        return False

    async def wait(self) -> None:
        """Return when `has_line`; may be cancelled at any time, and nothing is lost by it.

        Raises:
            OSError: It cannot be read.
        """
        while not self.has_line:
            await anyio.wait_readable(self._open)

    @property
    def _open(self) -> int:
        assert self._descriptor is not None, "what has no descriptor is over"  # noqa: S101 - says so to the type checker
        return self._descriptor

    def _is_ready(self, seconds: float = 0) -> bool:
        watch = select.poll()
        watch.register(self._open, select.POLLIN)
        # A file is always ready; one who has hung up is too, since the end can be read.
        return bool(watch.poll(seconds * 1000))

    def _read(self) -> None:
        part = os.read(self._open, _PART)
        self._held += part
        self._is_over = not part

    def _take(self, length: int) -> bytes:
        taken = bytes(self._held[:length])
        del self._held[:length]
        return taken
