"""A person files a report on the portal and says so while a dispatcher is in the middle of it: ours is not filed."""

from datetime import timedelta

import pytest

from tests.support.crashes import CrashPoint, Death, die_at
from tests.support.interfering import Interference, Moment
from tests.support.stage import Stage
from tipline_client.delivery.acknowledgement import AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.outcomes import Attempt, Outcome
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.delivering import deliver, file_by_hand, note_filed_by_hand
from tipline_client.errors import DeliveryRejectedError, EnvelopeError, IllegalTransitionError
from tipline_client.mock import faults
from tipline_client.outbox import Lane

BY_HAND = 77
MOMENTS: tuple[Moment, ...] = ("before the request", "after the reply")
EVIDENCE_STEPS = [Step.SUBMIT, Step.UPLOAD, Step.FILEINFO]


async def _note(stage: Stage, entry: Entry, report_id: int = BY_HAND) -> Entry:
    seal = stage.keys.checkpoint_seal()
    return await note_filed_by_hand(
        stage.outbox,
        seal,
        entry.id,
        report_id=report_id,
        reason="a sample decision",
        now=stage.clock.now(),
        regimes=(),
    )


async def _file(stage: Stage, entry: Entry, report_id: int = BY_HAND) -> Entry:
    return await file_by_hand(
        stage.conductor(),
        stage.outbox,
        stage.keys.checkpoint_seal(),
        entry.id,
        report_id=report_id,
        reason="a sample decision",
        now=stage.clock.now(),
        regimes=(),
    )


async def _die_at(stage: Stage, step: Step, point: CrashPoint) -> Entry:
    entry = await stage.enqueue()
    crash = die_at(step, point)
    with pytest.raises(BaseExceptionGroup) as died:
        await stage.conductor(open_transport=crash.open_transport).drain()
    assert died.group_contains(Death)
    return entry


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("step", EVIDENCE_STEPS)
async def test_noted_during_a_step_before_finish(stage: Stage, step: Step, moment: Moment) -> None:
    """The dispatcher in flight begins no finish; what it opened is taken back, and the number stays on record."""
    entry = await stage.enqueue()
    deed = Interference(step, moment, lambda: _note(stage, entry))

    await stage.conductor(open_transport=deed.open_transport).drain(patience=timedelta(0))

    summary, found = stage.endpoint.summary(), await stage.outbox.get(entry.id)
    assert (0, 0, 1) == (summary["finished"], summary["open"], summary["retracted"])
    assert (State.FILED_BY_HAND, BY_HAND) == (found.state, found.filed_by_hand_as)
    assert [] == await stage.outbox.alarms()


@pytest.mark.parametrize("moment", MOMENTS)
async def test_noted_during_finish(stage: Stage, moment: Moment) -> None:
    """A finish that was under way files ours as well: the entry says so, and an alarm names both numbers."""
    entry = await stage.enqueue()
    deed = Interference(Step.FINISH, moment, lambda: _note(stage, entry))

    await stage.conductor(open_transport=deed.open_transport).drain(patience=timedelta(0))

    found, [alarm] = await stage.outbox.get(entry.id), await stage.outbox.alarms()
    assert (State.ACKNOWLEDGED, 1) == (found.state, stage.endpoint.summary()["finished"])
    assert AlarmKind.FILED_TWICE is alarm.kind
    assert {str(BY_HAND), str(found.report_id)} <= set(alarm.text.replace(",", " ").split())


@pytest.mark.parametrize("step", EVIDENCE_STEPS)
@pytest.mark.parametrize("point", [CrashPoint.BEFORE_SENDING, CrashPoint.BEFORE_RECORD])
async def test_filed_while_a_dead_dispatcher_has_the_lease(stage: Stage, step: Step, point: CrashPoint) -> None:
    """Nobody waits for the lease of a process that died: ours is taken back at once, by whoever records the filing."""
    entry = await _die_at(stage, step, point)

    found = await _file(stage, entry)

    summary = stage.endpoint.summary()
    assert (State.FILED_BY_HAND, BY_HAND, 0) == (found.state, found.filed_by_hand_as, summary["finished"])
    # What a submit opened whose answer died with the dispatcher lapses unfiled, and is on record as suspected.
    assert summary["open"] <= len(found.checkpoint.orphans)


async def test_filed_after_a_finish_that_nobody_answered(stage: Stage) -> None:
    """Whoever records a filing by hand although ours was finished is told so at once, with both numbers."""
    entry = await _die_at(stage, Step.FINISH, CrashPoint.BEFORE_RECORD)

    with pytest.raises(IllegalTransitionError, match="filed twice: by hand as report 77") as caught:
        await _file(stage, entry)

    found = await stage.outbox.get(entry.id)
    assert f"by this program as {found.report_id}" in str(caught.value)
    assert (State.ACKNOWLEDGED, 1) == (found.state, stage.endpoint.summary()["finished"])
    assert [AlarmKind.FILED_TWICE] == [alarm.kind for alarm in await stage.outbox.alarms()]


async def test_number_of_the_report_that_nobody_answered(stage: Stage) -> None:
    """The number that a person finds on the portal may be ours: then the entry is simply acknowledged."""
    entry = await _die_at(stage, Step.FINISH, CrashPoint.BEFORE_RECORD)
    ours = int(stage.endpoint.reports()[0]["report_id"])

    found = await _file(stage, entry, ours)

    assert (State.ACKNOWLEDGED, ours) == (found.state, found.report_id)
    assert [] == await stage.outbox.alarms()


async def test_retraction_that_is_not_answered(stage: Stage) -> None:
    """While the endpoint is silent nothing is claimed; once it answers, a dispatcher takes ours back."""
    entry = await _die_at(stage, Step.UPLOAD, CrashPoint.BEFORE_SENDING)
    stage.endpoint.faults.script("retract", *[faults.status(503)] * 4)

    waiting = await _file(stage, entry)
    await stage.conductor().drain()

    found = await stage.outbox.get(entry.id)
    assert (State.QUEUED, BY_HAND) == (waiting.state, waiting.filed_by_hand_as)
    assert (State.FILED_BY_HAND, 0) == (found.state, stage.endpoint.summary()["finished"])


async def _give_up(stage: Stage, entry: Entry, checkpoint: Checkpoint) -> None:
    lane = Lane(entry.profile, entry.environment)
    [lease] = await stage.outbox.claim(lane, limit=1, lease_for=timedelta(minutes=1), entry_id=entry.id)
    attempt = Attempt(lease.started_at, lease.started_at, Outcome.REJECTED)
    await stage.outbox.dead_letter(lease, checkpoint, attempt)


async def test_dead_letter_that_is_not_believed(stage: Stage) -> None:
    """The number is on record and the rest is said to be unknown; put back by a person, it is taken back, not filed."""
    entry = await stage.enqueue()
    await _give_up(stage, entry, Checkpoint())

    with pytest.raises(EnvelopeError, match="on record as filed by hand as report 77; but"):
        await _file(stage, entry)

    kept = await stage.outbox.get(entry.id)
    assert (State.DEAD_LETTER, BY_HAND) == (kept.state, kept.filed_by_hand_as)
    sealed = stage.keys.checkpoint_seal().apply(entry.id, kept.checkpoint)
    await stage.outbox.requeue(entry.id, reason="looked at the portal", checkpoint=sealed)
    await stage.conductor().drain()
    assert (State.FILED_BY_HAND, 0) == (
        (await stage.outbox.get(entry.id)).state,
        stage.endpoint.summary()["finished"] + stage.endpoint.summary()["open"],
    )


async def test_delivered_although_filed_by_hand(stage: Stage) -> None:
    """Whoever delivers it is told the number, and nothing is sent."""
    entry = await stage.enqueue()
    await _note(stage, entry)

    with pytest.raises(DeliveryRejectedError, match="filed by hand as report 77"):
        await deliver(stage.conductor(), stage.outbox, stage.keys, stage.vault, entry.id)

    assert 0 == stage.endpoint.summary()["requests"]


async def test_evidence_of_what_is_filed_by_hand(stage: Stage) -> None:
    """The copies of the evidence stay: what was reported is to be preserved, whoever filed it."""
    entry = await stage.enqueue()
    await _die_at_upload_and_file(stage, entry)

    copies = [holding.copies async for holding in stage.store.holdings() if holding.entry_id == entry.id]

    assert [2] == copies


async def _die_at_upload_and_file(stage: Stage, entry: Entry) -> None:
    crash = die_at(Step.UPLOAD, CrashPoint.BEFORE_SENDING)
    with pytest.raises(BaseExceptionGroup):
        await stage.conductor(open_transport=crash.open_transport).drain()
    assert State.FILED_BY_HAND is (await _file(stage, entry)).state
