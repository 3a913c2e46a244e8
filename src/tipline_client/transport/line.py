"""A connection that still hears the other side when sending on it has failed.

An endpoint may refuse an upload before it has all of it: it answers, then closes or resets. By then the answer is often
here already, but asyncio lets go of a socket on which a write failed, together with everything unread. So the line
keeps a second handle on the socket and reads the rest from there.

A line knows neither TLS nor HTTP.
"""

import math
import selectors
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import anyio
from anyio.abc import ByteStream, SocketAttribute, SocketStream

__all__ = ["Line", "NothingYetError"]

# Not asked by `recv` with MSG_PEEK: that would use up a pending error, and a reset would then read as a clean end.
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


class NothingYetError(Exception):
    """Nothing has arrived, and waiting was not asked for."""


class Line(ByteStream):
    """An anyio stream over a TCP connection, which reports a failure to send instead of raising it.

    A TLS stream on top takes an exception from below as its own end and would give no more of what has arrived. So
    `send` returns; whoever sends asks `is_cut` and `is_stuck` afterwards.

    Args:
        stream: The connection.

    Attributes:
        patience: Seconds after which a `send` without success is given up.
        is_cut: Whether a send met a broken connection; nothing is sent any more.
        is_stuck: Whether a send took longer than `patience`; nothing is sent any more.
    """

    def __init__(self, stream: SocketStream) -> None:
        self.patience = math.inf
        self.is_cut = False
        self.is_stuck = False
        self._stream = stream
        self._handle = stream.extra(SocketAttribute.raw_socket).dup()  # noqa: S610 - anyio's `extra`, not Django's
        self._is_looking = False

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        """What the connection says of itself."""
        return self._stream.extra_attributes

    @property
    def has_input(self) -> bool:
        """Whether something waits to be received: bytes, the end, or an error."""
        with _Selector() as selector:
            selector.register(self._handle, selectors.EVENT_READ)
            return bool(selector.select(0))

    def set_option(self, *option: Any) -> None:
        """Set an option of the socket, as `socket.setsockopt` takes it."""
        self._handle.setsockopt(*option)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Inside the block `receive` does not wait: it raises `NothingYetError` instead."""
        self._is_looking = True
        try:
            yield
        finally:
            self._is_looking = False

    async def send(self, item: bytes) -> None:
        """Send `item`, or note that it cannot be sent."""
        if self.is_cut or self.is_stuck:
            return
        with anyio.move_on_after(self.patience) as waiting:
            try:
                await self._stream.send(item)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                self.is_cut = True
        self.is_stuck = waiting.cancelled_caught

    async def receive(self, max_bytes: int = 65536) -> bytes:
        """The next bytes; after a failure to send, those that had arrived before it.

        Where the system throws unread bytes away when a reset arrives (Linux keeps them), or where the reset
        overtook them, they are lost, and nobody can tell what the answer was.

        Raises:
            anyio.EndOfStream: The other side closed in order.
            anyio.BrokenResourceError: The connection is broken and everything that arrived was given out.
            NothingYetError: Only inside `looking`.
        """
        if self._is_looking and not self.has_input:
            raise NothingYetError
        try:
            return await self._stream.receive(max_bytes)
        except (anyio.BrokenResourceError, anyio.EndOfStream) as error:
            if isinstance(error, anyio.EndOfStream) and not self.is_cut:
                raise
            if rest := self._rest(max_bytes):
                return rest
            # Never an end in order, which could make a part of a reply look whole: a failed send has used up the error.
            raise anyio.BrokenResourceError from error

    async def send_eof(self) -> None:
        """Send no more."""
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """Close both handles."""
        try:
            await self._stream.aclose()
        finally:
            self._handle.close()

    def _rest(self, max_bytes: int) -> bytes:
        try:
            return self._handle.recv(max_bytes)
        except OSError:
            return b""
