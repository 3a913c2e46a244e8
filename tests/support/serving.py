"""A server of a few lines on loopback that leaves no connection behind, whatever its callers did with theirs."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

__all__ = ["Serve", "hang_up", "serving"]

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(
    serve: Serve, *, listening: socket.socket | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve each connection until the end of the block, and end them all then.

    Args:
        serve: What is done with a connection. That the other side goes away is no failure of it; any other is shown
            at the end of the block.
        listening: A socket that is bound already; without one, a free port of loopback is taken.
        tls: How connections are secured.

    Yields:
        The port.
    """
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            await hang_up(writer)

    bound = listening or socket.create_server(("127.0.0.1", 0))
    server = await asyncio.start_server(connected, sock=bound, ssl=tls)
    try:
        yield bound.getsockname()[1]
    finally:
        server.close()
        for task in connections:
            task.cancel()
        for ended in await asyncio.gather(*connections, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Say all that was written, as far as the other side takes it at once, and leave nothing open."""
    try:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                writer.close()
                await writer.wait_closed()
    finally:
        writer.transport.abort()
