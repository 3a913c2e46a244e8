"""An enqueue whose answer was lost: whatever the database did, the evidence is there, and doing it again tells."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.stage import DAYS, Stage, staged
from tipline_client.delivery.entry import Entry, NewEntry
from tipline_client.delivery.states import State
from tipline_client.envelope import KeyRing
from tipline_client.errors import OutboxInDoubtError, OutboxUnavailableError
from tipline_client.mock import MockEndpoint
from tipline_client.outbox import MemoryOutbox
from tipline_client.testing import TurnableClock


class _LosesFirstAnswer:
    """An outbox whose first enqueue is, or is not, carried out, and fails in either case."""

    def __init__(self, inner: MemoryOutbox, error: Exception, *, does_it: bool) -> None:
        self._inner = inner
        self._error: Exception | None = error
        self._does_it = does_it

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def enqueue(self, new: NewEntry, *, held: bool = False) -> tuple[Entry, bool]:
        error, self._error = self._error, None
        if error is None:
            return await self._inner.enqueue(new, held=held)
        if self._does_it:
            await self._inner.enqueue(new, held=held)
        raise error


@pytest.fixture
async def stage(
    tmp_path: Path, shared_endpoint: MockEndpoint, shared_clock: TurnableClock, shared_keys: KeyRing
) -> AsyncIterator[Stage]:
    async with staged(tmp_path, shared_endpoint, shared_clock, keys=shared_keys) as stage:
        yield stage


def _copies(stage: Stage) -> int:
    return sum(path.is_file() for path in (stage.folder / "evidence").rglob("*"))


@pytest.mark.parametrize("does_it", [True, False])
async def test_connection_lost_in_mid_enqueue(stage: Stage, does_it: bool) -> None:
    """The copies stay while it is unknown whether an entry names them; enqueued again, it is filed once, and whole."""
    inner = MemoryOutbox(stage.clock)
    stage.outbox = _LosesFirstAnswer(inner, OutboxInDoubtError("the connection was lost"), does_it=does_it)
    with pytest.raises(OutboxInDoubtError):
        await stage.enqueue()
    kept = _copies(stage)

    await stage.enqueue()
    await stage.conductor().drain(patience=DAYS)

    assert kept > 0
    assert [State.ACKNOWLEDGED] == [entry.state for entry in await inner.list_entries()]
    assert (1, 0) == (stage.endpoint.summary()["finished"], stage.endpoint.summary()["stray_files"])


async def test_enqueue_that_surely_failed(stage: Stage) -> None:
    """When nothing was written, nothing stays behind."""
    error = OutboxUnavailableError("the disk is full")
    stage.outbox = _LosesFirstAnswer(MemoryOutbox(stage.clock), error, does_it=False)

    with pytest.raises(OutboxUnavailableError):
        await stage.enqueue()

    assert 0 == _copies(stage)
