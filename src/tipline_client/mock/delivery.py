"""How a reply crosses the connection: whole, cut, padded, or not at all.

Dropping a connection needs the transport below HTTP; the server puts it into the request's state. Without a server,
when the application is called in process, a drop is an exception. Knows nothing of what the reply says.
"""

import asyncio

from starlette.types import Receive, Scope, Send

from tipline_client.mock.answers import Reply

__all__ = ["TRANSPORT_KEY", "Channel", "ClientGoneError", "ConnectionDroppedError"]

TRANSPORT_KEY = "tipline_mock_transport"
_PADDING = b" " * 65_536


class ClientGoneError(Exception):
    """The client left in the middle of its request."""


class ConnectionDroppedError(ConnectionError):
    """The scripted end of a connection, when there is no real connection to end."""


class Channel:
    """The way back to one client."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._transport: asyncio.Transport | None = scope.get("state", {}).get(TRANSPORT_KEY)
        self._receive = receive
        self._send = send

    async def deliver(self, reply: Reply) -> None:
        """Send `reply` in the manner it asks for.

        Raises:
            ConnectionDroppedError: The reply wants the connection dropped and there is none below.
        """
        if reply.is_dropped:
            await self._drop()
            return
        length = None if reply.padding else len(reply.body)
        await self._start(reply, length=length)
        if reply.cut_at is not None and reply.cut_at < len(reply.body):
            await self._send_body(reply.body[: reply.cut_at], has_more=True)
            await self._drop()
            return
        await self._send_body(reply.body, has_more=bool(reply.padding))
        if reply.padding:
            await self._pad(reply.padding)
        if reply.closes and self._transport is not None:
            self._transport.close()

    async def _start(self, reply: Reply, *, length: int | None) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})

    async def _send_body(self, body: bytes, *, has_more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": has_more})

    async def _pad(self, left: int) -> None:
        while left > 0 and not (self._transport is not None and self._transport.is_closing()):
            chunk = _PADDING[:left]
            left -= len(chunk)
            await self._send_body(chunk, has_more=True)
            # A client that stops reading must not keep the other connections waiting.
            await asyncio.sleep(0)
        await self._send_body(b"", has_more=False)

    async def _drop(self) -> None:
        if self._transport is None:
            raise ConnectionDroppedError("the script drops the connection here")
        self._transport.close()
        while (await self._receive())["type"] != "http.disconnect":
            pass
