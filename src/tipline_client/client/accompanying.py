"""What goes on beside a dispatcher for as long as it runs: news wake it, and hooks are told. No logic of its own."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import anyio

from tipline_client.dispatch import Conductor
from tipline_client.dispatch.hooks import Hooks
from tipline_client.errors import OutboxUnavailableError
from tipline_client.outbox import Outbox

__all__ = ["accompany"]

T = TypeVar("T")

_log = logging.getLogger("tipline_client.client")


async def accompany(
    go: Callable[[Conductor], Awaitable[T]], conductor: Conductor, *, outbox: Outbox, hooks: Hooks | None
) -> T:
    """Conduct, woken by the outbox's news, with the hooks told meanwhile and once more at the end.

    Args:
        go: What the conductor is to do.
        conductor: Whom.
        outbox: Whose news.
        hooks: What is told of events, if anything is.

    Raises:
        Exception: Whatever `go` raised; the hooks' own failures are theirs.
    """
    if hooks is not None:
        await _register(hooks)
    results: list[T] = []
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        waking = anyio.CancelScope()
        tasks.start_soon(partial(_wake, conductor, outbox, waking))
        if hooks is not None:
            tasks.start_soon(hooks.run)
        # Caught here, because a task group would wrap the error in a group that no caller expects.
        try:
            results.append(await go(conductor))
        except Exception as error:
            failure = error
            tasks.cancel_scope.cancel()
        waking.cancel()
        if hooks is not None:
            hooks.stop()
    if failure is not None:
        raise failure
    if hooks is not None:
        await hooks.tell_all()
    return results[0]


async def _register(hooks: Hooks) -> None:
    try:
        await hooks.register()
    except OutboxUnavailableError as error:
        # The conductor waits for the outbox or says that it cannot, and nothing happens before it is back.
        _log.warning("the hooks begin once the outbox can be used: %s", error)


async def _wake(conductor: Conductor, outbox: Outbox, waking: anyio.CancelScope) -> None:
    try:
        with waking:
            async for _ in outbox.news():
                conductor.notify()
    except OutboxUnavailableError as error:
        _log.warning("no news from the outbox, so it is only looked at from time to time: %s", error)
