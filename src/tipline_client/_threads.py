"""Threads of which it is known that they run, and what threads share that a fork must not carry over.

Whoever hands work to a thread that does not run, or waits for one that is in another process, would wait for ever.
"""

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final, Generic, TypeVar

from tipline_client.errors import OutboxUnavailableError

__all__ = ["OfProcess", "begin"]

T = TypeVar("T")

_ATTEMPTS: Final = 20
_GLANCE: Final = 0.1
"""Seconds between two looks whether a new thread has ended already."""
_REFUSAL: Final = "can't start new thread"
"""How Python says that the system gives no thread."""


class OfProcess(Generic[T]):
    """What a module's threads share, made anew in a process that forks off: those who hold it there are not here.

    Args:
        make: Makes it.

    Attributes:
        own: This process's.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self.own = make()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        self.own = self._make()


def begin(target: Callable[[], None], *, name: str) -> threading.Thread:
    """Start a thread that does not keep the process from ending; returns when it is about to call `target`.

    A thread may end before that, with nobody told: where a debugger or a measurement of coverage has each new thread
    traced, Python 3.11 can refuse one that comes up at the same time as another. It has done nothing by then, so the
    next one takes its place.

    Raises:
        OutboxUnavailableError: The system gives no thread, or none comes up.
    """
    for _ in range(_ATTEMPTS):
        # Not an event, whose lock an interrupt could leave taken: the thread would wait for it for ever.
        has_begun: SimpleQueue[None] = SimpleQueue()
        thread = threading.Thread(target=_run, args=(has_begun, target), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            # Any other one is the exception of a signal handler, or of an interpreter that is about to end.
            if _REFUSAL not in str(error):
                raise
            break
        if _is_told(has_begun, by=thread):
            return thread
    raise OutboxUnavailableError(
        f"the thread {name} cannot be started",
        hint="See how many threads and how much memory this user and this container may have: `ulimit -u`.",
    )


def _run(has_begun: "SimpleQueue[None]", target: Callable[[], None]) -> None:
    has_begun.put(None)
    target()


def _is_told(news: "SimpleQueue[None]", *, by: threading.Thread) -> bool:
    """Wait for it; not if the thread has ended without it."""
    while True:
        # Asked before the look: what was put by then is found by it.
        is_alive = by.is_alive()
        try:
            news.get(timeout=_GLANCE if is_alive else 0)
        except Empty:
            if not is_alive:
                return False
        else:
            return True
