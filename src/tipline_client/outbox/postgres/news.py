"""How dispatchers on other hosts hear that something may be due, through NOTIFY: a hint, never more.

Who hears nothing finds the entry at the next poll. Nothing here knows what an entry is.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import psycopg

from tipline_client.outbox.postgres.connecting import Connection

__all__ = ["Bell", "Listener"]

_LISTEN: Final = "LISTEN tipline_outbox"
_FIRST_PAUSE: Final = timedelta(milliseconds=100)
_LONGEST_PAUSE: Final = timedelta(seconds=5)


class Listener:
    """Listens on a connection of its own from the first `wait` on, and makes a new one when that is lost.

    Lives on one event loop.

    Args:
        connect: Makes a connection.
    """

    def __init__(self, connect: Callable[[], Awaitable[Connection]]) -> None:
        self._connect = connect
        self._heard = 0
        self._has_news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    async def wait(self, seen: int) -> int | None:
        """Wait until there is more news than `seen`, and return how much there is now; `None` once closed."""
        if self._task is None and not self._is_closed:
            self._task = asyncio.create_task(self._listen())
        while self._heard <= seen and not self._is_closed:
            await self._has_news.wait()
        return None if self._is_closed else self._heard

    def close(self) -> None:
        """Stop listening; whoever waits is told."""
        self._is_closed = True
        if self._task is not None:
            self._task.cancel()
        self._tell()

    async def closed(self) -> None:
        """Wait until the connection is let go of."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _tell(self) -> None:
        self._heard += 1
        self._has_news.set()
        self._has_news = asyncio.Event()

    async def _listen(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            with contextlib.suppress(psycopg.Error):
                connection = await self._connect()
                async with connection:
                    await connection.execute(_LISTEN)
                    pause = _FIRST_PAUSE
                    # Before this moment nobody listened, so something may have been missed.
                    self._tell()
                    async for _ in connection.notifies():
                        self._tell()
            await asyncio.sleep(pause.total_seconds())
            pause = min(pause * 2, _LONGEST_PAUSE)


class Bell:
    """Rings for all listeners, once for many reasons that come while it rings.

    NOTIFY inside the writes themselves would make them wait for each other: the server takes one lock for all of them
    until each is on the disk.

    Args:
        strike: Sends one notification.
    """

    def __init__(self, strike: Callable[[], Awaitable[None]]) -> None:
        self._strike = strike
        self._is_asked = False
        self._task: asyncio.Task[None] | None = None

    def ring(self) -> None:
        """Ring soon; on the event loop that the bell lives on."""
        self._is_asked = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ring())

    async def closed(self) -> None:
        """Wait until it is silent."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _ring(self) -> None:
        while self._is_asked:
            self._is_asked = False
            with contextlib.suppress(psycopg.Error):
                await self._strike()
