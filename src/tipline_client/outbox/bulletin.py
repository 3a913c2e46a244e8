"""How whoever waits in this process hears that something may be due, for stores that no server speaks for.

Told and heard from any thread and any event loop. Nothing here knows what an entry is, or other processes.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

__all__ = ["Bulletin"]


class Bulletin:
    """Tells all who listen; many reasons that come before one of them looks are one item to it."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._told = 0
        self._is_closed = False
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def tell(self) -> None:
        """Say that something may be due."""
        with self._gate:
            self._told += 1
            self._wake()

    def close(self) -> None:
        """Say nothing any more; whoever listens is let go."""
        with self._gate:
            self._is_closed = True
            self._wake()

    async def news(self) -> AsyncIterator[None]:
        """See `Outbox.news`."""
        seen = -1
        while (told := await self._wait(seen)) is not None:
            seen = told
            yield

    async def _wait(self, seen: int) -> int | None:
        """How much was told in all, once it is more than `seen`; `None` once closed."""
        waiter = asyncio.get_running_loop(), asyncio.Event()
        while True:
            with self._gate:
                if self._is_closed:
                    return None
                if self._told > seen:
                    return self._told
                waiter[1].clear()
                self._waiting.add(waiter)
            try:
                await waiter[1].wait()
            finally:
                with self._gate:
                    self._waiting.discard(waiter)

    def _wake(self) -> None:
        for loop, event in self._waiting:
            # A loop that was closed meanwhile has nobody left who waits.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(event.set)
        self._waiting.clear()
