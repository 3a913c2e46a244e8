"""Hooks of a whole client: told of the real filings, and never in their way."""

from pathlib import Path

import pytest

from tests.support.stage import sample_report
from tipline_client import AsyncDispatcher, AsyncTiplineClient, Event, Hook, Options, State, events
from tipline_client.errors import ConfigurationError
from tipline_client.mock import MockEndpoint, status


async def test_hook_of_a_dispatcher(tmp_path: Path) -> None:
    """A hook is told of each filing after its commit, and of an incident."""
    told: list[Event] = []
    options = Options(hooks=[Hook("listener", told.append)])
    with MockEndpoint() as endpoint:
        endpoint.faults.script("submit", *[status(503)] * 3)
        async with AsyncTiplineClient.open(tmp_path, profile=endpoint.profile, options=options) as client:
            await AsyncDispatcher(client).drain()
            entry = await client.enqueue(sample_report())
            await AsyncDispatcher(client).drain()
            filed = await client.entry(entry.id)

    kinds = [type(event.what) for event in told]
    assert events.EntryQueued is kinds[0]
    assert {events.LanePaused, events.LaneResumed, events.EntryAcknowledged, events.ReceiptSigned} <= {*kinds}
    [acknowledged] = [event for event in told if isinstance(event.what, events.EntryAcknowledged)]
    assert isinstance(acknowledged.what, events.EntryAcknowledged)
    assert (entry.id, filed.report_id) == (acknowledged.entry_id, acknowledged.what.report_id)


async def test_hook_that_always_fails(tmp_path: Path) -> None:
    """Whatever a hook does, the report is filed once, and stays so."""

    def fail(_: Event) -> None:
        raise RuntimeError("the pager is on fire")

    with MockEndpoint() as endpoint:
        options = Options(hooks=[Hook("pager", fail)])
        async with AsyncTiplineClient.open(tmp_path, profile=endpoint.profile, options=options) as client:
            entry = await client.enqueue(sample_report())
            await AsyncDispatcher(client).drain()
            filed = await client.entry(entry.id)
            state = await client.outbox.hook_state("pager")

        assert (State.ACKNOWLEDGED, 1) == (filed.state, endpoint.summary()["finished"])
    assert "RuntimeError" == state.last_error
    assert state.failures > 0


def test_hooks_of_one_name() -> None:
    """Two hooks under one name would share what they have been told."""
    hook = Hook("pager", lambda _: None)

    with pytest.raises(ConfigurationError, match="name of its own"):
        Options(hooks=[hook, hook])
