"""A bulk delivery that somebody asks to stop: what is left decides what is said of it, not when it was asked."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient, Entry, State
from tipline_client.cli.delivering import Delivered, deliver_each
from tipline_client.cli.output import Output
from tipline_client.mock import MockEndpoint


class Told(Output):
    """Knows when it was told that somebody asked."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__(as_json=as_json)
        self.has_noted = anyio.Event()

    def note(self, line: str) -> None:
        super().note(line)
        self.has_noted.set()


@pytest.mark.parametrize(("asked_after", "is_cut_off"), [(1, True), (2, False)])
async def test_asked_to_stop(tmp_path: Path, asked_after: int, is_cut_off: bool) -> None:
    """A signal that comes when all is done changes nothing; an earlier one leaves the rest queued."""
    results: list[Delivered] = []
    output = Told(as_json=False)
    has_result = anyio.Event()

    def on_done(delivered: Delivered) -> None:
        nonlocal has_result
        results.append(delivered)
        has_result.set()
        has_result = anyio.Event()

    with MockEndpoint() as endpoint:
        async with AsyncTiplineClient.open(tmp_path, profile=endpoint.profile) as client:
            queued = [await client.enqueue(sample_report(name)) for name in ("one", "two")]

            async def entries() -> AsyncIterator[Entry]:
                for count, entry in enumerate(queued, start=1):
                    yield entry
                    if len(results) < count:
                        await has_result.wait()
                    if count == asked_after:
                        os.kill(os.getpid(), signal.SIGINT)
                        await output.has_noted.wait()

            was_cut_off = await deliver_each(client, entries(), slots=1, output=output, on_done=on_done)
            states = [(await client.entry(entry.id)).state for entry in queued]

    assert is_cut_off == was_cut_off
    assert [State.ACKNOWLEDGED, State.QUEUED if is_cut_off else State.ACKNOWLEDGED] == states
