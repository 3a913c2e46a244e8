"""Which store a path is walked on: the one in memory, or SQLite in a folder of its own.

SQLite answers from threads, which would let chance into the order of things. So it lives on a loop in a thread of its
own, and the simulation stands still until it has answered.
"""

import asyncio
import tempfile
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from tipline_client.delivery.clock import Clock
from tipline_client.envelope import HistoryChain
from tipline_client.outbox import MemoryOutbox, Outbox, SqliteOutbox

__all__ = ["Kept", "open_outbox"]

T = TypeVar("T")
Kept = Literal["memory", "sqlite"]


def open_outbox(kept: Kept, clock: Clock, chain: HistoryChain) -> Outbox:
    """A fresh, empty store; `close` takes everything of it away."""
    if kept == "memory":
        return MemoryOutbox(clock, chain=chain)
    return cast("Outbox", _SqliteElsewhere(clock, chain))


class _SqliteElsewhere:
    """An SQLite store whose calls are over when they return."""

    def __init__(self, clock: Clock, chain: HistoryChain) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="explorer-")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._store = SqliteOutbox.open(Path(self._folder.name) / "outbox.sqlite", clock=clock, chain=chain)

    def __getattr__(self, name: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def call(*arguments: Any, **named: Any) -> Any:
            return self._wait_for(partial(getattr(self._store, name), *arguments, **named))

        return call

    async def close(self) -> None:
        """Close the store, its thread and its folder."""
        self._wait_for(self._store.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._folder.cleanup()

    def _wait_for(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return asyncio.run_coroutine_threadsafe(call(), self._loop).result()
