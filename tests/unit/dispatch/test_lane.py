"""One incident for all dispatchers of a lane, who takes which turn in it, and what ends it."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from tests.contract.values import new_entry
from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import LanePaused, LaneResumed
from tipline_client.delivery.lane_state import Trial
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.lane import LaneGate, OwnBook, SharedBook
from tipline_client.outbox import Lane, MemoryOutbox
from tipline_client.testing import TurnableClock

LANE = Lane("sample", Environment.MOCK)
POLICY = RetryPolicy(jitter=0)
DICE = Random(1)  # noqa: S311 - jitter
WELL = Answer(AnswerKind.SUCCESS, "sample")


def _gate(outbox: MemoryOutbox, clock: TurnableClock) -> LaneGate:
    return LaneGate(SharedBook(outbox, LANE), clock=clock)


@pytest.fixture
def lane(outbox: MemoryOutbox, clock: TurnableClock) -> LaneGate:
    return _gate(outbox, clock)


@pytest.fixture
def other(outbox: MemoryOutbox, clock: TurnableClock) -> LaneGate:
    """Another dispatcher of the same lane."""
    return _gate(outbox, clock)


async def _note(lane: LaneGate, kind: AnswerKind = AnswerKind.DENIED, *, step: Step = Step.SUBMIT) -> None:
    await lane.note_answer(step, Answer(kind, "sample"), entry_id="one")


async def _take_probe(lane: LaneGate, *, at_once: bool = False) -> bool:
    return await lane.take_probe(policy=POLICY, random=DICE, at_once=at_once)


async def _put_on_trial(lane: LaneGate) -> None:
    await _take_probe(lane)
    await lane.note_probe(WELL)


async def _try(lane: LaneGate) -> None:
    await lane.take_trial()
    lane.try_with("one")


def _state(lane: LaneGate) -> tuple[bool, bool]:
    return lane.is_paused, lane.is_on_trial


async def test_pause_for_all(lane: LaneGate, other: LaneGate, caplog: pytest.LogCaptureFixture) -> None:
    """What one dispatcher meets pauses the others, and is told once."""
    await _note(lane)
    await _note(other)
    await other.look()

    assert [(True, False)] * 2 == [_state(lane), _state(other)]
    assert ["lane paused: sample; 0 wait"] == [record.getMessage() for record in caplog.records]


async def test_pause_seen_too_late(lane: LaneGate, other: LaneGate) -> None:
    """An answer that comes after somebody else paused the lane changes nothing about the incident."""
    await _note(lane)
    before = lane.incident
    await _note(other, AnswerKind.SUCCESS)
    await lane.look()

    assert before == lane.incident


async def test_probes_further_and_further_apart(lane: LaneGate, clock: TurnableClock) -> None:
    """Each probe that fails makes the next one wait longer, up to the policy's longest wait."""
    await _note(lane)
    waits = []

    for _ in range(14):
        assert await _take_probe(lane)
        waits.append(lane.next_probe_in)
        await lane.note_probe(Answer(AnswerKind.UNSENT, "sample"))
        clock.advance(lane.next_probe_in)

    assert sorted(waits) == waits
    assert (POLICY.first, POLICY.longest) == (waits[0], waits[-1])
    assert lane.incident is not None
    assert (15, "unsent") == (lane.incident.failures, lane.incident.failure.kind)


async def test_turns_with_the_probes(lane: LaneGate, other: LaneGate, clock: TurnableClock) -> None:
    """One dispatcher probes when a probe is due; the others do when that one should have been followed by another."""
    await _note(lane)

    turns = [await _take_probe(lane), await _take_probe(other)]
    clock.advance(POLICY.longest)
    turns += [await _take_probe(other), await _take_probe(lane)]

    assert [True, False, True, False] == turns


async def test_probe_at_once(lane: LaneGate, other: LaneGate) -> None:
    """Who has just been started need not wait for the next probe, and puts nobody else's off."""
    await _note(lane)
    await _take_probe(lane)
    due_in = lane.next_probe_in

    assert not await _take_probe(other)
    assert await _take_probe(other, at_once=True)
    assert due_in == other.next_probe_in


async def test_probe_at_once_into_an_open_lane(lane: LaneGate) -> None:
    """There is nothing to probe where nothing is wrong."""
    assert not await _take_probe(lane, at_once=True)


async def test_turn_with_the_trial(lane: LaneGate, other: LaneGate, clock: TurnableClock) -> None:
    """One dispatcher at a time tries an entry; when it is not heard of any more, another one does."""
    await _note(lane)
    await _put_on_trial(lane)

    turns = [await lane.take_trial(), await other.take_trial()]
    clock.advance(timedelta(seconds=45))
    await lane.look()
    turns += [await lane.take_trial(), await other.take_trial()]
    clock.advance(timedelta(seconds=59))
    turns += [await other.take_trial()]
    clock.advance(timedelta(seconds=2))
    turns += [await other.take_trial()]
    await lane.look()
    turns += [await lane.take_trial()]

    assert [True, False, True, False, False, True, False] == turns


async def test_turn_of_a_dispatcher_with_short_leases(
    other: LaneGate, outbox: MemoryOutbox, clock: TurnableClock
) -> None:
    """Nobody waits longer for it than it said; a turn that lasts longer than one's own is respected all the same."""
    hasty = LaneGate(SharedBook(outbox, LANE), clock=clock, turn=timedelta(seconds=2))
    await _note(other)
    await _put_on_trial(other)

    turns = [await hasty.take_trial()]
    clock.advance(timedelta(seconds=1))
    turns += [await other.take_trial()]
    clock.advance(timedelta(seconds=1))
    turns += [await other.take_trial()]
    clock.advance(timedelta(seconds=50))
    await hasty.look()
    turns += [await hasty.take_trial()]

    assert [True, False, True, False] == turns


async def test_trial_given_back(lane: LaneGate, other: LaneGate) -> None:
    """A dispatcher that ends leaves its turn to the others, and only its own."""
    await _note(lane)
    await _put_on_trial(lane)
    await _try(lane)

    await other.give_back_trial()
    turns = [await other.take_trial()]
    await lane.give_back_trial()
    turns += [await other.take_trial()]

    assert [False, True] == turns


async def test_turns_of_a_wrong_clock(
    lane: LaneGate, other: LaneGate, outbox: MemoryOutbox, clock: TurnableClock
) -> None:
    """Neither a probe nor a trial that is years off keeps anybody waiting."""
    far = clock.now() + timedelta(days=9999)
    await _note(lane)
    await outbox.change_lane(LANE, replace(await outbox.lane_state(LANE), probe_at=far))
    probed = await _take_probe(other)
    await other.note_probe(WELL)
    await outbox.change_lane(LANE, replace(await outbox.lane_state(LANE), trial=Trial("somebody", far)))

    assert (True, True) == (probed, await other.take_trial())


async def test_trial_that_succeeds(lane: LaneGate, other: LaneGate, caplog: pytest.LogCaptureFixture) -> None:
    """The endpoint's answer to the entry on trial ends the incident for all, and is told once."""
    await _note(lane)
    await _put_on_trial(lane)
    await _try(lane)
    on_trial = _state(lane)

    await _note(lane, AnswerKind.SUCCESS)
    await other.look()

    assert (False, True) == on_trial
    assert [(False, False)] * 2 == [_state(lane), _state(other)]
    assert 1 == len([record for record in caplog.records if "lane resumed" in record.message])


async def test_history_of_an_incident(
    lane: LaneGate, other: LaneGate, outbox: MemoryOutbox, clock: TurnableClock
) -> None:
    """The lane's history has one line for the beginning and one for the end, with reason, failures and what waits."""
    entry, _ = await outbox.enqueue(new_entry("one", lane=LANE))
    start = clock.now()
    await _note(lane)
    await _note(other)
    clock.advance(timedelta(hours=3))
    await _put_on_trial(lane)
    await _try(lane)
    await _note(lane, AnswerKind.OUTAGE)
    clock.advance(POLICY.longest)
    await _put_on_trial(lane)
    await _try(lane)
    await _note(lane, AnswerKind.SUCCESS)

    paused, resumed = [line.event for line in await outbox.lane_history(LANE)]

    assert isinstance(paused.what, LanePaused)
    assert isinstance(resumed.what, LaneResumed)
    assert (start, start + timedelta(hours=3) + POLICY.longest) == (paused.at, resumed.at)
    assert ("denied", 1, 1) == (paused.what.incident.failure.kind, paused.what.incident.failures, paused.what.waiting)
    assert ("outage", 2, start) == (
        resumed.what.incident.failure.kind,
        resumed.what.incident.failures,
        resumed.what.incident.since,
    )
    assert entry.enqueued_at == resumed.what.oldest_waiting


async def test_trial_that_fails(lane: LaneGate, clock: TurnableClock, caplog: pytest.LogCaptureFixture) -> None:
    """A trial that fails pauses again at once, in silence: it is the same incident, with its beginning."""
    await _note(lane)
    clock.advance(timedelta(hours=3))
    await _put_on_trial(lane)
    await _try(lane)

    await _note(lane, AnswerKind.OUTAGE)

    assert (True, False) == _state(lane)
    assert lane.incident is not None
    assert (timedelta(hours=3), 2) == (lane.seen_at - lane.incident.since, lane.incident.failures)
    assert 1 == len(caplog.records)


async def test_answer_that_proves_nothing_during_a_trial(lane: LaneGate) -> None:
    """A reply that proves nothing neither ends the incident nor the trial."""
    await _note(lane)
    await _put_on_trial(lane)
    await _try(lane)

    await _note(lane, AnswerKind.UNUSABLE)

    assert (False, True) == _state(lane)


async def test_late_answer_to_a_call_from_before(lane: LaneGate, other: LaneGate) -> None:
    """Only the answer to the entry on trial ends the incident: not one to a call from before, nor another's."""
    await _note(lane)
    await _note(lane, AnswerKind.SUCCESS)
    while_paused = lane.is_paused
    await _put_on_trial(lane)
    await _try(lane)
    await other.look()

    await _note(other, AnswerKind.SUCCESS)
    await _note(other, AnswerKind.OUTAGE)
    await lane.look()

    assert while_paused
    assert (False, True) == _state(lane)


@pytest.mark.parametrize("kind", [AnswerKind.SUCCESS, AnswerKind.OUTAGE])
async def test_answer_after_the_turn_was_taken_by_another(
    lane: LaneGate, other: LaneGate, clock: TurnableClock, kind: AnswerKind
) -> None:
    """The answer to a trial that took too long is not the one that counts: whoever has the turn decides."""
    await _note(lane)
    await _put_on_trial(lane)
    await lane.take_trial()
    clock.advance(timedelta(minutes=1))
    assert await other.take_trial()

    await _note(lane, kind)
    await other.look()

    assert (False, True) == _state(other)
    assert other.incident is not None
    assert 1 == other.incident.failures


async def test_late_answer_to_a_probe(lane: LaneGate, other: LaneGate, outbox: MemoryOutbox) -> None:
    """A probe whose answer comes when the lane is on trial already changes neither the trial nor the reason."""
    await _note(lane)
    await _take_probe(lane, at_once=True)
    await _take_probe(other, at_once=True)
    await lane.note_probe(WELL)
    await lane.take_trial()
    before = await outbox.lane_state(LANE)

    await other.note_probe(WELL)
    await other.note_probe(Answer(AnswerKind.OUTAGE, "sample"))

    assert before == await outbox.lane_state(LANE)


async def test_late_answer_to_another_entry_of_the_dispatcher_that_tries(lane: LaneGate) -> None:
    """What comes back for a long upload from before is no answer to the entry on trial, and what ended is none."""
    await _note(lane)
    await _put_on_trial(lane)
    await lane.take_trial()
    before_any = lane.is_tried
    lane.try_with("two")

    await _note(lane, AnswerKind.SUCCESS)
    await _note(lane, AnswerKind.OUTAGE)
    unmoved = _state(lane)
    lane.end_try("one")
    lane.end_try("two")
    await lane.note_answer(Step.SUBMIT, WELL, entry_id="two")

    assert (False, (False, True), False) == (before_any, unmoved, lane.is_tried)
    assert (False, True) == _state(lane)


async def test_failures_before_an_incident_forgotten_by_all(lane: LaneGate, other: LaneGate) -> None:
    """After an incident every dispatcher begins to count anew."""
    for _ in range(2):
        await _note(other, AnswerKind.OUTAGE)
    await _note(lane)
    await other.look()
    await _put_on_trial(lane)
    await _try(lane)
    await _note(lane, AnswerKind.SUCCESS)
    await other.look()

    await _note(other, AnswerKind.OUTAGE)

    assert not other.is_paused


async def test_probe_without_an_incident(lane: LaneGate) -> None:
    """While all is well there is no turn to take."""
    await lane.note_probe(Answer(AnswerKind.OUTAGE, "sample"))

    assert (False, False) == (await _take_probe(lane, at_once=True), await lane.take_trial())
    assert (False, False) == _state(lane)


async def test_lane_of_a_single_try(lane: LaneGate, clock: TurnableClock, caplog: pytest.LogCaptureFixture) -> None:
    """A single try's incident is its own affair, which no line of a log calls the lane's."""
    alone = LaneGate(OwnBook(clock), clock=clock)

    await _note(alone)
    await lane.look()

    assert [True, False] == [alone.is_paused, lane.is_paused]
    assert [] == caplog.records


async def test_endpoint_well_and_nothing_to_try(
    lane: LaneGate, other: LaneGate, outbox: MemoryOutbox, clock: TurnableClock
) -> None:
    """The good probe ends the incident, at its own time; one that has an entry to try, or was lost to another, not."""
    entry, _ = await outbox.enqueue(new_entry("one", lane=LANE))
    await _note(lane)
    clock.advance(timedelta(hours=3))
    await _put_on_trial(lane)
    await lane.take_trial()

    await lane.end_for_want_of_entries()
    with_an_entry = _state(lane)
    await outbox.withdraw(entry.id, reason="sample")
    await other.look()
    await other.end_for_want_of_entries()
    not_its_turn = _state(other)
    await lane.end_for_want_of_entries()

    ended = (await outbox.lane_history(LANE))[-1].event
    assert [(False, True), (False, True), (False, False)] == [with_an_entry, not_its_turn, _state(lane)]
    assert isinstance(ended.what, LaneResumed)
    assert (clock.now(), 0) == (ended.at, ended.what.waiting)
