"""A delivered report is held as the laws in force ask for, and nothing about that is in the way of the filing."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from tests.support.stage import Stage
from tipline_client.delivery.hold import HoldTerms
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.regimes import Regime, regimes_of
from tipline_client.delivery.states import State
from tipline_client.dispatch import holding
from tipline_client.dispatch.delivering import note_filed_by_hand
from tipline_client.errors import HoldRunningError


async def test_held_by_the_acknowledgement(stage: Stage) -> None:
    """Each law in force has its hold once the report is filed, from the moments on record."""
    stage.road["regimes"] = regimes_of(["us", "uk", "eu"])
    entry = await stage.enqueue()

    await stage.conductor().deliver(entry.id)

    filed = await stage.outbox.get(entry.id)
    holds = await stage.outbox.archive.holds(entry_id=entry.id)
    assert ["us", "uk", "uk", "eu"] == [hold.regime for hold in holds]
    assert [filed.acknowledged_at] * 3 + [entry.enqueued_at] == [hold.began_at for hold in holds]


async def test_holds_that_cannot_be_reckoned(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure to reckon the holds stops no acknowledgement; what was never held is not destroyed without request."""

    def broken(regimes: Sequence[Regime], *, filed_at: datetime, identified_at: datetime) -> tuple[HoldTerms, ...]:
        raise OverflowError("the calendar ends")

    monkeypatch.setattr(holding, "terms_of", broken)
    entry = await stage.enqueue()

    outcome = await stage.conductor().deliver(entry.id)

    assert Outcome.ACKNOWLEDGED is outcome
    assert [] == await stage.outbox.archive.holds(entry_id=entry.id)
    with pytest.raises(HoldRunningError, match="no hold"):
        await stage.outbox.archive.begin_destruction(entry.id, b"plan", reason="over", actor="Zoë")


async def test_filed_by_hand_and_held(stage: Stage) -> None:
    """What a person filed is held like any other filing, from the moment at which it was said."""
    entry = await stage.enqueue()

    noted = await note_filed_by_hand(
        stage.outbox,
        stage.keys.checkpoint_seal(),
        entry.id,
        report_id=77,
        reason="outage",
        now=stage.clock.now(),
        regimes=regimes_of(["us"]),
    )

    [hold] = await stage.outbox.archive.holds(entry_id=entry.id)
    assert (State.FILED_BY_HAND, stage.clock.now()) == (noted.state, hold.began_at)
