"""Work that is not left half done, and what becomes of a cancellation meanwhile."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from tests.support.stage import sample_evidence, sample_report
from tipline_client import AsyncTiplineClient
from tipline_client._undivided import wholly
from tipline_client.mock import MockEndpoint


async def _work(*, then: Callable[[], object] = lambda: "done") -> object:
    """Something in a thread, in the midst of which the time of the caller is up."""
    has_begun, may_end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def in_a_thread() -> None:
        loop.call_soon_threadsafe(has_begun.set)
        assert may_end.wait(10)

    async def go_on() -> None:
        await has_begun.wait()
        await asyncio.sleep(0.05)
        may_end.set()

    going = asyncio.create_task(go_on())
    await asyncio.to_thread(in_a_thread)
    await going
    return then()


async def test_time_is_up() -> None:
    """It ends before its caller goes on, who is told by the timeout at once, and is not cancelled anywhere else."""
    done: list[str] = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await wholly(_work(then=lambda: done.append("done")))

    await asyncio.sleep(0)
    caller = asyncio.current_task()
    assert caller is not None
    assert (["done"], 0) == (done, caller.cancelling())


async def test_cancelled_more_than_once() -> None:
    """It ends all the same."""
    done: list[str] = []
    called = asyncio.create_task(wholly(_work(then=lambda: done.append("done"))))
    for _ in range(3):
        await asyncio.sleep(0.005)
        called.cancel()
    with suppress(asyncio.CancelledError):
        await called

    assert called.cancelled()
    assert ["done"] == done


async def test_scope_of_anyio_is_cancelled() -> None:
    """What is done by then is done, and its result is there."""
    with anyio.move_on_after(0.01) as scope:
        result = await wholly(_work())

    assert ("done", False) == (result, scope.cancelled_caught)


async def test_work_that_fails() -> None:
    """Its error is the caller's; beside a cancellation it is named as the cause of nothing else."""

    def fail() -> None:
        raise ValueError("no coffee")

    with pytest.raises(ValueError, match="no coffee"):
        await wholly(_work(then=fail))
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.01):
            await wholly(_work(then=fail))

    cancelled = caught.value.__cause__
    assert cancelled is not None
    assert "no coffee" in str(cancelled.__cause__)


async def test_nothing_but_an_enqueue_within_a_timeout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is out of time while the entry is written hears of it there, and a worker that catches it goes on."""
    with MockEndpoint() as endpoint:
        async with AsyncTiplineClient.open(tmp_path, profile=endpoint.profile) as client:
            write = client.outbox.enqueue

            async def out_of_time(*arguments: object, **named: object) -> object:
                patience.reschedule(0)
                await asyncio.sleep(0.02)
                enqueue: Callable[..., Awaitable[object]] = write
                return await enqueue(*arguments, **named)

            monkeypatch.setattr(client.outbox, "enqueue", out_of_time)
            for name in ("one", "two"):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(60) as patience:
                        await client.enqueue(sample_report(name), evidence=sample_evidence())
                await asyncio.sleep(0)

            entries = await client.outbox.list_entries()
            assert 2 == len(entries)
            assert {entry.id for entry in entries} == {
                path.parent.name for path in (tmp_path / "evidence").rglob("*") if path.is_file()
            }
