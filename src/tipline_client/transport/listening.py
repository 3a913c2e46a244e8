"""The connections under httpcore, made so that a refusal in mid-upload is heard.

Between two writes each looks whether an answer has begun. A refusal ends the sending, as RFC 9110 § 10.1 and
RFC 9112 § 9.5 advise, and is read; anything else is left until the request is sent. A failure to send is told to
httpcore as `WriteError`, after which it reads the answer. Nothing here knows what is sent.
"""

import math
import ssl
from collections.abc import Iterable
from typing import Any

import anyio
import httpcore
from anyio.abc import ByteStream
from anyio.streams.tls import TLSAttribute, TLSStream

from tipline_client.transport.line import Line, NothingYetError

__all__ = ["ListeningBackend"]

_BROKEN = (anyio.BrokenResourceError, anyio.ClosedResourceError, ssl.SSLError)
_CLASS_AT = len(b"HTTP/1.1 ")
"""Where a reply's first line has the first digit of its status."""


class ListeningBackend(httpcore.AsyncNetworkBackend):
    """Opens connections that listen while they send."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect, over whichever of the host's addresses answers first.

        Raises:
            httpcore.ConnectTimeout: Not in time.
            httpcore.ConnectError: Refused, or no such host.
        """
        try:
            with anyio.fail_after(timeout):
                stream = await anyio.connect_tcp(host, port, local_host=local_address)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except (OSError, anyio.BrokenResourceError) as error:
            raise httpcore.ConnectError from error
        line = Line(stream)
        for option in socket_options or ():
            line.set_option(*option)
        return _ListeningStream(line)

    async def sleep(self, seconds: float) -> None:
        """Wait, between attempts to connect."""
        await anyio.sleep(seconds)


class _ListeningStream(httpcore.AsyncNetworkStream):
    def __init__(self, line: Line, secured: ByteStream | None = None) -> None:
        self._line = line
        self._stream = secured or line
        self._ahead = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if self._ahead:
            given, self._ahead = self._ahead[:max_bytes], self._ahead[max_bytes:]
            return given
        try:
            with anyio.fail_after(timeout):
                return await self._stream.receive(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except anyio.EndOfStream:
            return b""
        except _BROKEN as error:
            raise httpcore.ReadError from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if not buffer:
            return
        await self._look()
        if self._is_refused:
            raise httpcore.WriteError("refused before everything was sent")
        self._line.patience = math.inf if timeout is None else timeout
        try:
            await self._stream.send(buffer)
        except _BROKEN as error:
            raise httpcore.WriteError from error
        if self._line.is_stuck:
            await self._look()
            if not self._ahead:
                raise httpcore.WriteTimeout
        if self._line.is_cut or self._line.is_stuck:
            raise httpcore.WriteError

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            await self._line.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            with anyio.fail_after(timeout):
                secured = await TLSStream.wrap(
                    self._line,
                    server_side=False,
                    hostname=server_hostname,
                    ssl_context=ssl_context,
                    # HTTP says by itself where a reply ends, so a missing farewell of TLS is no error.
                    standard_compatible=False,
                )
        except BaseException as error:
            await anyio.aclose_forcefully(self._line)
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout from error
            if isinstance(error, (*_BROKEN, anyio.EndOfStream, OSError)):
                raise httpcore.ConnectError from error
            raise
        return _ListeningStream(self._line, secured)

    def get_extra_info(self, info: str) -> Any:
        match info:
            case "is_readable":
                return self._line.has_input
            case "ssl_object":
                return self._stream.extra(TLSAttribute.ssl_object, None)  # noqa: S610 - anyio's `extra`, not Django's
        return None

    @property
    def _is_refused(self) -> bool:
        # An early success is no reason to stop: it could only be believed of a request that was sent whole.
        return self._ahead.startswith(b"HTTP/") and self._ahead[_CLASS_AT : _CLASS_AT + 1] >= b"3"

    async def _look(self) -> None:
        """Take in the beginning of what has arrived, without waiting for more."""
        if len(self._ahead) > _CLASS_AT or not self._line.has_input:
            return
        try:
            with self._line.looking():
                self._ahead += await self._stream.receive()
        except (NothingYetError, anyio.EndOfStream, *_BROKEN):
            # Nothing for us, such as a ticket of TLS; or the connection has ended, which sending will find out.
            return
