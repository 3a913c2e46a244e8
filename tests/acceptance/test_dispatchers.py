"""The service at both doors: run, drained, stopped and run again; and with a network that brings tasks of its own."""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from tests.support.dispatchers import until_filed
from tests.support.stage import sample_evidence, sample_report
from tipline_client import AsyncTiplineClient, Dispatcher, Options, RetryPolicy, TiplineClient
from tipline_client.client import AsyncDispatcher
from tipline_client.delivery.outcomes import Outcome
from tipline_client.errors import OutboxUnavailableError
from tipline_client.mock import MockEndpoint
from tipline_client.profiles import EndpointProfile
from tipline_client.transport import HttpTransport, Transport

QUICK = Options(
    policy=RetryPolicy(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=5)),
    poll_every=timedelta(milliseconds=10),
)
FILED_ONE = {Outcome.ACKNOWLEDGED: 1}


@pytest.fixture
def endpoint() -> Iterator[MockEndpoint]:
    with MockEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
async def client(endpoint: MockEndpoint, tmp_path: Path) -> AsyncIterator[AsyncTiplineClient]:
    async with AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile, options=QUICK) as client:
        yield client


async def test_run_again_after_a_stop(client: AsyncTiplineClient) -> None:
    """A dispatcher that was stopped can be run again, and delivers what came meanwhile."""
    dispatcher = AsyncDispatcher(client)
    filed: list[dict[Outcome, int]] = []
    for name in ("one", "two"):
        entry = await client.enqueue(sample_report(name))
        async with anyio.create_task_group() as tasks:

            async def run() -> None:
                filed.append((await dispatcher.run()).outcomes)

            tasks.start_soon(run)
            await until_filed(client, entry.id)
            dispatcher.stop()

    assert [FILED_ONE, FILED_ONE] == filed


async def test_stopped_before_it_runs(client: AsyncTiplineClient) -> None:
    """A stop that comes between two runs ends the next one at once, and only that one."""
    dispatcher = AsyncDispatcher(client)
    await dispatcher.drain()
    await client.enqueue(sample_report())
    dispatcher.stop()

    stopped, drained = await dispatcher.run(), await dispatcher.drain()

    assert ({}, FILED_ONE) == (stopped.outcomes, drained.outcomes)


async def test_run_twice_at_once(client: AsyncTiplineClient) -> None:
    """The second run is refused by name, and the first one goes on until it is stopped."""
    dispatcher = AsyncDispatcher(client)
    entry = await client.enqueue(sample_report())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(dispatcher.run)
        await until_filed(client, entry.id)

        with pytest.raises(RuntimeError, match="running already"):
            await dispatcher.drain()

        dispatcher.stop()


async def test_run_after_the_client_was_closed(client: AsyncTiplineClient) -> None:
    """Nothing waits for ever on an outbox that is closed: the dispatcher says so, and so does a new one."""
    dispatcher = AsyncDispatcher(client)
    await dispatcher.drain()
    await client.aclose()

    with pytest.raises(OutboxUnavailableError, match="closed"):
        await dispatcher.run()
    with pytest.raises(OutboxUnavailableError, match="closed"):
        AsyncDispatcher(client)


def test_run_again_without_an_event_loop(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """The other door does the same from threads."""
    with TiplineClient.open(tmp_path / "home", profile=endpoint.profile, options=QUICK) as client:
        dispatcher = Dispatcher(client)
        filed: list[dict[Outcome, int]] = []
        for name in ("one", "two"):
            entry = client.enqueue(sample_report(name))
            thread = threading.Thread(target=lambda: filed.append(dispatcher.run().outcomes))
            thread.start()
            client.call(until_filed, client.asynchronous, entry.id)
            dispatcher.stop()
            thread.join(20)

    assert [FILED_ONE, FILED_ONE] == filed


async def test_network_with_tasks_of_its_own(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """A transport that holds a task group is opened once for each slot in use, and closed without a word at the end."""
    opened: list[int] = []
    closed: list[int] = []

    @asynccontextmanager
    async def open_transport(profile: EndpointProfile) -> AsyncIterator[Transport]:
        opened.append(anyio.get_current_task().id)
        async with anyio.create_task_group() as readers, HttpTransport.open(profile) as transport:
            readers.start_soon(anyio.sleep_forever)
            yield transport
            readers.cancel_scope.cancel()
        closed.append(anyio.get_current_task().id)

    options = replace(QUICK, slots=3, open_transport=open_transport)
    async with AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile, options=options) as client:
        for number in range(7):
            await client.enqueue(sample_report(str(number)), evidence=sample_evidence())

        summary = await AsyncDispatcher(client).drain()

    assert {Outcome.ACKNOWLEDGED: 7} == summary.outcomes
    assert (3, sorted(opened)) == (len(set(opened)), sorted(closed))
