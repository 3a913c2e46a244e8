"""One enqueue at a time on a connection: of two whose savepoints interleave, one undoes what the other has written.

A connection is its caller's, and so is the choice to use it in several threads. Drivers with a lock of their own need
none of this. Nothing here knows a driver.
"""

import threading
from contextlib import AbstractContextManager
from weakref import WeakValueDictionary

from tipline_client._threads import OfProcess

__all__ = ["turn_of_thread"]


class _Turns:
    """A lock for each connection that somebody uses, kept by whoever holds it or waits for it, and by nobody else.

    By the connection's address, which is its own as long as it is used: connections of sqlite3 allow no weak reference.
    """

    def __init__(self) -> None:
        # By a handler of a signal the thread that is in here may come again.
        self.gate = threading.RLock()
        self.of_threads: WeakValueDictionary[int, AbstractContextManager[object]] = WeakValueDictionary()


_turns = OfProcess(_Turns)


def turn_of_thread(connection: object) -> AbstractContextManager[object]:
    """Within it the block is alone among those of all threads on this connection.

    By a handler of a signal the thread that has the turn may come here again; its savepoint then lies within the other.
    It is the lock itself, so that an exception of such a handler finds no moment in which nobody would let go of it.
    """
    turns = _turns.own
    with turns.gate:
        return turns.of_threads.setdefault(id(connection), threading.RLock())
