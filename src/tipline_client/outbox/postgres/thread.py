"""One thread with one event loop, on which the pool lives; callable from any number of event loops and threads.

An asynchronous pool belongs to the loop that opened it, and the outbox to nobody's loop. Nothing here knows a database.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tipline_client._threads import begin as begin_thread
from tipline_client.errors import OutboxClosedError

__all__ = ["LoopThread"]

T = TypeVar("T")


class LoopThread:
    """Runs coroutines on an event loop of its own."""

    def __init__(self, *, name: str = "outbox") -> None:
        # A selector loop everywhere: the driver watches sockets itself, which Windows' default loop cannot do.
        self._loop = asyncio.SelectorEventLoop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate = threading.Lock()
        self._is_closed = False
        self._process = os.getpid()
        # A process that ends without closing must not hang; whatever was answered is on the disk.
        self._thread = begin_thread(self._serve, name=name)

    @property
    def is_closed(self) -> bool:
        """Whether nothing new is begun any more."""
        return self._is_closed

    def call(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run `work` and block until it has ended; for opening and closing."""
        self._check_process()
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result()

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]], *, ends_with_caller: bool = False) -> T:
        """Run `work` there and return its result here.

        A caller that is cancelled leaves work that has begun to itself, so that it happens wholly; with
        `ends_with_caller` the work is cancelled too, which suits waiting.

        Raises:
            OutboxClosedError: Closed, or opened before a fork.
            Exception: Whatever `work` raised.
        """
        self._check_process()
        caller = asyncio.get_running_loop()
        answer: asyncio.Future[T] = caller.create_future()
        begun: list[asyncio.Task[None]] = []
        with self._gate:
            if self._is_closed:
                raise OutboxClosedError("the outbox is closed")
            self._loop.call_soon_threadsafe(self._begin, work, caller, answer, begun)
        try:
            return await answer
        except asyncio.CancelledError:
            if ends_with_caller:
                self._loop.call_soon_threadsafe(_cancel, begun)
            raise

    def close(self, *, before: Callable[[], None], after: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let what has begun end and stop the thread; safe to call twice. Blocks meanwhile.

        Args:
            before: Called there first, to end what would wait for ever.
            after: Run there when all else has ended.
        """
        with self._gate:
            is_first, self._is_closed = not self._is_closed, True
        if os.getpid() != self._process:
            return
        if is_first:
            asyncio.run_coroutine_threadsafe(self._end(before, after), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _check_process(self) -> None:
        if os.getpid() != self._process:
            # Threads do not survive a fork: the caller would wait for an answer that nobody gives.
            raise OutboxClosedError(
                "the outbox was opened before this process was forked", hint="Open the outbox in each process anew."
            )

    def _begin(
        self,
        work: Callable[[], Coroutine[Any, Any, T]],
        caller: asyncio.AbstractEventLoop,
        answer: "asyncio.Future[T]",
        begun: "list[asyncio.Task[None]]",
    ) -> None:
        # What was cancelled before it began is left out.
        if answer.cancelled():
            return
        task = self._loop.create_task(_settle(work, caller, answer))
        begun.append(task)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, before: Callable[[], None], after: Callable[[], Coroutine[Any, Any, None]]) -> None:
        before()
        while self._tasks:
            await asyncio.wait(self._tasks)
        await after()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()


def _cancel(begun: "list[asyncio.Task[None]]") -> None:
    for task in begun:
        task.cancel()


async def _settle(
    work: Callable[[], Coroutine[Any, Any, T]], caller: asyncio.AbstractEventLoop, answer: "asyncio.Future[T]"
) -> None:
    result: T | None = None
    error: Exception | None = None
    try:
        result = await work()
    except Exception as raised:
        error = raised

    def tell() -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type]  # without an error there is a result

    try:
        caller.call_soon_threadsafe(tell)
    except RuntimeError:
        # That loop is closed, so nobody waits there any more. The work is done all the same.
        return
