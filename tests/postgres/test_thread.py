"""The thread that the pool lives on: callers of any loop, cancelled ones, closed ones, forked ones."""

import asyncio
import os
import threading
from collections.abc import Iterator

import pytest

from tipline_client.errors import OutboxUnavailableError
from tipline_client.outbox.postgres.thread import LoopThread


async def _nothing() -> None:
    pass


def _close(thread: LoopThread) -> None:
    thread.close(before=lambda: None, after=_nothing)


@pytest.fixture
def thread() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    _close(thread)


async def _name() -> str:
    return threading.current_thread().name


async def _fail() -> None:
    raise KeyError("as it was raised")


async def test_result_and_failure(thread: LoopThread) -> None:
    """Work is done on the thread; its result or its exception is the caller's."""
    assert "outbox" == await thread.run(_name)
    with pytest.raises(KeyError, match="as it was raised"):
        await thread.run(_fail)


async def test_caller_that_is_cancelled(thread: LoopThread) -> None:
    """Work that has begun is done wholly although nobody waits for it any more."""
    has_begun, may_go_on, is_done = threading.Event(), threading.Event(), threading.Event()

    async def work() -> None:
        has_begun.set()
        await asyncio.to_thread(may_go_on.wait)
        is_done.set()

    caller = asyncio.create_task(thread.run(work))
    await asyncio.to_thread(has_begun.wait)

    caller.cancel()

    with pytest.raises(asyncio.CancelledError):
        await caller
    may_go_on.set()
    assert await asyncio.to_thread(is_done.wait, 20)


async def test_work_that_ends_with_its_caller(thread: LoopThread) -> None:
    """Waiting is given up with whoever waited."""
    has_begun, is_cancelled = threading.Event(), threading.Event()

    async def wait() -> None:
        has_begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            is_cancelled.set()

    caller = asyncio.create_task(thread.run(wait, ends_with_caller=True))
    await asyncio.to_thread(has_begun.wait)

    caller.cancel()

    assert await asyncio.to_thread(is_cancelled.wait, 20)


def test_caller_whose_loop_is_gone(thread: LoopThread) -> None:
    """An answer to a loop that was closed meanwhile goes nowhere, and the thread goes on."""
    has_begun, may_go_on, is_done = threading.Event(), threading.Event(), threading.Event()

    async def work() -> None:
        has_begun.set()
        await asyncio.to_thread(may_go_on.wait)
        is_done.set()

    async def leave() -> None:
        task = asyncio.ensure_future(thread.run(work))
        await asyncio.to_thread(has_begun.wait)
        task.cancel()

    asyncio.run(leave())
    may_go_on.set()

    assert is_done.wait(20)
    assert "outbox" == asyncio.run(thread.run(_name))


async def test_closed_while_work_is_under_way() -> None:
    """Closing waits for what has begun, is safe to repeat, and lets nothing new begin."""
    thread = LoopThread()
    order: list[str] = []
    has_begun, may_go_on = threading.Event(), threading.Event()

    async def work() -> None:
        has_begun.set()
        await asyncio.to_thread(may_go_on.wait)
        order.append("work")

    async def after() -> None:
        order.append("after")

    caller = asyncio.create_task(thread.run(work))
    await asyncio.to_thread(has_begun.wait)
    closing = asyncio.create_task(asyncio.to_thread(thread.close, before=may_go_on.set, after=after))
    await asyncio.gather(caller, closing)
    await asyncio.to_thread(_close, thread)

    assert ["work", "after"] == order
    with pytest.raises(OutboxUnavailableError, match="closed"):
        await thread.run(_name)


async def test_used_after_a_fork(thread: LoopThread, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was forked is told so at once, instead of waiting for a thread that it does not have."""
    monkeypatch.setattr(os, "getpid", lambda: -1)

    with pytest.raises(OutboxUnavailableError, match="forked"):
        await thread.run(_name)

    monkeypatch.undo()
    assert "outbox" == await thread.run(_name)
