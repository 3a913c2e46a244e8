"""Evidence that comes over an event loop: what every such place promises, and the asynchronous stream of a caller.

A pass pulls such bytes on the loop, in the task that called it, and sums them up in worker threads.
"""

from collections.abc import AsyncIterable, AsyncIterator
from contextlib import suppress
from typing import Protocol, runtime_checkable

from tipline_client.errors import EvidenceError
from tipline_client.evidence.origins import Once

__all__ = ["ByteStream", "IterableOrigin", "StreamOrigin"]


class ByteStream(Protocol):
    """One reading under way."""

    @property
    def size(self) -> int | None:
        """How many bytes will come, where that is known."""
        ...

    async def read(self) -> bytes:
        """The next bytes, however many; empty at the end, and only if the place is then what it was at the beginning.

        Raises:
            EvidenceError: They cannot be had, or the place changed. The message starts in the middle.
        """
        ...

    async def aclose(self) -> None:
        """Let it go; may be called more than once."""
        ...


@runtime_checkable
class StreamOrigin(Protocol):
    """A place whose bytes come over an event loop."""

    @property
    def kind(self) -> str:
        """What sort of place it is: `stream`, `url`."""
        ...

    @property
    def label(self) -> str:
        """How the caller finds it again, for error messages, without anything secret."""
        ...

    async def open_stream(self) -> ByteStream:
        """Begin a reading; whoever begins it closes it.

        Raises:
            EvidenceError: There is nothing to read. The message starts in the middle: `does not exist`.
        """
        ...


class IterableOrigin(Once):
    """An asynchronous stream of the caller's, of unknown size.

    Args:
        chunks: Its bytes. What can be closed is closed when the reading ends early.

    Raises:
        EvidenceError: It is no asynchronous iterable.
    """

    kind = "stream"
    label = "stream"

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        super().__init__()
        if not isinstance(chunks, AsyncIterable):
            raise EvidenceError(
                f"evidence is {type(chunks).__name__}, not an asynchronous stream of bytes",
                hint="An open file goes to from_file, bytes go to from_bytes.",
            )
        self._chunks = chunks

    async def open_stream(self) -> ByteStream:
        """See `StreamOrigin.open_stream`."""
        self.spend()
        return _IterableStream(self._chunks)


class _IterableStream:
    """See `ByteStream`."""

    size = None

    def __init__(self, chunks: AsyncIterable[bytes]) -> None:
        self._iterator: AsyncIterator[bytes] = aiter(chunks)

    async def read(self) -> bytes:
        while True:
            try:
                chunk: object = await anext(self._iterator)
            except StopAsyncIteration:
                return b""
            except Exception as error:
                # Whatever it is, its words are the caller's and may hold content.
                raise EvidenceError(f"broke off: {type(error).__name__}") from None
            if not isinstance(chunk, bytes | bytearray | memoryview):
                raise EvidenceError(f"gives {type(chunk).__name__}, not bytes")
            # A chunk without bytes is not the end of a stream.
            if data := bytes(chunk):
                return data

    async def aclose(self) -> None:
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            # Its own failure must not hide why the reading ended.
            with suppress(Exception):
                await close()
