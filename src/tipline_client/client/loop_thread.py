"""An event loop in a thread of its own, for callers that have none.

It must never keep a process from ending, whenever an interrupt comes: the thread is a daemon, and whoever waits for it
wakes now and then, since an interrupt that arrives just before a wait begins is noticed only after the wait.
"""

import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TypeVar

import anyio
from anyio.from_thread import BlockingPortal

__all__ = ["LoopThread"]

T = TypeVar("T")

_GLANCE = 0.25
"""Seconds between two looks for an interrupt."""


class LoopThread:
    """A running event loop; `close` ends it."""

    def __init__(self) -> None:
        self._ready: Future[BlockingPortal] = Future()
        self._thread = threading.Thread(target=self._serve, name="tipline-loop", daemon=True)
        self._thread.start()
        self._portal = _await(self._ready)

    def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Run `function` on the loop and wait for its result, or its exception."""
        return _await(self._portal.start_task_soon(function))

    def call_soon(self, function: Callable[[], object]) -> None:
        """Have `function` run on the loop, without waiting for it."""
        self._portal.start_task_soon(function)

    def close(self) -> None:
        """End the loop and its thread."""
        self._portal.start_task_soon(self._portal.stop)
        while self._thread.is_alive():
            self._thread.join(_GLANCE)

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
