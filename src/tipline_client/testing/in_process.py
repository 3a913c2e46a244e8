"""Carries a client's calls to a mock endpoint in the same process: no socket, no port, no thread of a server.

What a call looks like on the wire is the same; how a connection breaks is told as HTTP libraries tell it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx

from tipline_client.mock.delivery import ConnectionDroppedError
from tipline_client.profiles import EndpointProfile
from tipline_client.transport import HttpTransport, Transport

if TYPE_CHECKING:
    # Of the extra, whose lack the room of the mock tells.
    from starlette.types import ASGIApp
else:
    ASGIApp = object

__all__ = ["InProcess"]


class InProcess:
    """Opens transports to an application in this process; goes into `Options(open_transport=...)`.

    Args:
        asgi: The application, as `MockEndpoint.asgi` has it.
    """

    def __init__(self, asgi: ASGIApp) -> None:
        self._asgi = asgi

    @asynccontextmanager
    async def __call__(self, profile: EndpointProfile) -> AsyncIterator[Transport]:
        """A transport for `profile`, for one delivery slot."""
        async with (
            httpx.AsyncClient(transport=_Wire(self._asgi), trust_env=False) as client,
            HttpTransport.open(profile, client=client) as transport,
        ):
            yield transport


class _Wire(httpx.AsyncBaseTransport):
    """An application's answers, with its dropped connections as httpx would raise them."""

    def __init__(self, asgi: ASGIApp) -> None:
        self._below = httpx.ASGITransport(asgi)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Have the application answer."""
        try:
            return await self._below.handle_async_request(request)
        except ConnectionDroppedError as error:
            raise httpx.RemoteProtocolError("the other side ended the connection", request=request) from error
