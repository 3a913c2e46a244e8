"""Who goes first, and that nobody starves behind them."""

from datetime import timedelta
from typing import Any

from tests.support.stage import DAYS, Stage
from tipline_client.delivery.entry import Lease
from tipline_client.mock import faults


class Feeding:
    """An outbox into which somebody keeps enqueueing escalated reports: two for each that is filed."""

    def __init__(self, stage: Stage, *, most: int) -> None:
        self._stage = stage
        self._most = most
        self.filed: list[str] = []
        self.fed = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage.outbox, name)

    async def feed(self) -> None:
        if self.fed < self._most:
            self.fed += 1
            await self._stage.enqueue(f"escalated-{self.fed}", contents=(), is_escalated=True)

    async def acknowledge(self, lease: Lease, *arguments: Any, **named: Any) -> None:
        await self._stage.outbox.acknowledge(lease, *arguments, **named)
        self.filed.append(lease.entry.idempotency_key)
        for _ in range(2):
            await self.feed()


async def test_plain_report_behind_a_stream_of_escalated_ones(stage: Stage) -> None:
    """However many escalated reports come in, a plain one gets its turn; it does not wait until they run dry."""
    outbox = Feeding(stage, most=60)
    await outbox.feed()
    stage.clock.advance(timedelta(seconds=1))
    await stage.enqueue("plain", contents=())
    held_up: Any = outbox

    await stage.conductor(outbox=held_up, slots=1).drain(patience=DAYS)

    assert (61, 60) == (len(outbox.filed), outbox.fed)
    # With two that come for each one that goes, only a turn of its own lets it in before the stream ends.
    assert outbox.filed.index("case-plain") < 24
    assert "case-escalated-1" == outbox.filed[0]


async def test_reports_behind_one_that_fails_for_ever(stage: Stage) -> None:
    """An old report whose upload the endpoint always chokes on holds up none of the younger ones."""
    await stage.enqueue("old")
    for number in range(12):
        await stage.enqueue(f"young-{number}", contents=())
    stage.endpoint.faults.script("upload", *[faults.code(1000) for _ in range(400)])

    summary = await stage.conductor(slots=1).drain(patience=timedelta(minutes=1))

    assert (1, 12) == (summary.waiting, stage.endpoint.summary()["finished"])
