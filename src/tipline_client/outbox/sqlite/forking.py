"""What a fork must not carry over: files that SQLite has open.

SQLite keeps in the process's memory which locks it holds. A child would take those of its parent for its own, and what
it writes is lost or damages the file once the parent has ended (https://www.sqlite.org/howtocorrupt.html, section 2.6).
So the threads that have files open let go of them before a fork, and open them again when they are next needed. What is
open all the same is refused in the child. Whoever is just opening one is waited for too: a lock within SQLite that a
thread holds at that moment would be taken for ever in the child, whatever file it opens.
"""

import concurrent.futures.thread  # noqa: F401 - before a fork it takes a lock: after us, who may wait, if it is known here
import logging
import os
import queue
import signal
import threading
import time
from _thread import start_new_thread
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from typing import Final

from tipline_client.outbox.sqlite.one_library import refuse_what_is_open

__all__ = ["Pause", "asked_to_pause", "at_work"]

_log = logging.getLogger("tipline_client.outbox")

_PATIENCE: Final = 10.0
"""Seconds that a fork waits at most for what is being written; longer than SQLite waits for a lock."""
_AFTERWARDS: Final = 0.01
"""Seconds after which a fork is done, once the parent goes on."""
_BLINK: Final = 0.001
"""Seconds between two looks whether all have let go."""


class Pause:
    """A fork that a thread is asked to make way for."""

    def __init__(self) -> None:
        # A queue, and no event: an exception of a signal handler leaves no lock of it taken.
        self._over: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._is_reached = False

    def keep(self) -> None:
        """Nothing is open any more in this thread: wait until the fork is done."""
        self._is_reached = True
        # Not for ever: Python leaves out what is to be done after a fork where a signal handler raises at that moment.
        # Whatever is open again before its time is refused in the child.
        with suppress(queue.Empty):
            self._over.get(timeout=2 * _PATIENCE)

    def skip(self) -> None:
        """Nothing will be open any more in this thread: it is about to end."""
        self._is_reached = True

    def end(self) -> None:
        """The fork is done."""
        self._over.put(None)

    def is_reached(self, *, is_running: Callable[[], bool]) -> bool:
        """Whether the thread has let go of its file, or has ended."""
        return self._is_reached or not is_running()


class _Fork:
    """A fork that waits, or is under way, with the pause of each thread that was asked for one."""

    def __init__(self) -> None:
        self.pauses: dict[int, Pause] = {}
        self._began = time.monotonic()

    @property
    def is_left_over(self) -> bool:
        """Whether Python has left out what is to be done after it; no fork takes that long."""
        return time.monotonic() - self._began > 2 * _PATIENCE


_numbers: Final = count()
_asks: Final[dict[int, Callable[[Pause], None]]] = {}
"""How each thread with an open file is asked, by a number of its own."""
_forks: Final[dict[int, list[_Fork]]] = {}
"""By the thread that forks; a signal handler may fork while a fork waits."""
_interrupted: Final[list[int]] = []
"""Threads whose interrupt is still to be raised."""
_at_work: Final[dict[int, int]] = {}
"""Which threads are just opening or looking, by a number of each piece of work."""


@contextmanager
def at_work() -> Iterator[None]:
    """Within it a fork waits, and it is not begun while one does."""
    own, until = threading.get_ident(), time.monotonic() + _PATIENCE
    while any(own != forking and _under_way(forking) for forking in list(_forks)) and time.monotonic() < until:
        time.sleep(_BLINK)
    number = next(_numbers)
    _at_work[number] = own
    try:
        yield
    finally:
        _at_work.pop(number, None)


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


def _under_way(thread: int) -> list[_Fork]:
    return [fork for fork in _forks.get(thread, []) if not fork.is_left_over]


def _before() -> None:
    until = time.monotonic() + _PATIENCE
    own, fork = threading.get_ident(), _Fork()
    around = _under_way(own)
    _forks[own] = [*around, fork]
    # Those of a fork in the midst of which this one comes, by a signal handler, are waited for and not asked again.
    waited_for = {number: pause for each in around for number, pause in each.pauses.items()}
    for number, ask in list(_asks.items()):
        if number not in waited_for:
            # Noted first: however this ends, it is told that the fork is done.
            waited_for[number] = fork.pauses[number] = pause = Pause()
            ask(pause)
    while _is_awaited(waited_for, own) and time.monotonic() < until:
        try:
            time.sleep(_BLINK)
        except BaseException as error:  # of a signal handler; Python would leave it out after a line on standard error
            _log.error("a signal handler raised %s while a fork waited for an outbox", type(error).__name__)
            if isinstance(error, KeyboardInterrupt):
                _interrupted.append(own)
    if _is_awaited(waited_for, own):
        _log.warning("a process is forked while an outbox is at work: its child cannot open that file")


def _is_awaited(waited_for: Mapping[int, Pause], own: int) -> bool:
    return any(own != thread for thread in list(_at_work.values())) or not all(
        pause.is_reached(is_running=partial(_asks.__contains__, number)) for number, pause in waited_for.items()
    )


def _after_in_parent() -> None:
    own = threading.get_ident()
    forks = _forks.pop(own, [])
    if forks:
        for pause in forks.pop().pauses.values():
            pause.end()
    if forks:
        _forks[own] = forks
    while own in _interrupted:
        _interrupted.remove(own)
        start_new_thread(_interrupt, (own,))


def _interrupt(thread: int) -> None:
    # Once the fork is done: Python leaves out what is raised while it does what is to be done after one.
    time.sleep(_AFTERWARDS)
    signal.pthread_kill(thread, signal.SIGINT)


def _after_in_child() -> None:
    # Its threads are in the parent.
    for of_parent in (_asks, _forks, _at_work, _interrupted):
        of_parent.clear()
    refuse_what_is_open()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
