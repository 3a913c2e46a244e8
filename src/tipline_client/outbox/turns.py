"""One enqueue at a time on a connection: of two whose savepoints interleave, one undoes what the other has written.

A connection is its caller's, and so is the choice to use it in several threads. Drivers with a lock of their own need
none of this. Nothing here knows a driver.
"""

import threading
from contextlib import AbstractContextManager
from weakref import ref

from tipline_client._threads import OfProcess

__all__ = ["turn_of_thread"]


class _Turns:
    """A lock for each connection that somebody uses, kept by whoever holds it or waits for it, and by nobody else.

    By the connection's address, which is its own as long as it is used: connections of sqlite3 allow no weak reference.
    """

    def __init__(self) -> None:
        # By a handler of a signal the thread that is in here may come again.
        self.gate = threading.RLock()
        # No WeakValueDictionary: what that calls as a lock goes would run in the caller's thread, and Python drops an
        # exception that a handler raises in there. A reference that calls nothing leaves no such moment.
        self.of_threads: dict[int, ref[AbstractContextManager[object]]] = {}

    def lock_of(self, address: int) -> AbstractContextManager[object]:
        """The lock in use for the connection at this address, or a new one; to be asked within the gate."""
        found = self.of_threads.get(address)
        lock = None if found is None else found()
        if lock is None:
            self._forget_unused()
            lock = threading.RLock()
            self.of_threads[address] = ref(lock)
        return lock

    def _forget_unused(self) -> None:
        # Of a copy: a handler may come here in the midst of it. What that adds is out of use once it is done.
        for address, each in list(self.of_threads.items()):
            if each() is None:
                self.of_threads.pop(address, None)


_turns = OfProcess(_Turns)


def turn_of_thread(connection: object) -> AbstractContextManager[object]:
    """Within it the block is alone among those of all threads on this connection.

    By a handler of a signal the thread that has the turn may come here again; its savepoint then lies within the other.
    It is the lock itself, so that an exception of such a handler finds no moment in which nobody would let go of it.
    """
    turns = _turns.own
    with turns.gate:
        return turns.lock_of(id(connection))
