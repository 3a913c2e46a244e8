"""News: every store tells whoever listens at one of its doors what became due through the same door."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.contract.values import FULL_CHECKPOINT, attempt, lease_of, new_entry
from tipline_client.delivery.outcomes import Outcome
from tipline_client.outbox import Outbox

Act = Callable[[Outbox], Awaitable[object]]


async def _enqueue(outbox: Outbox) -> None:
    await outbox.enqueue(new_entry("two"))


async def _withdraw(outbox: Outbox) -> None:
    await outbox.withdraw("id-open", reason="wrong account")


async def _requeue(outbox: Outbox) -> None:
    await outbox.requeue("id-dead", reason="corrected")


async def _next(news: AsyncIterator[None]) -> None:
    async with asyncio.timeout(20):
        await anext(news)


@pytest.mark.parametrize("act", [_enqueue, _withdraw, _requeue], ids=lambda act: act.__name__[1:])
async def test_something_became_due(outbox: Outbox, act: Act) -> None:
    """It is told once at the start, and again after the change."""
    await lease_of(outbox, "open")
    await outbox.dead_letter(await lease_of(outbox, "dead"), FULL_CHECKPOINT, attempt(Outcome.REJECTED))
    news = outbox.news()
    await _next(news)

    await act(outbox)

    await _next(news)


async def test_enqueued_on_another_event_loop(outbox: Outbox) -> None:
    """Whoever listens is woken from another thread with a loop of its own."""
    news = outbox.news()
    await _next(news)
    waiting = asyncio.ensure_future(anext(news))
    await asyncio.sleep(0)

    enqueuing = threading.Thread(target=lambda: asyncio.run(_enqueue(outbox)))
    enqueuing.start()

    async with asyncio.timeout(20):
        await waiting
    enqueuing.join()


async def test_two_who_listen(outbox: Outbox) -> None:
    """Each of them hears it."""
    listeners = [outbox.news(), outbox.news()]
    for news in listeners:
        await _next(news)

    await outbox.enqueue(new_entry())

    for news in listeners:
        await _next(news)


async def test_closed_while_somebody_listens(outbox: Outbox) -> None:
    """Closing ends the news, those that are asked for afterwards too."""
    news = outbox.news()
    await _next(news)
    waiting = asyncio.ensure_future(anext(news, "ended"))
    await asyncio.sleep(0)

    await outbox.close()

    async with asyncio.timeout(20):
        assert "ended" == await waiting
    assert [] == [item async for item in outbox.news()]


async def test_listener_that_is_cancelled(outbox: Outbox) -> None:
    """Whoever stops listening leaves nothing behind that others or closing would wait for."""
    news = outbox.news()
    await _next(news)
    waiting = asyncio.ensure_future(anext(news))
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    await outbox.enqueue(new_entry())
    async with asyncio.timeout(20):
        await outbox.close()
