"""An event loop in a thread of its own, for callers that have none.

It must never keep a process from ending, whenever an interrupt comes, nor stop for the others: the thread is a daemon,
and whoever waits for it wakes now and then, since an interrupt that arrives just before a wait begins is noticed only
after the wait. Both sides speak through queues and the loop's own door, which an interrupt leaves as they were. A
`Future` has a lock that is written in Python: an exception of a signal handler between its taking and its block would
leave it taken, and the loop would wait for it for ever.
"""

import asyncio
import contextvars
import os
import queue
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tipline_client._threads import begin as begin_thread
from tipline_client.errors import ConfigurationError, OutboxClosedError, OutboxInDoubtError, OutboxUnavailableError

__all__ = ["Errands", "LoopThread"]

T = TypeVar("T")

_GLANCE = 0.25
"""Seconds between two looks for an interrupt."""
_BLINK = 0.005
"""Seconds between two looks whether the loop has ended."""


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[T]):
    """What became of some work: its result, or its exception."""

    result: T | None = None
    error: BaseException | None = None

    def get(self) -> T:
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]  # there is one where there is no error


class _Errand(Generic[T]):
    """Something that is asked of the waiting thread; made on the loop."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.work = work
        self.outcome: _Outcome[T] | None = None
        self.is_wanted = True
        self.is_done = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def tell(self) -> None:
        """Wake whoever waits for it on the loop; a loop that has ended needs no news, and has no use for it."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.is_done.set)


class Errands:
    """What the loop asks the thread to do that waits for it: what is bound to that thread, such as a connection.

    Attributes:
        is_served: Whether that thread does what is asked.
    """

    def __init__(self) -> None:
        self.is_served = False
        self._open: dict[_Errand[Any], None] = {}
        self._queue: queue.SimpleQueue[_Errand[Any] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._is_over = False

    async def run(self, work: Callable[[], T], /) -> T:
        """Have `work` done in the waiting thread, and return its result.

        Raises:
            OutboxInDoubtError: That thread was interrupted, and waits no longer.
            Exception: Whatever `work` raised.
        """
        errand = _Errand(work)
        with self._gate:
            if self._is_over:
                raise _interrupted()
            self._open[errand] = None
            self._queue.put(errand)
        try:
            await errand.is_done.wait()
        finally:
            errand.is_wanted = False
            self._open.pop(errand, None)
        if errand.outcome is None:
            raise _interrupted()
        return errand.outcome.get()

    def serve(self, *, is_coming: Callable[[], bool]) -> None:
        """Do what is asked until `stop`. An interrupt ends it, and whoever asks hears of that.

        Args:
            is_coming: Whether there is somebody still who asks.

        Raises:
            OutboxClosedError: There is nobody any more.
        """
        try:
            self.is_served = True
            while (errand := self._next(is_coming)) is not None:
                _do(errand)
        finally:
            # Here, and not by a call: an interrupt may come as `end` is entered, and the next caller has to know.
            self.is_served = False
            self.end()

    def stop(self) -> None:
        """Have no more served; from the loop, once nothing more will be asked."""
        self._queue.put(None)

    def end(self) -> None:
        """Have nothing more done; who waits for an answer hears of an interrupt. May be called more than once."""
        self.is_served = False
        with self._gate:
            self._is_over = True
        for errand in list(self._open):
            errand.tell()

    def _next(self, is_coming: Callable[[], bool]) -> _Errand[Any] | None:
        return _taken(self._queue, is_coming=is_coming)


class LoopThread:
    """A running event loop; `close` ends it."""

    def __init__(self) -> None:
        self._ready: queue.SimpleQueue[_Outcome[asyncio.AbstractEventLoop]] = queue.SimpleQueue()
        # By thread. An interrupt may keep one from being served or ended: whoever comes next does that.
        self._errands: dict[int, Errands] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped: asyncio.Event | None = None
        # Not asked of the thread: an interrupt in the midst of `is_alive` or `join` has it taken for ended.
        self._is_running = True
        self._process = os.getpid()
        self._thread = begin_thread(self._serve, name="tipline-loop")
        self._loop = _taken(self._ready).get()

    def call(self, function: Callable[[], Awaitable[T]], *, errands: Errands | None = None) -> T:
        """Run `function` on the loop and wait for its result, or its exception; do its errands meanwhile, if any.

        Raises:
            OutboxUnavailableError: This process was forked from the one that has the loop.
            OutboxClosedError: The loop has ended.
            ConfigurationError: It is called on that loop, which would wait for itself.
            Exception: Whatever `function` raised.
        """
        if self.is_of_another_process:
            raise OutboxUnavailableError(
                "this client was opened before this process was forked",
                hint="Open a client in each process, after the fork: a server's hook for a new worker is the place.",
            )
        self.check_not_here()
        thread = threading.get_ident()
        self._end_left(thread)
        around = self._errands.get(thread)
        if errands is not None:
            self._errands[thread] = errands
        ended: queue.SimpleQueue[_Outcome[T]] = queue.SimpleQueue()

        async def work() -> None:
            try:
                outcome = _Outcome(await function())
            except BaseException as error:  # whatever it is, the caller waits for it
                outcome = _Outcome(error=error)
            ended.put(outcome)
            if errands is not None:
                errands.stop()

        self._begin(work)
        if errands is not None:
            try:
                errands.serve(is_coming=self._runs)
            finally:
                if around is not None:
                    # Of a call in the midst of which this one was made.
                    self._errands[thread] = around
        return _taken(ended, is_coming=self._runs).get()

    def check_not_here(self) -> None:
        """Ask that this is not the loop's own thread.

        Raises:
            ConfigurationError: It is, and would wait for itself.
        """
        if threading.get_ident() == self._thread.ident and not self.is_of_another_process:
            raise ConfigurationError(
                "a verb that waits was called on this client's own event loop, which would wait for itself",
                hint="Await it there, with the client behind this one: `client.asynchronous`.",
            )

    def call_soon(self, function: Callable[[], object]) -> None:
        """Have `function` run on the loop, without waiting for it; nothing in a process that was forked."""
        if not self.is_of_another_process:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(function)

    def close(self) -> None:
        """End the loop and its thread; nothing in a process that was forked, which has neither."""
        if self.is_of_another_process:
            return
        for thread, errands in list(self._errands.items()):
            # Who closes waits for nothing here; another thread may be in the middle of its call.
            if thread == threading.get_ident() or not errands.is_served:
                errands.end()
        if self._stopped is not None:
            self.call_soon(self._stopped.set)
        while self._is_running:
            # Short, since it is at its end once all that was asked for is done.
            time.sleep(_BLINK)
        self._thread.join(_GLANCE)

    @property
    def is_of_another_process(self) -> bool:
        """Whether this process was forked from the one that has the loop."""
        # Threads do not survive a fork: the caller would wait for an answer that nobody gives.
        return os.getpid() != self._process

    def _end_left(self, thread: int) -> None:
        left = self._errands.get(thread)
        # One that is served has asked for something that calls again, from within.
        if left is not None and not left.is_served:
            left.end()

    def _begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        # With the caller's own context, as if it had awaited.
        try:
            self._loop.call_soon_threadsafe(self._start, work, context=contextvars.copy_context())
        except RuntimeError:
            raise _ended() from None

    def _runs(self) -> bool:
        return self._is_running

    def _start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._stopped is None or self._stopped.is_set():
            # Whoever waits for it hears that the loop has ended.
            return
        task = self._loop.create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _serve(self) -> None:
        try:
            asyncio.run(self._hold_open())
        except BaseException as error:
            if self._stopped is not None:
                raise
            self._ready.put(_Outcome(error=error))
        finally:
            self._is_running = False

    async def _hold_open(self) -> None:
        self._stopped = stopped = asyncio.Event()
        self._ready.put(_Outcome(asyncio.get_running_loop()))
        await stopped.wait()
        while self._tasks:
            await asyncio.wait(self._tasks)


def _taken(source: "queue.SimpleQueue[T]", *, is_coming: Callable[[], bool] = lambda: True) -> T:
    """The next thing of a queue, with a look for an interrupt now and then.

    Raises:
        OutboxClosedError: It is not coming any more.
    """
    while True:
        # Asked before the look: what was put by then is found by it.
        is_still_coming = is_coming()
        try:
            return source.get(timeout=_GLANCE)
        except queue.Empty:
            if not is_still_coming:
                raise _ended() from None


def _do(errand: _Errand[Any]) -> None:
    if not errand.is_wanted:
        return
    try:
        errand.outcome = _Outcome(errand.work())
    except Exception as error:  # whatever it is, the loop waits for the answer
        errand.outcome = _Outcome(error=error)
    errand.tell()


def _ended() -> OutboxClosedError:
    return OutboxClosedError("this client's event loop has ended", hint="Open another client.")


def _interrupted() -> OutboxInDoubtError:
    return OutboxInDoubtError("the caller was interrupted; whether its transaction has the entry is not known")
