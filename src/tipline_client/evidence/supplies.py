"""Where the chunks of one pass come from, slice by slice, whether they are waited for in a thread or on the event loop.

A pass asks `fetch` on the loop and then takes `chunks` in a thread. Nothing here sums up or keeps anything.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO, Protocol

from tipline_client.errors import EvidenceError
from tipline_client.evidence.digests import CHUNK
from tipline_client.evidence.origins import Origin
from tipline_client.evidence.streams import ByteStream, StreamOrigin

__all__ = ["Supply", "supply_of"]

_SLICE = 16
"""Chunks of a file for each slice: 8 MiB. Whoever takes a slice may have to keep all of it."""
_FETCHED = 4 * 1024 * 1024
"""Bytes of a stream that are gathered for each slice; one piece of it may go beyond."""


class Supply(Protocol):
    """One reading of one origin.

    Attributes:
        size: How many bytes will come, once it is begun and where that is known.
        is_over: Whether the end was reached.
    """

    size: int | None
    is_over: bool

    async def fetch(self) -> None:
        """Get what has to be waited for on the event loop, for the next slice."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """The next slice, in chunks of at most 512 KiB. Blocking."""
        ...

    def check_unchanged(self) -> None:
        """At the end: see that the origin is still what it was. Blocking.

        Raises:
            EvidenceError: It is not.
        """
        ...

    def close(self) -> None:
        """Let go of what a thread holds."""
        ...

    async def aclose(self) -> None:
        """Let go of what the event loop holds."""
        ...


def supply_of(origin: Origin | StreamOrigin) -> Supply:
    """A reading of `origin`, not begun yet."""
    return _StreamSupply(origin) if isinstance(origin, StreamOrigin) else _FileSupply(origin)


class _FileSupply:
    """See `Supply`; all of it is read in threads."""

    def __init__(self, origin: Origin) -> None:
        self.size: int | None = None
        self.is_over = False
        self._origin = origin
        self._file: BinaryIO | None = None
        self._fingerprint: tuple[int, ...] = ()
        self._cleanup = ExitStack()

    async def fetch(self) -> None:
        pass

    def chunks(self) -> Iterator[bytes]:
        file = self._file or self._open()
        for _ in range(_SLICE):
            try:
                chunk = file.read(CHUNK)
            except OSError as error:
                raise EvidenceError(f"cannot be read: {error.strerror}") from None
            if not chunk:
                self.is_over = True
                return
            yield chunk

    def check_unchanged(self) -> None:
        if self._file is not None and self._origin.fingerprint(self._file) != self._fingerprint:
            raise EvidenceError("changed while it was read")

    def close(self) -> None:
        self._cleanup.close()

    async def aclose(self) -> None:
        pass

    def _open(self) -> BinaryIO:
        file = self._origin.open()
        self._cleanup.callback(file.close)
        self._fingerprint = self._origin.fingerprint(file)
        if self._fingerprint:
            self.size = self._fingerprint[0]
        self._file = file
        return file


class _StreamSupply:
    """See `Supply`; all of it is pulled on the event loop, in the task that fetches."""

    def __init__(self, origin: StreamOrigin) -> None:
        self.size: int | None = None
        self.is_over = False
        self._origin = origin
        self._stream: ByteStream | None = None
        self._fetched = b""

    async def fetch(self) -> None:
        if self._stream is None:
            self._stream = await self._origin.open_stream()
            self.size = self._stream.size
        pieces: list[bytes] = []
        missing = _FETCHED
        while missing > 0 and not self.is_over:
            pieces.append(await self._stream.read())
            missing -= len(pieces[-1])
            self.is_over = not pieces[-1]
        self._fetched = b"".join(pieces)

    def chunks(self) -> Iterator[bytes]:
        fetched, self._fetched = self._fetched, b""
        for start in range(0, len(fetched), CHUNK):
            yield fetched[start : start + CHUNK]

    def check_unchanged(self) -> None:
        """The stream itself sees to that, before it says that it is over."""

    def close(self) -> None:
        self._fetched = b""

    async def aclose(self) -> None:
        if self._stream is not None:
            await self._stream.aclose()
