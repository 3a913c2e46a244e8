"""An event loop in a thread of its own, for callers that have none.

It must never keep a process from ending, whenever an interrupt comes, nor stop for the others: the thread is a daemon,
and whoever waits for it wakes now and then, since an interrupt that arrives just before a wait begins is noticed only
after the wait. Both sides speak through queues, which an interrupt leaves as they were. A `Future` has a lock that is
written in Python: an exception of a signal handler between its taking and its block would leave it taken, and the loop
would wait for it for ever.

Nor does a caller touch the loop: asyncio keeps to itself an `OSError` that comes while it wakes the loop, and says by a
`RuntimeError` that the loop is closed, and a handler may raise either. A second thread, the porter, carries to the loop
what callers ask. Signal handlers run in the main thread alone, so nothing interrupts it.
"""

import asyncio
import contextvars
import os
import queue
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from tipline_client._threads import begin as begin_thread
from tipline_client.errors import ConfigurationError, OutboxClosedError, OutboxInDoubtError, OutboxUnavailableError

__all__ = ["Errands", "LoopThread"]

T = TypeVar("T")

_Post: TypeAlias = Callable[[Callable[[], object]], None]
"""Has something done on the loop, soon."""
_Parcel: TypeAlias = tuple[Callable[[], object], contextvars.Context]
"""What is to be done on the loop, and in whose context."""

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


class Errands:
    """What the loop asks the thread to do that waits for it: what is bound to that thread, such as a connection.

    Good for one call.

    Attributes:
        is_served: Whether that thread does what is asked, or is about to.
        around: Those of the call in the midst of which this one is made, by the same thread.
    """

    def __init__(self) -> None:
        self.is_served = False
        self.around: Errands | None = None
        self._post: _Post = _nowhere
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

    def prepare(self, post: _Post, *, around: "Errands | None") -> None:
        """Say how answers get to the loop, and in the midst of which call they are asked; before anything is asked."""
        self._post = post
        self.around = around

    def serve(self, *, is_coming: Callable[[], bool]) -> None:
        """Do what is asked until `stop`. After an interrupt, `end` tells whoever asks.

        Args:
            is_coming: Whether there is somebody still who asks.

        Raises:
            OutboxClosedError: There is nobody any more.
        """
        while (errand := self._next(is_coming)) is not None:
            if errand.is_wanted:
                errand.outcome = _outcome_of(errand.work)
                self._post(errand.is_done.set)

    def stop(self) -> None:
        """Have no more served; from the loop, once nothing more will be asked."""
        self._queue.put(None)

    def end(self) -> None:
        """Have nothing more done; who waits for an answer hears of an interrupt. May be called more than once."""
        self.is_served = False
        with self._gate:
            self._is_over = True
        for errand in list(self._open):
            self._post(errand.is_done.set)

    def _next(self, is_coming: Callable[[], bool]) -> _Errand[Any] | None:
        return _taken(self._queue, is_coming=is_coming)


class LoopThread:
    """A running event loop; `close` ends it.

    Raises:
        OutboxUnavailableError: The system gives no thread for it.
    """

    def __init__(self) -> None:
        self._ready: queue.SimpleQueue[_Outcome[None]] = queue.SimpleQueue()
        self._parcels: queue.SimpleQueue[_Parcel | None] = queue.SimpleQueue()
        # By thread. An interrupt may keep one from being ended: whoever comes next does that.
        self._errands: dict[int, Errands] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._porter: threading.Thread | None = None
        self._stopped: asyncio.Event | None = None
        self._last: _Outcome[object] | None = None
        # Not asked of the thread: an interrupt in the midst of `is_alive` or `join` has it taken for ended.
        self._is_running = True
        self._process = os.getpid()
        try:
            self._thread = begin_thread(self._serve, name="tipline-loop")
            _taken(self._ready).get()
        except BaseException:
            # Nobody has it who could close it.
            self.call_soon(partial(self._stop, None))
            raise

    def call(self, function: Callable[[], Awaitable[T]], *, errands: Errands | None = None) -> T:
        """Run `function` on the loop and wait for its result, or its exception; do its errands meanwhile, if any.

        Raises:
            OutboxUnavailableError: This process was forked from the one that has the loop.
            OutboxClosedError: The loop has ended, or is about to.
            ConfigurationError: It is called on that loop, which would wait for itself.
            Exception: Whatever `function` raised.
        """
        if self.is_of_another_process:
            raise OutboxUnavailableError(
                "this client was opened before this process was forked",
                hint="Open a client in each process, after the fork: a server's hook for a new worker is the place.",
            )
        self.check_not_here()
        if not self._is_running:
            raise _ended()
        thread = threading.get_ident()
        _end(self._errands.get(thread), also_served=False)
        ended: queue.SimpleQueue[_Outcome[T]] = queue.SimpleQueue()

        def tell(outcome: _Outcome[T]) -> None:
            ended.put(outcome)
            if errands is not None:
                errands.stop()

        start = partial(self._start, function, tell)
        if errands is None:
            self.call_soon(start)
        else:
            around = _served(self._errands.get(thread))
            errands.prepare(self.call_soon, around=around)
            try:
                # Before anybody can see them: whoever closes ends those that are not served.
                errands.is_served = True
                self._errands[thread] = errands
                self.call_soon(start)
                errands.serve(is_coming=self._runs)
            finally:
                # Here, and not by a call: an interrupt may come as `end` is entered, and the next one has to know.
                errands.is_served = False
                errands.end()
                if around is not None:
                    self._errands[thread] = around
        return _taken(ended, is_coming=self._runs).get()

    def check_not_here(self) -> None:
        """Ask that this is not the loop's own thread.

        Raises:
            ConfigurationError: It is, and would wait for itself.
        """
        # Once that has ended, its number may be another one's.
        is_here = self._is_running and threading.get_ident() == self._thread.ident
        if is_here and not self.is_of_another_process:
            raise ConfigurationError(
                "a verb that waits was called on this client's own event loop, which would wait for itself",
                hint="Await it there, with the client behind this one: `client.asynchronous`.",
            )

    def call_soon(self, function: Callable[[], object]) -> None:
        """Have `function` run on the loop, without waiting for it; nothing in a process that was forked."""
        if not self.is_of_another_process:
            # With the caller's own context, as if it had awaited.
            self._parcels.put((function, contextvars.copy_context()))

    def close(self, *, last: Callable[[], Awaitable[object]] | None = None) -> None:
        """End the loop and its thread, once all is done that is under way; nothing in a process that was forked.

        An interrupt ends the waiting, not the end itself. Whether that was asked for by then is not known, so whoever
        is interrupted may call it again.

        Args:
            last: What is still to be begun on the loop; of several who close it, the first one's.

        Raises:
            Exception: Whatever `last` raised, to one of those who close it.
        """
        if self.is_of_another_process or not self._is_running:
            return
        # With one parcel for both, there is no moment at which the loop ends and `last` was not begun.
        self.call_soon(partial(self._stop, last))
        while self._is_running:
            # Each time: another one's call may be interrupted while this one waits for it.
            for thread, errands in list(self._errands.items()):
                # Who closes waits for nothing here; another thread may be in the middle of its call.
                _end(errands, also_served=thread == threading.get_ident())
            # Short, since it is at its end once all that was asked for is done.
            time.sleep(_BLINK)
        self._thread.join(_GLANCE)
        outcome, self._last = self._last, None
        if outcome is not None:
            outcome.get()

    @property
    def is_of_another_process(self) -> bool:
        """Whether this process was forked from the one that has the loop."""
        # Threads do not survive a fork: the caller would wait for an answer that nobody gives.
        return os.getpid() != self._process

    def _runs(self) -> bool:
        return self._is_running

    def _start(self, function: Callable[[], Awaitable[T]], tell: Callable[[_Outcome[T]], None]) -> None:
        if self._stopped is None or self._stopped.is_set():
            # Told, since the loop may still wait for a call in the midst of which this one is made.
            tell(_Outcome(error=_ended()))
            return

        async def work() -> None:
            try:
                outcome = _Outcome(await function())
            except BaseException as error:  # whatever it is, the caller waits for it
                outcome = _Outcome(error=error)
            tell(outcome)

        task = asyncio.ensure_future(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stop(self, last: Callable[[], Awaitable[object]] | None) -> None:
        if self._stopped is not None and not self._stopped.is_set():
            if last is not None:
                self._start(last, self._keep_last)
            self._stopped.set()

    def _keep_last(self, outcome: _Outcome[object]) -> None:
        self._last = outcome

    def _serve(self) -> None:
        try:
            asyncio.run(self._hold_open())
        except BaseException as error:
            if self._stopped is not None:
                raise
            self._ready.put(_Outcome(error=error))
        finally:
            self._parcels.put(None)
            if self._porter is not None:
                self._porter.join()
            self._is_running = False

    async def _hold_open(self) -> None:
        # By this thread, which no interrupt comes to. Without a porter it ends, and says why.
        self._porter = begin_thread(partial(self._carry, asyncio.get_running_loop()), name="tipline-porter")
        self._stopped = stopped = asyncio.Event()
        self._ready.put(_Outcome())
        await stopped.wait()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _carry(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand to the loop what callers ask, in their order, until the loop has ended."""
        while (parcel := self._parcels.get()) is not None:
            function, context = parcel
            try:
                loop.call_soon_threadsafe(function, context=context)
            except RuntimeError:
                # The loop is closed, as nothing else here raises one. Whoever waits hears of it.
                return


def _taken(source: "queue.SimpleQueue[T]", *, is_coming: Callable[[], bool] = lambda: True) -> T:
    """The next thing of a queue, with a look for an interrupt now and then.

    Raises:
        OutboxClosedError: It is not coming any more.
    """
    while True:
        # Asked before the look: what was put by then is found by it.
        is_still_coming = is_coming()
        try:
            return source.get(timeout=_GLANCE if is_still_coming else 0)
        except queue.Empty:
            if not is_still_coming:
                raise _ended() from None


def _outcome_of(work: Callable[[], T]) -> _Outcome[T]:
    try:
        return _Outcome(work())
    except Exception as error:  # whatever it is, the loop waits for the answer
        return _Outcome(error=error)


def _end(errands: Errands | None, *, also_served: bool) -> None:
    """End those of a thread: of its innermost call, and of each around it."""
    while errands is not None:
        if also_served or not errands.is_served:
            errands.end()
        errands = errands.around


def _served(errands: Errands | None) -> Errands | None:
    """Of a thread's, those of the innermost call that goes on. One that is over is not kept: it would keep others."""
    while errands is not None and not errands.is_served:
        errands = errands.around
    return errands


def _nowhere(function: Callable[[], object]) -> None:
    """Errands that belong to no call have nobody to tell."""


def _ended() -> OutboxClosedError:
    return OutboxClosedError("this client's event loop has ended", hint="Open another client.")


def _interrupted() -> OutboxInDoubtError:
    return OutboxInDoubtError("the caller was interrupted; whether its transaction has the entry is not known")
