"""Stops in mid-run, leases that end, and the endpoint's two clocks of an unfinished report."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.crashes import CrashPoint, Death, die_at
from tests.support.stage import DAYS, Stage
from tipline_client.delivery.checkpoint import Checkpoint, Intent
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.dispatch import Conductor
from tipline_client.errors import OutboxUnavailableError
from tipline_client.mock import faults
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.exchange import Call, NoReply, Reply
from tipline_client.transport import HttpTransport, Transport

HOUR = timedelta(hours=1)


async def _leave_open(stage: Stage, step: Step) -> str:
    """An entry whose dispatcher died with `step` written down and not sent. Returns the entry's id."""
    entry = await stage.enqueue()
    crash = die_at(step, CrashPoint.BEFORE_SENDING)
    with pytest.raises(BaseExceptionGroup) as died:
        await stage.conductor(open_transport=crash.open_transport).drain()
    assert died.group_contains(Death)
    return entry.id


async def _stop_after(stage: Stage, step: Step) -> None:
    """Run a dispatcher that is told to stop just as `step` goes out."""
    conductor: Conductor | None = None

    def on_step(_: str, intent: Intent) -> None:
        if intent.step is step and conductor is not None:
            conductor.stop()

    stage.road["on_step"] = on_step
    conductor = stage.conductor()
    summary = await conductor.run()
    stage.road.clear()
    assert 1 == sum(summary.outcomes.values())


@pytest.mark.parametrize("step", [Step.SUBMIT, Step.UPLOAD, Step.FILEINFO])
async def test_stop_in_mid_run(stage: Stage, step: Step) -> None:
    """A stop ends after the step in flight, gives the lease back uncounted, and nothing is retracted afterwards."""
    entry = await stage.enqueue()

    await _stop_after(stage, step)

    stopped = await stage.outbox.get(entry.id)
    [attempt] = await stage.outbox.attempts(entry.id)
    assert (State.QUEUED, 0, Outcome.STOPPED, False) == (
        stopped.state,
        stopped.attempts,
        attempt.outcome,
        attempt.burns,
    )
    await stage.conductor().drain(patience=timedelta(0))
    summary = stage.endpoint.summary()
    assert (1, 0, 0) == (summary["finished"], summary["retracted"], summary["orphans"])
    assert State.ACKNOWLEDGED == (await stage.outbox.get(entry.id)).state


async def test_stop_while_finish_is_on_its_way(stage: Stage) -> None:
    """A stop lets the finish in flight end and writes the acknowledgement down."""
    entry = await stage.enqueue()

    await _stop_after(stage, Step.FINISH)

    assert State.ACKNOWLEDGED == (await stage.outbox.get(entry.id)).state


async def test_stop_during_an_outage(stage: Stage) -> None:
    """A stop ends a run that does nothing but probe, and the entry keeps waiting uncounted."""
    entry = await stage.enqueue()
    stage.endpoint.faults.script("submit", *[faults.status() for _ in range(99)])
    stage.endpoint.faults.script("status", *[faults.status() for _ in range(999)])
    conductor = stage.conductor()
    sleep = stage.clock.sleep

    class Turning:
        now = staticmethod(stage.clock.now)

        async def sleep(self, duration: timedelta) -> None:
            if stage.endpoint.summary()["requests"] > 12:
                conductor.stop()
            await sleep(duration)

    conductor._road = replace(conductor._road, clock=Turning())
    summary = await conductor.run()

    waiting = await stage.outbox.get(entry.id)
    assert (State.QUEUED, 0) == (waiting.state, waiting.attempts)
    assert summary.incident is not None


async def test_opened_25_hours_ago_and_changed_half_an_hour_ago(stage: Stage) -> None:
    """A report past its first day lives while it changes: the take-over finishes it instead of opening another."""
    entry_id = await _leave_open(stage, Step.FINISH)
    entry = await stage.outbox.get(entry_id)
    [report] = stage.endpoint._application.hotline.reports()
    report.opened_at -= 25 * HOUR
    report.last_change_at = stage.clock.now() - HOUR / 2

    stage.clock.advance(timedelta(minutes=1))
    await stage.conductor().drain(patience=DAYS)

    record = await stage.outbox.acknowledgement(entry_id)
    assert record is not None
    assert entry.checkpoint.report_id == record.acknowledgement.report_id


@pytest.mark.parametrize(("hours", "reports"), [(2, 1), (23, 1), (24, 2), (25, 2)])
async def test_left_alone_between_two_files(stage: Stage, hours: int, reports: int) -> None:
    """Two hours of silence kill no report; a lapsed one is replaced, and nothing is ever attached to it."""
    entry = await stage.enqueue()
    await _stop_after(stage, Step.FILEINFO)
    attached = [len(report["files"]) for report in stage.endpoint.reports()]

    stage.clock.advance(hours * HOUR)
    await stage.conductor().drain(patience=DAYS)

    assert State.ACKNOWLEDGED == (await stage.outbox.get(entry.id)).state
    files = [len(report["files"]) for report in stage.endpoint.reports()]
    assert ([2] if reports == 1 else [*attached, 2]) == files
    assert 1 == stage.endpoint.summary()["finished"]


async def test_lapsed_while_nobody_looked_and_all_attached(stage: Stage) -> None:
    """A finish that meets a lapsed report proves that it was not filed: another one is opened and filed."""
    entry_id = await _leave_open(stage, Step.FINISH)

    stage.clock.advance(30 * HOUR)
    await stage.conductor().drain(patience=DAYS)

    summary = stage.endpoint.summary()
    assert (1, 1) == (summary["finished"], summary["lapsed"])
    assert State.ACKNOWLEDGED == (await stage.outbox.get(entry_id)).state


class _Overtaken:
    """A transport whose slowness costs the dispatcher its lease: after `step`, another dispatcher does all the work."""

    def __init__(self, inner: Transport, stage: Stage, step: Step) -> None:
        self._inner = inner
        self._stage = stage
        self._step = step
        self._is_done = False

    async def send(self, call: Call) -> Reply | NoReply:
        reply = await self._inner.send(call)
        if call.step is self._step and not self._is_done:
            self._is_done = True
            self._stage.clock.advance(HOUR / 2)
            await self._stage.conductor().drain(patience=DAYS)
        return reply


@pytest.mark.parametrize("step", [Step.SUBMIT, Step.UPLOAD, Step.FILEINFO, Step.FINISH])
async def test_lease_lost_before_record(stage: Stage, step: Step) -> None:
    """A dispatcher that was overtaken in the middle of a step writes nothing, and takes back what it alone opened."""
    entry = await stage.enqueue()

    @asynccontextmanager
    async def open_transport(profile: EndpointProfile) -> AsyncIterator[Transport]:
        async with HttpTransport.open(profile) as inner:
            yield _Overtaken(inner, stage, step)

    await stage.conductor(open_transport=open_transport).drain(patience=timedelta(0))

    summary = stage.endpoint.summary()
    assert (1, 0, 0, 0) == (
        summary["finished"],
        summary["duplicates"],
        summary["stray_files"],
        summary["open"],
    )
    assert State.ACKNOWLEDGED == (await stage.outbox.get(entry.id)).state


async def test_disk_full_after_submit(stage: Stage) -> None:
    """A report that was opened and cannot be written down is taken back, since nobody else knows of it."""
    entry = await stage.enqueue()
    is_full = True

    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(stage.outbox, name)

        async def record(self, lease: Lease, checkpoint: Checkpoint, *, replies: Sequence[bytes] = ()) -> None:
            nonlocal is_full
            if is_full and checkpoint.report_id is not None:
                is_full = False
                raise OutboxUnavailableError("the disk is full")
            await stage.outbox.record(lease, checkpoint, replies=replies)

    outbox: Any = Full()
    await stage.conductor(outbox=outbox).drain(patience=DAYS)

    summary = stage.endpoint.summary()
    assert (1, 1, 0) == (summary["finished"], summary["retracted"], summary["open"])
    assert State.ACKNOWLEDGED == (await stage.outbox.get(entry.id)).state


async def test_withdrawn_while_under_way(stage: Stage) -> None:
    """A withdrawal asked for during the upload retracts the open report as soon as the lease is given back."""
    entry = await stage.enqueue()
    await _stop_after(stage, Step.UPLOAD)
    await stage.outbox.withdraw(entry.id, reason="a sample decision")

    await stage.conductor().drain(patience=timedelta(0))

    summary = stage.endpoint.summary()
    assert (State.RETRACTED, 0, 1) == (
        (await stage.outbox.get(entry.id)).state,
        summary["finished"],
        summary["retracted"],
    )


async def test_withdrawn_after_finish_was_processed(stage: Stage) -> None:
    """A withdrawal that comes too late finds the report finished: it is acknowledged, not called withdrawn."""
    entry_id = await _leave_open(stage, Step.FINISH)
    stage.endpoint._application.hotline.finish(int(stage.endpoint.reports()[0]["report_id"]))
    stage.clock.advance(HOUR / 2)
    await stage.outbox.withdraw(entry_id, reason="a sample decision")

    await stage.conductor().drain(patience=timedelta(0))

    assert State.ACKNOWLEDGED == (await stage.outbox.get(entry_id)).state
