"""httpx over connections of our own choosing: what `httpx.AsyncHTTPTransport` does, with a network backend given in.

It translates requests, replies and errors between httpx and httpcore one to one, and knows nothing else.
"""

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import contextmanager

import httpcore
import httpx

__all__ = ["PoolTransport"]


class PoolTransport(httpx.AsyncBaseTransport):
    """Sends through a pool of httpcore.

    Args:
        pool: Its connections; closed with the transport.
    """

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request` and return its reply, not yet read.

        Raises:
            httpx.TransportError: It could not be sent or answered.
        """
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        with _translated_errors():
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            response.status, headers=response.headers, stream=_Stream(response), extensions=response.extensions
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream = self._response.stream
        if not isinstance(stream, AsyncIterable):
            raise TypeError("an asynchronous pool gives asynchronous streams")
        with _translated_errors():
            async for chunk in stream:
                yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        # Both libraries give their errors the same names.
        known = getattr(httpx, type(error).__name__, None) if type(error).__module__.startswith("httpcore") else None
        if known is None:
            raise
        raise known(str(error)) from error
