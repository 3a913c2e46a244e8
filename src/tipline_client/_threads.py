"""Threads of which it is known that they run: whoever hands work to one that does not would wait for ever."""

import threading
from collections.abc import Callable
from typing import Final

from tipline_client.errors import OutboxUnavailableError

__all__ = ["begin"]

_ATTEMPTS: Final = 20
_GLANCE: Final = 0.1
"""Seconds between two looks whether a new thread has ended already."""


def begin(target: Callable[[], None], *, name: str) -> threading.Thread:
    """Start a thread that does not keep the process from ending; returns when it is about to call `target`.

    A thread may end before that, with nobody told: where a debugger or a measurement of coverage has each new thread
    traced, Python 3.11 can refuse one that comes up at the same time as another. It has done nothing by then, so the
    next one takes its place.

    Raises:
        OutboxUnavailableError: The system gives no thread, or none comes up.
    """
    for _ in range(_ATTEMPTS):
        has_begun = threading.Event()
        thread = threading.Thread(target=_run, args=(has_begun, target), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            break
        while thread.is_alive() and not has_begun.wait(_GLANCE):
            continue
        if has_begun.is_set():
            return thread
    raise OutboxUnavailableError(
        f"the thread {name} cannot be started",
        hint="See how many threads and how much memory this user and this container may have: `ulimit -u`.",
    )


def _run(has_begun: threading.Event, target: Callable[[], None]) -> None:
    has_begun.set()
    target()
