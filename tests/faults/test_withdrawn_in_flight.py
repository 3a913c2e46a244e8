"""A person withdraws an entry while a dispatcher is in the middle of it: from that commit on no finish is begun."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.interfering import Interference, Moment
from tests.support.stage import Stage
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step

MOMENTS: tuple[Moment, ...] = ("before the request", "after the reply")


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("step", [Step.SUBMIT, Step.UPLOAD, Step.FILEINFO])
async def test_withdrawn_during_a_step_before_finish(stage: Stage, step: Step, moment: Moment) -> None:
    """No finish is sent any more, what was opened is taken back, and the entry is proven not filed."""
    entry = await stage.enqueue()
    withdrawal = Interference(step, moment, lambda: stage.outbox.withdraw(entry.id, reason="a sample decision"))

    await stage.conductor(open_transport=withdrawal.open_transport).drain(patience=timedelta(0))

    summary = stage.endpoint.summary()
    assert (0, 0, 1) == (summary["finished"], summary["open"], summary["retracted"])
    assert State.RETRACTED is (await stage.outbox.get(entry.id)).state


@pytest.mark.parametrize("moment", MOMENTS)
async def test_withdrawn_during_finish(stage: Stage, moment: Moment) -> None:
    """A finish that was under way files the report; the entry says so, and nobody calls it withdrawn."""
    entry = await stage.enqueue()
    withdrawal = Interference(Step.FINISH, moment, lambda: stage.outbox.withdraw(entry.id, reason="a sample decision"))

    await stage.conductor(open_transport=withdrawal.open_transport).drain(patience=timedelta(0))

    filed = await stage.outbox.get(entry.id)
    [finished] = [report for report in stage.endpoint.reports() if report["state"] == "finished"]
    assert (State.ACKNOWLEDGED, finished["report_id"]) == (filed.state, str(filed.report_id))
    assert [] == await stage.outbox.alarms()


async def test_withdrawn_between_two_steps(stage: Stage) -> None:
    """The intent of a finish is not written once the withdrawal is durable: the report is retracted instead."""
    entry = await stage.enqueue()
    written: list[Checkpoint] = []

    class Deciding:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.outbox, name)

        async def record(self, lease: Lease, checkpoint: Checkpoint, **named: Any) -> None:
            if checkpoint.intent is not None and checkpoint.intent.step is Step.FINISH:
                await stage.outbox.withdraw(entry.id, reason="a sample decision")
            await stage.outbox.record(lease, checkpoint, **named)
            written.append(checkpoint)

    deciding: Any = Deciding()
    await stage.conductor(outbox=deciding).drain(patience=timedelta(0))

    summary = stage.endpoint.summary()
    assert (0, 1) == (summary["finished"], summary["retracted"])
    assert State.RETRACTED is (await stage.outbox.get(entry.id)).state
    assert not any(checkpoint.finish_sent for checkpoint in written)
