"""An event loop in a thread of its own, for callers that have none.

It must never keep a process from ending, whenever an interrupt comes: the thread is a daemon, and whoever waits for it
wakes now and then, since an interrupt that arrives just before a wait begins is noticed only after the wait.
"""

import asyncio
import os
import queue
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, TypeVar

import anyio
from anyio.from_thread import BlockingPortal

from tipline_client._threads import begin as begin_thread
from tipline_client.errors import OutboxInDoubtError, OutboxUnavailableError

__all__ = ["Errands", "LoopThread"]

T = TypeVar("T")

_GLANCE = 0.25
"""Seconds between two looks for an interrupt."""


class Errands:
    """What the loop asks the thread to do that waits for it: what is bound to that thread, such as a connection.

    Attributes:
        is_served: Whether that thread does what is asked.
    """

    def __init__(self) -> None:
        self.is_served = False
        self._open: dict[Future[Any], Callable[[], None]] = {}
        self._queue: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._is_over = False

    async def run(self, work: Callable[[], T], /) -> T:
        """Have `work` done in the waiting thread, and return its result.

        Raises:
            OutboxInDoubtError: That thread was interrupted, and waits no longer.
            Exception: Whatever `work` raised.
        """
        done: Future[T] = Future()
        loop, is_done = asyncio.get_running_loop(), asyncio.Event()
        with self._gate:
            if self._is_over:
                raise _interrupted()
            self._open[done] = lambda: _on(loop, is_done.set)
            self._queue.put((work, done))
        try:
            # Not as a callback of the future, which swallows an interrupt: the loop would sleep on, and nobody hear.
            await is_done.wait()
        except asyncio.CancelledError:
            done.cancel()
            raise
        finally:
            self._open.pop(done, None)
        return done.result()

    def serve(self, until: "Future[Any]") -> None:
        """Do what is asked until that future is done. An interrupt ends it, and whoever asks hears of that."""
        try:
            self.is_served = True
            until.add_done_callback(lambda _: self._queue.put(None))
            while (asked := self._next()) is not None:
                _do(*asked)
                self._tell(asked[1])
        finally:
            self.end()

    def end(self) -> None:
        """Have nothing more done; who waits for an answer hears of an interrupt. May be called more than once."""
        self.is_served = False
        with self._gate:
            self._is_over = True
        for done in list(self._open):
            with suppress(InvalidStateError):
                done.set_exception(_interrupted())
            self._tell(done)

    def _tell(self, done: "Future[Any]") -> None:
        if tell := self._open.get(done):
            tell()

    def _next(self) -> tuple[Callable[[], Any], "Future[Any]"] | None:
        while True:
            try:
                return self._queue.get(timeout=_GLANCE)
            except queue.Empty:
                continue


class LoopThread:
    """A running event loop; `close` ends it."""

    def __init__(self) -> None:
        self._ready: Future[BlockingPortal] = Future()
        # By thread. An interrupt may keep one from being served or ended: whoever comes next does that.
        self._errands: dict[int, Errands] = {}
        self._process = os.getpid()
        self._thread = begin_thread(self._serve, name="tipline-loop")
        self._portal = _await(self._ready)

    def call(self, function: Callable[[], Awaitable[T]], *, errands: Errands | None = None) -> T:
        """Run `function` on the loop and wait for its result, or its exception; do its errands meanwhile, if any.

        Raises:
            OutboxUnavailableError: This process was forked from the one that has the loop.
            Exception: Whatever `function` raised.
        """
        if self.is_of_another_process:
            raise OutboxUnavailableError(
                "this client was opened before this process was forked",
                hint="Open a client in each process, after the fork: a server's hook for a new worker is the place.",
            )
        thread = threading.get_ident()
        self._end_left(thread)
        if errands is not None:
            self._errands[thread] = errands
        result = self._portal.start_task_soon(function)
        if errands is not None:
            errands.serve(result)
        return _await(result)

    def call_soon(self, function: Callable[[], object]) -> None:
        """Have `function` run on the loop, without waiting for it; nothing in a process that was forked."""
        if not self.is_of_another_process:
            self._portal.start_task_soon(function)

    def close(self) -> None:
        """End the loop and its thread; nothing in a process that was forked, which has neither."""
        if self.is_of_another_process:
            return
        for thread, errands in list(self._errands.items()):
            # Who closes waits for nothing here; another thread may be in the middle of its call.
            if thread == threading.get_ident() or not errands.is_served:
                errands.end()
        self._portal.start_task_soon(self._portal.stop)
        while self._thread.is_alive():
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

    def _serve(self) -> None:
        try:
            anyio.run(self._hold_open)
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _hold_open(self) -> None:
        async with BlockingPortal() as portal:
            self._ready.set_result(portal)
            await portal.sleep_until_stopped()


def _await(future: "Future[T]") -> T:
    while True:
        try:
            return future.result(_GLANCE)
        except TimeoutError:
            # The future's own error may be of the same kind as ours.
            if future.done():
                return future.result()


def _do(work: Callable[[], Any], done: "Future[Any]") -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except Exception as error:  # whatever it is, the loop waits for the answer
        done.set_exception(error)
    else:
        done.set_result(result)


def _on(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    # A loop that has ended needs no news, and has no use for it.
    if not loop.is_closed():
        loop.call_soon_threadsafe(call)


def _interrupted() -> OutboxInDoubtError:
    return OutboxInDoubtError("the caller was interrupted; whether its transaction has the entry is not known")
