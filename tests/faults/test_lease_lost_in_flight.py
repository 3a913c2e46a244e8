"""A lease that is lost between two steps: what is on record is the next dispatcher's, what is not is taken back."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.stage import Stage
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Lease
from tipline_client.errors import LeaseLostError


class Losing:
    """An outbox in which the lease is over when so many intents are on record."""

    def __init__(self, stage: Stage, *, after: int) -> None:
        self._stage = stage
        self._left = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage.outbox, name)

    async def record(self, lease: Lease, checkpoint: Checkpoint, *, replies: Sequence[bytes] = ()) -> None:
        if self._left == 0:
            raise LeaseLostError(f"the lease of entry {lease.entry.id} is over")
        self._left -= 1
        await self._stage.outbox.record(lease, checkpoint, replies=replies)


@pytest.mark.parametrize(("recorded", "retracted"), [(1, 1), (2, 0), (3, 0)])
async def test_lease_lost_before_an_intent(stage: Stage, recorded: int, retracted: int) -> None:
    """A report that nobody else knows of is retracted; one that is on record is left to whoever has the lease now."""
    entry = await stage.enqueue()
    losing: Any = Losing(stage, after=recorded)

    with pytest.raises(LeaseLostError):
        await stage.conductor(outbox=losing).deliver(entry.id)

    steps = [call.step for call in stage.endpoint.requests]
    assert retracted == steps.count("retract")
    assert 0 == steps.count("finish")
