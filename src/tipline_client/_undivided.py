"""Waits for work to its end, whoever cancels whoever waits for it. Knows no database."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from anyio import CancelScope

__all__ = ["wholly"]

T = TypeVar("T")


async def wholly(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which runs to its end; a cancellation meanwhile comes with the caller's next wait.

    A shield of anyio alone does not do: it holds back anyio's own cancellations, not those of asyncio, such as
    `Task.cancel` and `asyncio.timeout` make.
    """
    task = asyncio.create_task(work)
    missed = 0
    with CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                missed += 1
    caller = asyncio.current_task()
    if caller is not None:
        for _ in range(missed):
            # Asked for anew, and counted once as before, so that a timeout still knows it for its own.
            caller.uncancel()
            caller.cancel()
    return task.result()
