"""One enqueue at a time on a connection: of two whose savepoints interleave, one undoes what the other has written.

A connection is its caller's, and so is the choice to use it in several tasks or threads. Nothing here knows a driver.
"""

import asyncio
import os
import threading
from contextlib import AbstractContextManager
from weakref import WeakValueDictionary

from tipline_client.errors import ConfigurationError

__all__ = ["turn_of_task", "turn_of_thread"]


class _OfLoop(asyncio.Lock):
    """Waited for on one event loop; on another one nobody would be woken."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.get_running_loop()


class _Turns:
    """A lock for each connection that somebody uses, kept by whoever holds it or waits for it, and by nobody else.

    By the connection's address, which is its own as long as it is used: connections of sqlite3 allow no weak reference.
    """

    def __init__(self) -> None:
        # By a handler of a signal the thread that is in here may come again.
        self.gate = threading.RLock()
        self.of_threads: WeakValueDictionary[int, AbstractContextManager[object]] = WeakValueDictionary()
        self.of_tasks: WeakValueDictionary[int, _OfLoop] = WeakValueDictionary()


_turns = _Turns()


def _begin_anew() -> None:
    """After a fork: another thread may have been at the gate, and is not there to leave it."""
    global _turns  # noqa: PLW0603 - what was there before is of another process
    _turns = _Turns()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def turn_of_thread(connection: object) -> AbstractContextManager[object]:
    """Within it the block is alone among those of all threads on this connection.

    By a handler of a signal the thread that has the turn may come here again; its savepoint then lies within the other.
    It is the lock itself, so that an exception of such a handler finds no moment in which nobody would let go of it.
    """
    turns = _turns
    with turns.gate:
        return turns.of_threads.setdefault(id(connection), threading.RLock())


def turn_of_task(connection: object) -> asyncio.Lock:
    """Within it the block is alone among those of all tasks on this connection.

    Raises:
        ConfigurationError: Somebody on another event loop has the turn.
    """
    turns = _turns
    with turns.gate:
        lock = turns.of_tasks.get(id(connection))
        if lock is None or lock.loop is not asyncio.get_running_loop():
            if lock is not None and lock.locked() and not lock.loop.is_closed():
                # Waiting could be for ever: that loop may be held up by whoever waits here.
                raise ConfigurationError(
                    "the connection is in the midst of an enqueue on another event loop",
                    hint="Await that one first, or give each event loop a connection of its own.",
                )
            lock = turns.of_tasks[id(connection)] = _OfLoop()
        return lock
