"""Several enqueues at once on one connection: each that returns is committed, whatever becomes of the others."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiosqlite
import psycopg
import pytest

from tests.joining.applications import KINDS, is_asynchronous
from tests.joining.conftest import World
from tests.support import postgres
from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient, Evidence, TiplineClient
from tipline_client.errors import TiplineError
from tipline_client.mock import MockEndpoint

ROUNDS = 6
KEYS = ("a", "a", "b", "c")
"""The first two name different contents, so one of them is refused and undone."""

every_asynchronous_kind = pytest.mark.parametrize(
    "world", [kind for kind in KINDS if is_asynchronous(kind)], indirect=True
)


@every_asynchronous_kind
async def test_tasks_of_one_transaction(world: World) -> None:
    """Whether one is refused or cancelled: what was told to be queued is there, and nothing else is."""
    queued: set[str] = set()
    for turn in range(ROUNDS):
        async with world.app.transaction() as connection:
            await world.app.decide(connection, turn)
            handing_in = [
                asyncio.create_task(world.enqueue(connection, f"{turn} {number}", key=f"{turn} {key}"))
                for number, key in enumerate(KEYS)
            ]
            await asyncio.sleep(turn * 0.002)
            handing_in[turn % len(KEYS)].cancel()
            await asyncio.wait(handing_in)
        for task in handing_in:
            if not task.cancelled() and task.exception() is None:
                queued.add(task.result().id)
        there = {entry.id for entry in await world.client.outbox.list_entries()}
        failures = {type(task.exception()).__name__ for task in handing_in if not task.cancelled() and task.exception()}

        assert set() == queued - there
        assert failures <= {"DuplicateKeyError"}

    assert list(range(ROUNDS)) == world.decisions()
    assert await world.filed() == len(await world.client.outbox.list_entries())


def _to_a_server(_: Path) -> tuple[str, Callable[[], Any]]:
    server = postgres.required()
    server.empty_outbox()
    return server.url(), server.connect


def _to_a_file(file: Path) -> tuple[str, Callable[[], Any]]:
    return f"sqlite://{file}", lambda: sqlite3.connect(file, check_same_thread=False)


@pytest.mark.parametrize("place", [_to_a_server, _to_a_file])
def test_threads_of_one_transaction(
    tmp_path: Path, endpoint: MockEndpoint, place: Callable[[Path], tuple[str, Callable[[], Any]]]
) -> None:
    """The same where threads share a connection, on which none of them has begun a transaction."""
    address, connect = place(tmp_path / "app.sqlite")
    results: dict[str, object] = {}
    with TiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=address) as client:
        client.find("none")  # the tables are there
        with contextlib.closing(connect()) as connection:

            def hand_in(number: int, key: str) -> None:
                try:
                    entry = client.enqueue(sample_report(str(number)), idempotency_key=key, connection=connection)
                except Exception as error:
                    results[str(number)] = type(error).__name__
                else:
                    results[str(number)] = entry.id

            threads = [threading.Thread(target=hand_in, args=(number, key)) for number, key in enumerate(KEYS * 3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            connection.commit()

        there = {entry.id: key for key in set(KEYS) if (entry := client.find(key)) is not None}
    told = list(results.values())
    assert 3 == len(there)
    assert {"DuplicateKeyError"} == set(told) - set(there)
    assert 3 == len([result for result in told if result in there])


async def test_transaction_that_a_cancelled_one_began(on_file: AsyncTiplineClient, file: Path) -> None:
    """It is begun once, whenever the one that began it is cancelled."""
    await on_file.outbox.count()
    async with aiosqlite.connect(file) as connection:
        for moment in range(12):
            one, two = (
                asyncio.create_task(
                    on_file.enqueue(sample_report(name), idempotency_key=f"{moment} {name}", connection=connection)
                )
                for name in ("one", "two")
            )
            for _ in range(moment):
                await asyncio.sleep(0)
            one.cancel()
            entry = await two
            await asyncio.wait([one])
            await connection.commit()

            assert await on_file.find(f"{moment} two") == entry


def test_loop_that_ends_meanwhile(tmp_path: Path, endpoint: MockEndpoint) -> None:
    """It cancels all that is under way, and no thread waits for it for ever: the process could not end."""
    file = tmp_path / "app.sqlite"
    opened: list[Any] = []

    def enqueueing() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name.startswith("tipline-enqueue")]

    async def end_in_the_midst() -> None:
        client = AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=f"sqlite://{file}")
        await client.outbox.count()
        connection = await aiosqlite.connect(file)
        opened.extend([client, connection])
        task = asyncio.create_task(client.enqueue(sample_report(), idempotency_key="case-1", connection=connection))
        while not enqueueing() and not task.done():  # noqa: ASYNC110 - a thread that begins tells nobody
            await asyncio.sleep(0)

    asyncio.run(end_in_the_midst())
    client, connection = opened
    left = enqueueing()
    for thread in left:
        thread.join(10)

    assert [] == [thread for thread in left if thread.is_alive()]
    connection.stop()
    asyncio.run(client.aclose())


async def test_key_of_a_transaction_that_goes_on(tmp_path: Path, endpoint: MockEndpoint) -> None:
    """Whoever waits for it can stop waiting: its time is up when it says so, and its own transaction goes on."""
    server = postgres.required()
    server.empty_outbox()
    place = f"host={server.folder} user=tipline dbname=outbox"
    async with (
        AsyncTiplineClient.open(tmp_path, profile=endpoint.profile, outbox=server.url()) as client,
        await psycopg.AsyncConnection.connect(place) as first,
        await psycopg.AsyncConnection.connect(place) as second,
    ):
        entry = await client.enqueue(sample_report("one"), idempotency_key="case-1", connection=first)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await client.enqueue(sample_report("one"), idempotency_key="case-1", connection=second)
        other = await client.enqueue(sample_report("two"), idempotency_key="case-2", connection=second)
        await second.commit()
        await first.commit()

        assert {entry.id, other.id} == {found.id for found in await client.outbox.list_entries()}


@every_asynchronous_kind
async def test_transaction_that_ends_first(world: World, tmp_path: Path) -> None:
    """Its enqueue writes nothing, neither by itself nor into the next transaction on that connection."""
    copies, goes_on = asyncio.Event(), asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        copies.set()
        await goes_on.wait()
        yield b"a coffee mug"

    evidence = [Evidence.from_stream(pieces(), name="mug.txt")]
    with contextlib.suppress(ZeroDivisionError):
        async with world.app.transaction() as connection:
            handing_in = asyncio.create_task(
                world.client.enqueue(sample_report("one"), evidence=evidence, connection=connection)
            )
            await copies.wait()
            raise ZeroDivisionError
    # An aiosqlite connection says of no two transactions that they are others.
    async with contextlib.nullcontext() if world.kind == "aiosqlite" else world.app.transaction() as another:
        if another is not None:
            await world.app.decide(another, 2)
        goes_on.set()
        with pytest.raises(TiplineError, match=r"has ended before|closed"):
            await handing_in

    assert [] == await world.client.outbox.list_entries()
    assert [] == [path for path in (tmp_path / "home" / "evidence").rglob("*") if path.is_file()]
    assert ([] if world.kind == "aiosqlite" else [2]) == world.decisions()


async def test_connection_that_is_closed_first(on_file: AsyncTiplineClient, file: Path) -> None:
    """The same where somebody closes the connection meanwhile."""
    copies, goes_on = asyncio.Event(), asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        copies.set()
        await goes_on.wait()
        yield b"a coffee mug"

    connection = await aiosqlite.connect(file)
    evidence = [Evidence.from_stream(pieces(), name="mug.txt")]
    handing_in = asyncio.create_task(on_file.enqueue(sample_report("one"), evidence=evidence, connection=connection))
    await copies.wait()
    await connection.close()
    goes_on.set()

    with pytest.raises(TiplineError, match="has ended before"):
        await handing_in
    assert [] == await on_file.outbox.list_entries()


@every_asynchronous_kind
async def test_savepoint_that_is_undone_first(world: World) -> None:
    """What is queued in it goes with it, also if it is queued only then."""
    copies, goes_on = asyncio.Event(), asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        copies.set()
        await goes_on.wait()
        yield b"a coffee mug"

    evidence = [Evidence.from_stream(pieces(), name="mug.txt")]
    async with world.app.transaction() as connection:
        await world.app.decide(connection, 1)
        with contextlib.suppress(ZeroDivisionError):
            async with world.app.savepoint(connection):
                await world.app.decide(connection, 2)
                handing_in = asyncio.create_task(
                    world.client.enqueue(sample_report("one"), evidence=evidence, connection=connection)
                )
                await copies.wait()
                raise ZeroDivisionError
        goes_on.set()
        # A savepoint of one's own on an aiosqlite connection is a statement like any other.
        with (
            pytest.raises(TiplineError, match="has ended before")
            if world.kind != "aiosqlite"
            else contextlib.nullcontext()
        ):
            await handing_in

    assert [1] == world.decisions()
    assert (world.kind == "aiosqlite") == bool(await world.client.outbox.list_entries())
