"""One enqueue at a time on a connection: of two whose savepoints interleave, one undoes what the other has written.

A connection is its caller's, and so is the choice to use it in several tasks or threads. Nothing here knows a driver.
"""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

__all__ = ["turn_of_task", "turn_of_thread"]

Lock = TypeVar("Lock")


@dataclass(slots=True)
class _Locks(Generic[Lock]):
    """A lock for each object that somebody uses, for as long as anybody does."""

    make: Callable[[], Lock]
    gate: threading.Lock = field(default_factory=threading.Lock)
    used: dict[int, tuple[Lock, int]] = field(default_factory=dict)

    @contextlib.contextmanager
    def of(self, owner: object) -> Iterator[Lock]:
        # By its address, which is its own as long as it is used: connections of sqlite3 allow no weak reference.
        key = id(owner)
        with self.gate:
            lock, users = self.used.get(key) or (self.make(), 0)
            self.used[key] = lock, users + 1
        try:
            yield lock
        finally:
            with self.gate:
                lock, users = self.used.pop(key)
                if users > 1:
                    self.used[key] = lock, users - 1


# By a handler of a signal the thread that has the turn may come here again; its savepoint then lies within the other.
_of_threads = _Locks(threading.RLock)
_of_tasks = _Locks(asyncio.Lock)


@contextlib.contextmanager
def turn_of_thread(connection: object) -> Iterator[None]:
    """The block alone among those of all threads on this connection."""
    with _of_threads.of(connection) as lock, lock:
        yield


@contextlib.asynccontextmanager
async def turn_of_task(connection: object) -> AsyncIterator[None]:
    """The block alone among those of all tasks on this connection, which belongs to one event loop."""
    with _of_tasks.of(connection) as lock:
        async with lock:
            yield
