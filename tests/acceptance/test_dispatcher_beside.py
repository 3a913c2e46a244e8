"""A dispatcher that runs beside a block, as in the lifespan of an application: begun, stopped, and broken off."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from tests.acceptance.hosts import eventually
from tests.support.dispatchers import until_filed
from tests.support.stage import sample_report
from tipline_client import AsyncDispatcher, AsyncTiplineClient, Dispatcher, Options, State, TiplineClient
from tipline_client.errors import ConfigurationError
from tipline_client.mock import MockEndpoint, slow
from tipline_client.profiles import EndpointProfile
from tipline_client.transport import Transport

# So long that only what wakes a dispatcher makes it look again.
PATIENT = Options(poll_every=timedelta(minutes=5))


@pytest.fixture
def endpoint() -> Iterator[MockEndpoint]:
    with MockEndpoint() as endpoint:
        yield endpoint


async def until_over(dispatcher: AsyncDispatcher) -> None:
    with anyio.fail_after(60):
        while dispatcher.is_running:
            await anyio.lowlevel.checkpoint()


async def broken_off_in(block: Callable[[], Awaitable[None]], client: AsyncTiplineClient) -> None:
    """A block that waits until its dispatcher has broken off, and then does what it is for."""
    async with AsyncDispatcher(client) as dispatcher:
        await until_over(dispatcher)
        await block()


@asynccontextmanager
async def no_network(_: EndpointProfile) -> AsyncIterator[Transport]:
    raise ConfigurationError("the network cannot be set up")
    yield


@asynccontextmanager
async def somebody_elses_network(_: EndpointProfile) -> AsyncIterator[Transport]:
    raise ValueError("what somebody else wrote")
    yield


async def test_dispatcher_beside_a_block(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """It is woken by an enqueue of its own client, without waiting for its next look, and ends with the block."""
    async with AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile, options=PATIENT) as client:
        dispatcher = AsyncDispatcher(client)
        for name in ("one", "two"):
            async with dispatcher as same:
                assert (same, True) == (dispatcher, dispatcher.is_running)
                entry = await client.enqueue(sample_report(name))
                await until_filed(client, entry.id)
            assert not dispatcher.is_running

    assert (2, 0) == (endpoint.summary()["finished"], endpoint.summary()["duplicates"])


async def test_begun_twice(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """One dispatcher runs once at a time, whichever way it was begun."""
    async with (
        AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile) as client,
        AsyncDispatcher(client) as dispatcher,
    ):
        with pytest.raises(RuntimeError, match="running already"):
            await dispatcher.__aenter__()
        await anyio.lowlevel.checkpoint()
        with pytest.raises(RuntimeError, match="running already"):
            await dispatcher.drain()


async def test_stopped_inside_of_the_block(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """What stops it, or closes its client, ends it cleanly, and a stop is not kept for the next run."""
    async with AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile) as client:
        async with AsyncDispatcher(client) as dispatcher:
            dispatcher.stop()
            await until_over(dispatcher)
        entry = await client.enqueue(sample_report())
        async with dispatcher:
            await until_filed(client, entry.id)
            await client.aclose()
            assert not dispatcher.is_running


@pytest.mark.parametrize(
    ("network", "error", "logged"),
    [
        (no_network, ConfigurationError, "broke off: the network cannot be set up"),
        (somebody_elses_network, ValueError, "broke off: ValueError"),
    ],
)
async def test_broken_off(
    network: object,
    error: type[Exception],
    logged: str,
    endpoint: MockEndpoint,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log says so at once, without the words of others, and the end of the block raises it."""
    options = Options(open_transport=network)  # type: ignore[arg-type]  # the types of a parametrised test
    async with AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile, options=options) as client:
        await client.enqueue(sample_report())

        async def read_log() -> None:
            said.append(caplog.text)

        said: list[str] = []
        with pytest.raises(error), caplog.at_level(logging.ERROR):
            await broken_off_in(read_log, client)

        assert logged in said[0]
        assert "somebody else wrote" not in said[0]


async def test_block_that_fails_beside_it(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """What the block raises is what its caller gets, whatever the dispatcher ended with."""
    options = Options(open_transport=no_network)
    async with AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile, options=options) as client:
        await client.enqueue(sample_report())

        async def fail() -> None:
            raise LookupError("coffee")

        with pytest.raises(LookupError, match="coffee"):
            await broken_off_in(fail, client)


async def test_cancelled_while_it_ends(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """Whoever waits no longer for a clean end gets none: the call in flight is cut off, and the next run files once."""
    endpoint.faults.script("finish", slow(1))
    options = Options(lease_for=timedelta(milliseconds=300))
    async with AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile, options=options) as client:
        entry = await client.enqueue(sample_report())
        with anyio.CancelScope() as waiting:
            async with AsyncDispatcher(client) as dispatcher:
                with anyio.fail_after(60):
                    while endpoint.faults.to_json()["faults"]:
                        await anyio.lowlevel.checkpoint()
                waiting.cancel()
        assert not dispatcher.is_running
        assert (await client.entry(entry.id)).state is not State.ACKNOWLEDGED
        async with dispatcher:
            await until_filed(client, entry.id)

    assert (1, 0) == (endpoint.summary()["finished"], endpoint.summary()["duplicates"])


def test_beside_a_block_without_an_event_loop(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """The other door does the same in its own thread."""
    options = replace(PATIENT, slots=1)
    with TiplineClient.open(tmp_path / "home", profile=endpoint.profile, options=options) as client:
        with Dispatcher(client) as dispatcher:
            entry = client.enqueue(sample_report())
            eventually(lambda: client.entry(entry.id).state is State.ACKNOWLEDGED)
            assert dispatcher.is_running
        assert not dispatcher.is_running

    assert 1 == endpoint.summary()["finished"]


def test_broken_off_without_an_event_loop(endpoint: MockEndpoint, tmp_path: Path) -> None:
    """The end of the block raises it there too."""
    options = Options(open_transport=no_network)
    with TiplineClient.open(tmp_path / "home", profile=endpoint.profile, options=options) as client:
        client.enqueue(sample_report())
        dispatcher = Dispatcher(client)

        with pytest.raises(ConfigurationError, match="cannot be set up"), dispatcher:
            eventually(lambda: not dispatcher.is_running)
