"""Hooks of a whole client: told of the real filings, and never in their way."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.support.stage import sample_report
from tipline_client import AsyncDispatcher, AsyncTiplineClient, Event, Hook, Options, State, events
from tipline_client.errors import ConfigurationError, OutboxUnavailableError
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


@pytest.mark.parametrize("hooks", [[], [Hook("listener", lambda _: None)]])
async def test_outbox_that_is_down_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hooks: Any) -> None:
    """A service waits for its outbox, with a hook and without; its hook begins when the outbox is there."""
    with MockEndpoint() as endpoint:
        options = Options(hooks=hooks, poll_every=timedelta(milliseconds=5))
        async with AsyncTiplineClient.open(tmp_path, profile=endpoint.profile, options=options) as client:
            await client.enqueue(sample_report())
            dispatcher, filed = AsyncDispatcher(client), anyio.Event()
            down, outbox = [5], client.outbox
            served, looked = outbox.serve, outbox.hook_state

            async def serve(lane: Any) -> int:
                if down[0] > 0:
                    down[0] -= 1
                    raise OutboxUnavailableError("the outbox is down")
                filed.set()
                return await served(lane)

            async def look(name: str) -> Any:
                if down[0] > 0:
                    raise OutboxUnavailableError("the outbox is down")
                return await looked(name)

            monkeypatch.setattr(outbox, "serve", serve)
            monkeypatch.setattr(outbox, "hook_state", look)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(dispatcher.run)
                with anyio.fail_after(30):
                    await filed.wait()
                dispatcher.stop()
            if hooks:
                assert (await outbox.hook_state("listener")).position is not None


def test_hooks_of_one_name() -> None:
    """Two hooks under one name would share what they have been told."""
    hook = Hook("pager", lambda _: None)

    with pytest.raises(ConfigurationError, match="name of its own"):
        Options(hooks=[hook, hook])
