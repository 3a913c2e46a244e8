"""A person filed the report outside of this program: what the entry becomes, and what may still be done for it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.values import (
    FAILURE,
    FULL_CHECKPOINT,
    LANE,
    MINUTE,
    START,
    acknowledge,
    attempt,
    lease_of,
    new_entry,
)
from tipline_client.delivery.acknowledgement import AlarmKind
from tipline_client.delivery.checkpoint import Aim, Checkpoint, Intent, Retraction
from tipline_client.delivery.events import (
    EntryAttempted,
    EntryFiledByHand,
    EntryReleased,
    EntryRequeued,
    HandFilingNoted,
    Happening,
    digest_of,
)
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.errors import EntryNotFoundError, IllegalTransitionError, LeaseLostError, OutboxError
from tipline_client.outbox import Outbox
from tipline_client.testing import TurnableClock

REASON = "the endpoint was down"
NOTE = digest_of(REASON)
UNTOUCHED = Checkpoint(reports_opened=2, setbacks=3)
TOUCHED = [
    Checkpoint(report_id=5, opened_at=START),
    Checkpoint(intent=Intent(Step.SUBMIT, START)),
    Checkpoint(report_id=5, opened_at=START, intent=Intent(Step.FINISH, START), finish_sent=True),
    Checkpoint(retraction=Retraction(Aim.START_OVER, FAILURE)),
]

Arrange = Callable[[Outbox, Checkpoint], Awaitable[None]]


async def _held(outbox: Outbox, checkpoint: Checkpoint) -> None:
    await outbox.enqueue(replace(new_entry(), checkpoint=checkpoint), held=True)


async def _queued(outbox: Outbox, checkpoint: Checkpoint) -> None:
    lease = await lease_of(outbox)
    await outbox.release(lease, checkpoint, attempt(Outcome.TRANSIENT), available_in=timedelta(hours=1))


async def _leased(outbox: Outbox, checkpoint: Checkpoint) -> None:
    await outbox.record(await lease_of(outbox), checkpoint)


async def _given_up(outbox: Outbox, checkpoint: Checkpoint) -> None:
    await outbox.dead_letter(await lease_of(outbox), checkpoint, attempt(Outcome.REJECTED, failure=FAILURE))


async def _retracted(outbox: Outbox, checkpoint: Checkpoint) -> None:
    await outbox.mark_retracted(await lease_of(outbox), checkpoint, attempt(Outcome.RETRACTED))


async def _told(outbox: Outbox, *, after: int) -> list[Happening]:
    return [line.event.what for line in (await outbox.history("id-one"))[after:]]


async def _file(outbox: Outbox, report_id: int = 77, *, is_believed: bool = True) -> State:
    entry = await outbox.file_by_hand("id-one", report_id=report_id, reason=REASON, is_believed=is_believed)
    assert entry == await outbox.get("id-one")
    return entry.state


@pytest.mark.parametrize("arrange", [_held, _queued, _leased, _given_up, _retracted])
async def test_nothing_at_the_endpoint(outbox: Outbox, arrange: Arrange) -> None:
    """Wherever it stands, an entry of which nothing can be at the endpoint is at its end at once, under that number."""
    await arrange(outbox, UNTOUCHED)
    lines = len(await outbox.history("id-one"))

    state = await _file(outbox)

    entry = await outbox.get("id-one")
    assert (State.FILED_BY_HAND, 77, REASON, None) == (
        state,
        entry.filed_by_hand_as,
        entry.withdrawal_reason,
        entry.report_id,
    )
    assert f"filed by hand as report 77: {REASON}" == (await outbox.notes("id-one"))[-1][1]
    assert [EntryFiledByHand(77, NOTE)] == await _told(outbox, after=lines)
    assert [] == await outbox.claim(LANE, limit=1, lease_for=MINUTE, entry_id="id-one")
    assert 1 == (await outbox.count()).by_state[State.FILED_BY_HAND]
    assert [entry] == await outbox.list_entries(states=[State.FILED_BY_HAND])


@pytest.mark.parametrize("checkpoint", TOUCHED, ids=["report open", "submit", "finish in doubt", "being retracted"])
@pytest.mark.parametrize("arrange", [_held, _queued, _leased, _given_up, _retracted])
async def test_something_may_be_at_the_endpoint(outbox: Outbox, arrange: Arrange, checkpoint: Checkpoint) -> None:
    """The number and the wish are on record, and the next lease, due at once, is told to take back what is there."""
    await arrange(outbox, checkpoint)

    state = await _file(outbox)

    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert State.QUEUED is state
    assert (77, REASON, checkpoint) == (
        lease.entry.filed_by_hand_as,
        lease.entry.withdrawal_reason,
        lease.entry.checkpoint,
    )


@pytest.mark.parametrize(
    ("arrange", "back"), [(_held, [EntryReleased(NOTE)]), (_queued, []), (_given_up, [EntryRequeued(NOTE)])]
)
async def test_history_until_it_is_proven(outbox: Outbox, arrange: Arrange, back: list[Happening]) -> None:
    """The history tells the number when a person gives it, and the end when it is proven that nothing else is filed."""
    await arrange(outbox, TOUCHED[0])
    lines = len(await outbox.history("id-one"))
    await _file(outbox)
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    done = attempt(Outcome.RETRACTED)

    await outbox.mark_retracted(lease, UNTOUCHED, done)

    expected = [HandFilingNoted(77, NOTE), *back, EntryAttempted(done), EntryFiledByHand(77, NOTE)]
    assert expected == await _told(outbox, after=lines)
    assert State.FILED_BY_HAND is (await outbox.get("id-one")).state


@pytest.mark.parametrize("checkpoint", [UNTOUCHED, TOUCHED[0]], ids=["nothing there", "report open"])
async def test_lease_taken_away(outbox: Outbox, checkpoint: Checkpoint) -> None:
    """A dispatcher in flight can write nothing more, and so begin no finish."""
    lease = await lease_of(outbox)
    await outbox.record(lease, checkpoint)

    await _file(outbox)

    for write in (
        outbox.renew(lease, lease_for=MINUTE),
        outbox.record(lease, FULL_CHECKPOINT),
        acknowledge(outbox, lease),
        outbox.release(lease, checkpoint, attempt(Outcome.TRANSIENT), available_in=MINUTE),
    ):
        with pytest.raises(LeaseLostError):
            await write


async def test_filed_by_this_program_after_all(outbox: Outbox) -> None:
    """If the endpoint says that ours was finished, the entry is acknowledged, with an alarm that names both numbers."""
    await _queued(outbox, TOUCHED[2])
    await _file(outbox)
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await acknowledge(outbox, lease)

    entry, [alarm] = await outbox.get("id-one"), await outbox.alarms()
    assert (State.ACKNOWLEDGED, 77) == (entry.state, entry.filed_by_hand_as)
    assert AlarmKind.FILED_TWICE is alarm.kind
    assert "77" in alarm.text
    assert str(entry.report_id) in alarm.text


async def test_number_of_our_own_report(outbox: Outbox) -> None:
    """Whoever found our own report on the portal, and recorded its number, filed nothing twice: there is no alarm."""
    await _queued(outbox, TOUCHED[2])
    first = await outbox.get("id-one")
    await outbox.file_by_hand("id-one", report_id=4711, reason=REASON)
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await acknowledge(outbox, lease)

    entry = await outbox.get(first.id)
    assert (State.ACKNOWLEDGED, 4711, 4711) == (entry.state, entry.report_id, entry.filed_by_hand_as)
    assert [] == await outbox.alarms()


@pytest.mark.parametrize("number", [4711, 77])
async def test_what_is_acknowledged(outbox: Outbox, number: int) -> None:
    """A report that this program filed is not recorded as filed by hand, under whatever number; its own is named."""
    await acknowledge(outbox, await lease_of(outbox))
    before = await outbox.get("id-one")

    with pytest.raises(IllegalTransitionError, match="report 4711"):
        await _file(outbox, number)

    assert before == await outbox.get("id-one")


@pytest.mark.parametrize("checkpoint", [UNTOUCHED, TOUCHED[0]], ids=["at its end", "not yet"])
async def test_same_number_again(outbox: Outbox, checkpoint: Checkpoint) -> None:
    """The same number again changes nothing."""
    await _queued(outbox, checkpoint)
    await _file(outbox)
    before, lines = await outbox.get("id-one"), await outbox.history("id-one")

    again = await outbox.file_by_hand("id-one", report_id=77, reason="said again")

    assert before == again
    assert lines == await outbox.history("id-one")


async def test_same_number_while_it_is_carried_out(outbox: Outbox) -> None:
    """The lease of a dispatcher that knows of it stays."""
    await _queued(outbox, TOUCHED[0])
    await _file(outbox)
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await _file(outbox)

    assert lease.token == (await outbox.renew(lease, lease_for=MINUTE)).token


@pytest.mark.parametrize("checkpoint", [UNTOUCHED, TOUCHED[0]], ids=["at its end", "not yet"])
async def test_another_number(outbox: Outbox, checkpoint: Checkpoint) -> None:
    """Another number than the one on record is refused, and both are named."""
    await _queued(outbox, checkpoint)
    await _file(outbox)

    with pytest.raises(IllegalTransitionError, match=r"report 77, not 78"):
        await _file(outbox, 78)


async def test_given_up_while_it_was_carried_out(outbox: Outbox) -> None:
    """A dead letter that is on record as filed by hand is tried once more when that is said again."""
    await _queued(outbox, TOUCHED[0])
    await _file(outbox)
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    await outbox.dead_letter(lease, TOUCHED[0], attempt(Outcome.REJECTED, failure=FAILURE))

    state = await _file(outbox)

    assert State.QUEUED is state


@pytest.mark.parametrize(
    ("arrange", "state"),
    [
        (_held, State.HELD),
        (_queued, State.QUEUED),
        (_leased, State.QUEUED),
        (_given_up, State.DEAD_LETTER),
        (_retracted, State.RETRACTED),
    ],
)
async def test_checkpoint_that_is_not_believed(outbox: Outbox, arrange: Arrange, state: State) -> None:
    """The number is on record and a lease gone; but nobody calls it filed by hand alone, whatever the record says."""
    await arrange(outbox, UNTOUCHED)

    found = await _file(outbox, is_believed=False)

    assert (state, 77) == (found, (await outbox.get("id-one")).filed_by_hand_as)
    assert [HandFilingNoted(77, NOTE)] == (await _told(outbox, after=0))[-1:]


async def test_requeued_when_it_is_believed_again(outbox: Outbox) -> None:
    """A dead letter that was not believed is put back by a person and then taken back, not filed."""
    await _given_up(outbox, TOUCHED[0])
    await _file(outbox, is_believed=False)

    await outbox.requeue("id-one", reason="looked at the portal", checkpoint=TOUCHED[0])

    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert REASON == lease.entry.withdrawal_reason
    await outbox.mark_retracted(lease, UNTOUCHED, attempt(Outcome.RETRACTED))
    assert State.FILED_BY_HAND is (await outbox.get("id-one")).state


@pytest.mark.parametrize("checkpoint", [UNTOUCHED, TOUCHED[0]], ids=["at its end", "not yet"])
async def test_withdrawn_although_filed_by_hand(outbox: Outbox, checkpoint: Checkpoint) -> None:
    """What is filed by hand is not withdrawn; the error names the report."""
    await _queued(outbox, checkpoint)
    await _file(outbox)
    before = await outbox.get("id-one")

    with pytest.raises(IllegalTransitionError, match="report 77"):
        await outbox.withdraw("id-one", reason="wrong account")

    assert before == await outbox.get("id-one")


async def test_handed_in_again(outbox: Outbox) -> None:
    """The same key with the same content gives the entry that is filed by hand, and queues nothing."""
    await outbox.enqueue(new_entry())
    await _file(outbox)

    entry, is_new = await outbox.enqueue(new_entry())

    assert (State.FILED_BY_HAND, 77, False) == (entry.state, entry.filed_by_hand_as, is_new)


@pytest.mark.parametrize("number", [0, -1, 2**63])
async def test_number_that_is_none(outbox: Outbox, number: int) -> None:
    """What cannot be the number of a report is refused, and the entry waits as before."""
    await outbox.enqueue(new_entry())

    with pytest.raises(OutboxError, match="between 1 and 9223372036854775807"):
        await _file(outbox, number)

    assert State.QUEUED is (await outbox.get("id-one")).state


async def test_largest_number(outbox: Outbox, clock: TurnableClock) -> None:
    """The largest number that the endpoint can give is kept as it is, with the moment at which it was said."""
    await outbox.enqueue(new_entry())
    clock.advance(MINUTE)

    await _file(outbox, 2**63 - 1)

    assert 2**63 - 1 == (await outbox.get("id-one")).filed_by_hand_as
    assert [START + MINUTE] == [at for at, _ in await outbox.notes("id-one")]


async def test_unknown_entry_filed_by_hand(outbox: Outbox) -> None:
    """An id that names nothing is said so."""
    with pytest.raises(EntryNotFoundError):
        await outbox.file_by_hand("id-none", report_id=77, reason=REASON)


async def test_reason_that_cannot_be_kept(outbox: Outbox) -> None:
    """A reason with half a surrogate pair leaves the entry untouched."""
    await outbox.enqueue(new_entry())

    with pytest.raises(OutboxError, match="surrogate"):
        await outbox.file_by_hand("id-one", report_id=77, reason="mug\ud83d")

    assert None is (await outbox.get("id-one")).filed_by_hand_as
