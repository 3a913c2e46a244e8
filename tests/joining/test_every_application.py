"""Decision and report commit together, or not at all, whatever the application is made of."""

import asyncio
import json
import subprocess
import sys
from contextlib import suppress

import pytest

from tests.conftest import ROOT
from tests.joining.applications import KINDS, on_postgres
from tests.joining.conftest import World
from tests.support.stage import sample_evidence, sample_report
from tipline_client import State
from tipline_client.errors import DuplicateKeyError
from tipline_client.outbox.history_checks import history_problems

pytestmark = pytest.mark.slow


class _ChangedMyMindError(Exception):
    """What makes an application roll back."""


async def test_committed(world: World) -> None:
    """Nothing can be seen before the commit; after it the report is filed once, with the history of any other."""
    async with world.app.transaction() as connection:
        await world.app.decide(connection, 1)
        entry = await world.enqueue(connection)
        before = await world.client.find("case-1")
    own = await world.client.enqueue(sample_report("two"), evidence=sample_evidence(), idempotency_key="case-2")

    lines = [await world.client.outbox.history(each) for each in (entry.id, own.id)]
    chain = world.client.keys.history_chain()
    assert [[], []] == [[*history_problems(told, state=State.QUEUED, chain=chain)] for told in lines]
    assert 1 == len({tuple((line.kind, tuple(json.loads(line.facts))) for line in told) for told in lines})
    assert (None, [1], 2) == (before, world.decisions(), await world.filed())


async def test_rolled_back(world: World) -> None:
    """No row is left of it; the copies are, and are collected once they have lain there for a day."""
    await _enqueue_first(world)
    with suppress(_ChangedMyMindError):
        async with world.app.transaction() as connection:
            await world.app.decide(connection, 1)
            await world.enqueue(connection)
            raise _ChangedMyMindError

    collected = (await world.collected()).count
    assert (1, 0) == (collected, await world.unclaimed())
    assert ([], 1, 1, 1) == (world.decisions(), world.rows("entries"), world.rows("history"), await world.filed())


async def test_rolled_back_to_a_savepoint(world: World) -> None:
    """What was queued behind the savepoint is gone, and what came before it stays."""
    async with world.app.transaction() as connection:
        await world.app.decide(connection, 1)
        await world.enqueue(connection, "one", key="case-1")
        with suppress(_ChangedMyMindError):
            async with world.app.savepoint(connection):
                await world.app.decide(connection, 2)
                await world.enqueue(connection, "two", key="case-2")
                raise _ChangedMyMindError

    assert ([1], 1, 1) == (world.decisions(), world.rows("entries"), await world.filed())


async def test_handed_in_twice_in_one_transaction(world: World) -> None:
    """The second time finds the entry of the first, though nothing is committed yet."""
    async with world.app.transaction() as connection:
        first = await world.enqueue(connection)
        second = await world.enqueue(connection)

    assert (first.id, 1, 1) == (second.id, world.rows("entries"), await world.filed())


async def test_other_content_under_the_same_key(world: World) -> None:
    """It is refused, and the transaction goes on as if nobody had asked."""
    async with world.app.transaction() as connection:
        await world.enqueue(connection, "one")
    async with world.app.transaction() as connection:
        await world.app.decide(connection, 1)
        with pytest.raises(DuplicateKeyError):
            await world.enqueue(connection, "two")
        await world.app.decide(connection, 2)

    assert ([1, 2], 1, 1) == (world.decisions(), world.rows("entries"), await world.filed())


async def test_collected_while_the_transaction_is_open(world: World) -> None:
    """However old they are, copies are not collected while a transaction that is open may commit their entry."""
    await _enqueue_first(world)
    async with world.app.transaction() as connection:
        entry = await world.enqueue(connection)
        found = await asyncio.wait_for(world.collected(), 30)

    copies = list((world.client.home.path / "evidence" / entry.id).iterdir())
    assert (0, 0, 2, 2) == (found.count, found.kept, len(copies), await world.filed())


async def test_nobody_has_begun_yet(world: World) -> None:
    """The report may be the first thing of a transaction, and the decision come after it."""
    async with world.app.transaction() as connection:
        await world.enqueue(connection)
        await world.app.decide(connection, 1)

    assert ([1], 1) == (world.decisions(), await world.filed())


@pytest.mark.parametrize("world", [kind for kind in KINDS if on_postgres(kind)], indirect=True)
async def test_waiting_dispatcher_is_told_at_the_commit(world: World) -> None:
    """A server passes the news on with the commit; a file has nobody who would."""
    news = world.client.outbox.news()
    await anext(news)
    heard = asyncio.ensure_future(anext(news))
    async with world.app.transaction() as connection:
        await world.enqueue(connection)
        await asyncio.sleep(0)
        early = heard.done()

    await asyncio.wait_for(heard, 30)
    assert not early


async def test_killed_before_the_commit(world: World) -> None:
    """Neither decision nor report is there, nothing is filed, and the copies are found as those of nobody."""
    await _enqueue_first(world)
    arguments = [world.kind, world.place, str(world.client.home.path), world.address, world.endpoint.base_url]
    with subprocess.Popen(  # noqa: ASYNC220 - nobody else waits for this loop
        [sys.executable, "-m", "tests.joining.interrupted_child", *arguments], stdout=subprocess.PIPE, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        said = child.stdout.readline()
        child.kill()

    later = await asyncio.wait_for(_until_collected(world), 60)
    assert (b"written\n", 1) == (said, later)
    assert ([], 1, 1, 1) == (world.decisions(), world.rows("entries"), world.rows("history"), await world.filed())


async def _until_collected(world: World) -> int:
    # A server takes a moment to notice that nobody is there any more.
    while not (count := (await world.collected()).count):  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.05)
    return count


async def _enqueue_first(world: World) -> None:
    """What is older than the first entry is not collected."""
    await world.client.enqueue(sample_report("zero"), idempotency_key="case-0")
