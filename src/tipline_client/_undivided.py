"""Waits for work to its end, whoever cancels whoever waits for it. Knows no database."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from anyio import CancelScope

__all__ = ["wholly"]

T = TypeVar("T")


async def wholly(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which runs to its end; a cancellation meanwhile is raised then, in place of the result.

    So whatever depends on the result belongs into `work`. It is not put off to a later wait of the caller: there may be
    none inside of the `asyncio.timeout` that cancelled, and the next one elsewhere would be cancelled by nobody.

    A shield of anyio alone does not do: it holds back anyio's own cancellations, not those of asyncio, such as
    `Task.cancel` and `asyncio.timeout` make.
    """
    task = asyncio.create_task(work)
    missed: asyncio.CancelledError | None = None
    with CancelScope(shield=True):
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as cancelled:
                missed = missed or cancelled
    if missed is not None:
        raise missed from (None if task.cancelled() else task.exception())
    return task.result()
