"""Several enqueues at once on one connection: each that returns is committed, whatever becomes of the others."""

import asyncio
import threading

import psycopg
import pytest

from tests.joining.applications import KINDS, is_asynchronous
from tests.joining.conftest import World
from tests.support import postgres
from tests.support.stage import sample_report
from tipline_client import TiplineClient
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


def test_threads_of_one_transaction(tmp_path: object, endpoint: MockEndpoint) -> None:
    """The same where threads share a connection of psycopg."""
    server = postgres.required()
    server.empty_outbox()
    results: dict[str, object] = {}
    with TiplineClient.open(str(tmp_path), profile=endpoint.profile, outbox=server.url()) as client:
        with psycopg.connect(f"host={server.folder} user=tipline dbname=outbox") as connection:

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

        there = {entry.id: key for key in set(KEYS) if (entry := client.find(key)) is not None}
    told = list(results.values())
    assert 3 == len(there)
    assert {"DuplicateKeyError"} == set(told) - set(there)
    assert 3 == len([result for result in told if result in there])
