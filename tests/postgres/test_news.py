"""Dispatchers are woken by what happens on other hosts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import psycopg
import pytest

from tests.contract.values import FULL_CHECKPOINT, attempt, lease_of, new_entry
from tests.postgres.conftest import OpenOutbox
from tests.support.postgres import PostgresServer
from tipline_client.delivery.outcomes import Outcome
from tipline_client.outbox.postgres import PostgresOutbox, connecting

Act = Callable[[PostgresOutbox], Awaitable[object]]


async def _enqueue(outbox: PostgresOutbox) -> None:
    await outbox.enqueue(new_entry("two"))


async def _withdraw(outbox: PostgresOutbox) -> None:
    await outbox.withdraw("id-open", reason="wrong account")


async def _requeue(outbox: PostgresOutbox) -> None:
    await outbox.requeue("id-dead", reason="corrected")


async def _next(news: AsyncIterator[None]) -> None:
    async with asyncio.timeout(20):
        await anext(news)


@pytest.mark.parametrize("act", [_enqueue, _withdraw, _requeue], ids=lambda act: act.__name__[1:])
async def test_news_from_another_host(open_outbox: OpenOutbox, act: Act) -> None:
    """What becomes due on one host is heard on another."""
    here, there = open_outbox(), open_outbox()
    await lease_of(here, "open")
    await here.dead_letter(await lease_of(here, "dead"), FULL_CHECKPOINT, attempt(Outcome.REJECTED))
    news = there.news()
    await _next(news)

    await act(here)

    await _next(news)


async def test_many_news_at_once(open_outbox: OpenOutbox) -> None:
    """News that come faster than they are listened to are one item, and the last of them is never lost."""
    here, there = open_outbox(), open_outbox()
    news = there.news()
    await _next(news)

    await asyncio.gather(*(here.enqueue(new_entry(f"{number}")) for number in range(50)))

    await _next(news)
    assert 50 == (await there.count()).waiting


async def test_connection_of_the_listener_is_lost(open_outbox: OpenOutbox, server: PostgresServer) -> None:
    """A listener whose connection ends makes another one, says that something may have been missed, and hears on."""
    here, there = open_outbox(), open_outbox()
    news = there.news()
    await _next(news)

    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    await _next(news)

    await here.enqueue(new_entry())
    await _next(news)


async def test_listener_that_ends_while_it_connects(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection that nobody has yet is let go of."""
    begun: list[psycopg.AsyncConnection[object]] = []
    has_begun = asyncio.Event()

    async def never_done(connection: psycopg.AsyncConnection[object], **_: object) -> None:
        begun.append(connection)
        has_begun.set()
        await asyncio.sleep(3600)

    monkeypatch.setattr(connecting, "set_up", never_done)
    connect = asyncio.create_task(connecting.connect(server.dsn(), answer_within=timedelta(seconds=5)))
    await has_begun.wait()

    connect.cancel()
    await asyncio.wait([connect])

    assert (True, [True]) == (connect.cancelled(), [connection.closed for connection in begun])


async def test_held_entry_is_no_news(open_outbox: OpenOutbox, server: PostgresServer) -> None:
    """What nobody may claim wakes nobody: the next thing heard is the one that can be claimed."""
    here, there = open_outbox(), open_outbox()
    news = there.news()
    await _next(news)
    await here.enqueue(new_entry("held"), held=True)
    waiting = asyncio.ensure_future(anext(news))
    await here.get("id-held")

    assert not waiting.done()

    await here.enqueue(new_entry("one"))
    async with asyncio.timeout(20):
        await waiting


async def test_closed_while_somebody_listens(outbox: PostgresOutbox) -> None:
    """Closing ends the news instead of waiting for them."""
    has_heard = asyncio.Event()

    async def listen() -> None:
        async for _ in outbox.news():
            has_heard.set()

    listening = asyncio.create_task(listen())
    await has_heard.wait()

    await outbox.close()

    async with asyncio.timeout(20):
        await listening
    assert [] == [item async for item in outbox.news()]


async def test_listener_that_is_cancelled(outbox: PostgresOutbox) -> None:
    """Whoever stops listening leaves nothing behind that closing would wait for."""
    news = outbox.news()
    await _next(news)
    waiting = asyncio.ensure_future(anext(news))
    await asyncio.sleep(0)

    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(20):
        await outbox.close()
