"""What a fork must not carry over: files that SQLite has open.

SQLite keeps in the process's memory which locks it holds. A child would take those of its parent for its own, and what
it writes is lost or damages the file once the parent has ended (https://www.sqlite.org/howtocorrupt.html, section 2.6).
So the threads that have files open let go of them before a fork, and open them again when they are next needed. What is
open all the same is refused in the child.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Final

from tipline_client.outbox.sqlite.one_library import refuse_what_is_open

__all__ = ["Pause", "asked_to_pause"]

_log = logging.getLogger("tipline_client.outbox")

_PATIENCE: Final = 10.0
"""Seconds that a fork waits at most for what is being written; longer than SQLite waits for a lock."""
_GLANCE: Final = 0.05
"""Seconds between two looks whether a thread that is waited for has ended."""


class Pause:
    """A fork that a thread is asked to make way for."""

    def __init__(self) -> None:
        # Queues, and no events: an exception of a signal handler leaves no lock of theirs taken.
        self._reached: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._over: queue.SimpleQueue[None] = queue.SimpleQueue()

    def keep(self) -> None:
        """Nothing is open any more in this thread: wait until the fork is done."""
        self._reached.put(None)
        self._over.get()

    def skip(self) -> None:
        """Nothing will be open any more in this thread: it is about to end."""
        self._reached.put(None)

    def end(self) -> None:
        """The fork is done."""
        self._over.put(None)

    def is_reached(self, *, until: float, is_running: Callable[[], bool]) -> bool:
        """Wait for the thread to let go, until then at most; no longer than it runs."""
        while time.monotonic() < until:
            has_ended = not is_running()
            try:
                self._reached.get(timeout=_GLANCE)
            except queue.Empty:
                if has_ended:
                    return True
            else:
                return True
        return False


_asks: Final[dict[int, Callable[[Pause], None]]] = {}
"""How each thread with an open file is asked, by a number of its own."""
_pauses: Final[dict[int, list[Pause]]] = {}
"""By the thread that forks."""


class asked_to_pause:  # noqa: N801 - a context
    """Within it a thread is asked before each fork, by a `Pause` that it must keep or skip.

    Args:
        ask: Hands the pause to that thread, without waiting.
    """

    def __init__(self, ask: Callable[[Pause], None]) -> None:
        self._ask = ask

    def __enter__(self) -> None:
        _asks[id(self)] = self._ask

    def __exit__(self, *_: object) -> None:
        _asks.pop(id(self), None)


def _before() -> None:
    until = time.monotonic() + _PATIENCE
    mine = _pauses[threading.get_ident()] = []
    waited_for = []
    for number, ask in list(_asks.items()):
        pause = Pause()
        # Noted first: however this ends, it is told that the fork is done.
        mine.append(pause)
        ask(pause)
        waited_for.append((number, pause))
    for number, pause in waited_for:
        if not pause.is_reached(until=until, is_running=lambda number=number: number in _asks):  # type: ignore[misc]
            _log.warning("a process is forked while an outbox is at work: its child cannot open that file")


def _after_in_parent() -> None:
    for pause in _pauses.pop(threading.get_ident(), ()):
        pause.end()


def _after_in_child() -> None:
    # Its threads are in the parent.
    _asks.clear()
    _pauses.clear()
    refuse_what_is_open()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
