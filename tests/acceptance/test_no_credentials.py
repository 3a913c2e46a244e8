"""A profile without credentials queues reports and sends nothing: the endpoint sees no request, whoever asks."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.support.stage import sample_evidence, sample_report
from tipline_client import (
    AsyncDispatcher,
    AsyncTiplineClient,
    Dispatcher,
    EndpointProfile,
    Entry,
    Options,
    RetryPolicy,
    State,
    TiplineClient,
    profiles,
)
from tipline_client.errors import ConfigurationError, TiplineError
from tipline_client.mock import MockEndpoint, faults
from tipline_client.profiles.requests import status_call
from tipline_client.transport import HttpTransport

QUICK = Options(policy=RetryPolicy(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=5)))
MISSING = "the user name or the password for .+ is missing: reports are queued, and nothing is sent"


def unpaired(endpoint: MockEndpoint) -> EndpointProfile:
    """The profile that leads to the endpoint, as a host without its pair has it."""
    bare = profiles.named("testing", sends=False)
    assert not bare.can_send
    return replace(
        bare, name=endpoint.profile.name, environment=endpoint.profile.environment, base_url=endpoint.base_url
    )


@pytest.mark.parametrize(
    "sends",
    [
        lambda client, entry_id: client.deliver(entry_id),
        lambda client, _: Dispatcher(client).drain(),
        lambda client, _: Dispatcher(client).run(),
        lambda client, _: client.probe(),
        lambda client, _: client.fetch_schema(),
    ],
    ids=["deliver", "drain", "run", "probe", "fetch_schema"],
)
def test_synchronous_client(tmp_path: Path, sends: Callable[[TiplineClient, str], object]) -> None:
    """It says what is missing, asks nothing, and the entry waits for whoever has the pair, who need not wait."""
    with MockEndpoint() as endpoint:
        with TiplineClient.open(tmp_path, profile=unpaired(endpoint), options=QUICK) as client:
            entry = client.enqueue(sample_report(), evidence=sample_evidence())
            with pytest.raises(ConfigurationError, match=MISSING):
                sends(client, entry.id)
            left = client.entry(entry.id)
        asked = endpoint.requests
        with TiplineClient.open(tmp_path, profile=endpoint.profile, options=QUICK) as paired:
            receipt = paired.deliver(entry.id)

    assert (State.QUEUED, ()) == (left.state, asked)
    assert receipt.report_id


@pytest.mark.parametrize(
    "sends",
    [
        lambda client, entry_id: client.deliver(entry_id),
        lambda client, _: AsyncDispatcher(client).drain(),
        lambda client, _: AsyncDispatcher(client).run(),
        lambda client, _: client.probe(),
        lambda client, _: client.fetch_schema(),
    ],
    ids=["deliver", "drain", "run", "probe", "fetch_schema"],
)
async def test_asynchronous_client(
    tmp_path: Path, sends: Callable[[AsyncTiplineClient, str], Awaitable[object]]
) -> None:
    """So does the other door."""
    with MockEndpoint() as endpoint:
        async with AsyncTiplineClient.open(tmp_path, profile=unpaired(endpoint), options=QUICK) as client:
            entry = await client.enqueue(sample_report(), evidence=sample_evidence())
            with pytest.raises(ConfigurationError, match=MISSING):
                await sends(client, entry.id)
            left = await client.entry(entry.id)

        assert (State.QUEUED, ()) == (left.state, endpoint.requests)


async def test_transport() -> None:
    """None can be made, whether opened or not, and with a client of the caller's that has credentials of its own."""
    with MockEndpoint() as endpoint:
        profile = unpaired(endpoint)
        async with httpx.AsyncClient(auth=(endpoint.username, endpoint.password)) as own:
            for client in (None, own):
                with pytest.raises(ConfigurationError, match=MISSING):
                    async with HttpTransport.open(profile, client=client) as transport:
                        await transport.send(status_call())
            with pytest.raises(ConfigurationError, match=MISSING):
                await HttpTransport(profile, own).send(status_call())
        with pytest.raises(ConfigurationError, match=MISSING):
            _ = profile.authorization

        assert () == endpoint.requests


@pytest.mark.parametrize(
    "verb",
    [
        lambda client, entry_id: client.retract(entry_id, reason="a mistake"),
        lambda client, entry_id: client.file_by_hand(entry_id, report_id=4711, reason="the portal"),
    ],
    ids=["retract", "file_by_hand"],
)
def test_withdrawn_while_something_is_open(tmp_path: Path, verb: Callable[[TiplineClient, str], Entry]) -> None:
    """The wish is on record, for a dispatcher with the pair to carry out: it is no error that this host has none."""
    with MockEndpoint() as endpoint:
        with TiplineClient.open(tmp_path, profile=endpoint.profile, options=QUICK) as paired:
            entry = paired.enqueue(sample_report())
            endpoint.faults.script("finish", *[faults.status(503)] * 9)
            with pytest.raises(TiplineError):
                paired.deliver(entry.id)
            endpoint.faults.clear()
        before = len(endpoint.requests)

        with TiplineClient.open(tmp_path, profile=unpaired(endpoint), options=QUICK) as client:
            left = verb(client, entry.id)
        asked = len(endpoint.requests) - before
        with TiplineClient.open(tmp_path, profile=endpoint.profile, options=QUICK) as paired:
            Dispatcher(paired).drain()
            ended = paired.entry(entry.id)

    assert 0 == asked
    assert State.QUEUED is left.state
    assert ended.state in {State.RETRACTED, State.FILED_BY_HAND}
    assert 0 == endpoint.summary()["finished"]
