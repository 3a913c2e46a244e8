"""What people may decide about an entry, and when: withdraw it, put it back."""

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
from tipline_client.delivery.checkpoint import Aim, Checkpoint, Intent, Retraction
from tipline_client.delivery.events import EntryRequeued, WithdrawalAsked, digest_of
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step
from tipline_client.errors import EntryNotFoundError, IllegalTransitionError, LeaseLostError, OutboxError
from tipline_client.outbox import Outbox
from tipline_client.testing import TurnableClock

NOW = timedelta(0)
TOUCHED = [
    Checkpoint(report_id=5, opened_at=START),
    Checkpoint(intent=Intent(Step.SUBMIT, START)),
    Checkpoint(retraction=Retraction(Aim.START_OVER, FAILURE)),
]


@pytest.mark.parametrize("held", [False, True])
async def test_withdrawn_before_anything_was_sent(outbox: Outbox, held: bool) -> None:
    """An entry of which nothing can be at the endpoint is withdrawn at once, and the reason is on record."""
    await outbox.enqueue(new_entry(), held=held)

    entry = await outbox.withdraw("id-one", reason="wrong account")

    assert (State.RETRACTED, "wrong account") == (entry.state, entry.withdrawal_reason)
    assert entry == await outbox.get("id-one")
    assert [(START, "withdrawn: wrong account")] == await outbox.notes("id-one")
    assert [] == await outbox.claim(LANE, limit=1, lease_for=MINUTE)


@pytest.mark.parametrize("checkpoint", TOUCHED, ids=["report open", "submit unanswered", "being retracted"])
async def test_withdrawn_while_something_may_be_at_the_endpoint(
    outbox: Outbox, clock: TurnableClock, checkpoint: Checkpoint
) -> None:
    """An entry with something at the endpoint becomes due at once, for the next lease to carry the wish out."""
    lease = await lease_of(outbox)
    await outbox.release(lease, checkpoint, attempt(Outcome.TRANSIENT), available_in=timedelta(hours=1))
    clock.advance(MINUTE)

    entry = await outbox.withdraw("id-one", reason="wrong account")

    [next_lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert (State.QUEUED, START + MINUTE) == (entry.state, entry.available_at)
    assert "wrong account" == next_lease.entry.withdrawal_reason
    assert checkpoint == next_lease.entry.checkpoint


@pytest.mark.parametrize("checkpoint", TOUCHED, ids=["report open", "submit unanswered", "being retracted"])
async def test_withdrawn_while_leased(outbox: Outbox, clock: TurnableClock, checkpoint: Checkpoint) -> None:
    """A withdrawal takes the lease away: its dispatcher can write nothing more, and the next one is told."""
    lease = await lease_of(outbox)
    await outbox.record(lease, checkpoint)
    clock.advance(MINUTE / 2)

    entry = await outbox.withdraw("id-one", reason="wrong account")

    assert (State.QUEUED, START + MINUTE / 2) == (entry.state, entry.available_at)
    assert entry == await outbox.get("id-one")
    with pytest.raises(LeaseLostError):
        await outbox.renew(lease, lease_for=MINUTE)
    with pytest.raises(LeaseLostError):
        await outbox.record(lease, FULL_CHECKPOINT)
    with pytest.raises(LeaseLostError):
        await acknowledge(outbox, lease)
    [next_lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert ("wrong account", checkpoint) == (next_lease.entry.withdrawal_reason, next_lease.entry.checkpoint)


async def test_withdrawn_while_leased_before_the_first_intent(outbox: Outbox) -> None:
    """An entry that is leased, and of which nothing was ever to be sent, is at its end at once; its lease is over."""
    lease = await lease_of(outbox)

    entry = await outbox.withdraw("id-one", reason="wrong account")

    assert State.RETRACTED is entry.state
    with pytest.raises(LeaseLostError):
        await outbox.record(lease, FULL_CHECKPOINT)
    assert entry == await outbox.get("id-one")
    assert [] == await outbox.claim(LANE, limit=1, lease_for=MINUTE)


async def test_withdrawn_again_while_that_is_carried_out(outbox: Outbox) -> None:
    """The lease of a dispatcher that knows of the withdrawal stays; the second reason is on record too."""
    lease = await lease_of(outbox)
    await outbox.record(lease, TOUCHED[0])
    await outbox.withdraw("id-one", reason="first")
    [knowing] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    entry = await outbox.withdraw("id-one", reason="second")

    assert State.LEASED is entry.state
    assert knowing.token == (await outbox.renew(knowing, lease_for=MINUTE)).token
    assert 2 == len(await outbox.notes("id-one"))


async def test_withdrawal_that_must_wait(outbox: Outbox) -> None:
    """A dispatcher that cannot carry a withdrawal out now may ask for a wait like for any other."""
    await outbox.record(await lease_of(outbox), TOUCHED[0])
    await outbox.withdraw("id-one", reason="wrong account")
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await outbox.release(lease, TOUCHED[0], attempt(Outcome.TRANSIENT), available_in=timedelta(hours=1))

    assert START + timedelta(hours=1) == (await outbox.get("id-one")).available_at


async def test_filed_although_withdrawn(outbox: Outbox) -> None:
    """A withdrawal that came too late does not hide that the report is filed."""
    await outbox.record(await lease_of(outbox), TOUCHED[0])
    await outbox.withdraw("id-one", reason="wrong account")
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await acknowledge(outbox, lease)

    entry = await outbox.get("id-one")
    assert (State.ACKNOWLEDGED, "wrong account", True) == (entry.state, entry.withdrawal_reason, entry.has_receipt)


async def test_withdrawn_twice(outbox: Outbox) -> None:
    """A withdrawn entry stays as it is when it is withdrawn again."""
    await outbox.enqueue(new_entry())
    first = await outbox.withdraw("id-one", reason="first")

    second = await outbox.withdraw("id-one", reason="second")

    assert first == second
    assert 1 == len(await outbox.notes("id-one"))


async def _acknowledged(outbox: Outbox) -> None:
    await acknowledge(outbox, await lease_of(outbox))


async def _given_up(outbox: Outbox) -> None:
    await outbox.dead_letter(await lease_of(outbox), FULL_CHECKPOINT, attempt(Outcome.REJECTED, failure=FAILURE))


async def _retracted(outbox: Outbox) -> None:
    await outbox.mark_retracted(await lease_of(outbox), Checkpoint(), attempt(Outcome.RETRACTED))


async def _held(outbox: Outbox) -> None:
    await outbox.enqueue(new_entry(), held=True)


async def _queued(outbox: Outbox) -> None:
    await outbox.enqueue(new_entry())


async def _leased(outbox: Outbox) -> None:
    await lease_of(outbox)


Arrange = Callable[[Outbox], Awaitable[None]]


async def _given_up_before_anything(outbox: Outbox) -> None:
    await outbox.dead_letter(await lease_of(outbox), Checkpoint(), attempt(Outcome.REJECTED, failure=FAILURE))


async def test_withdrawn_with_a_report_left_open(outbox: Outbox) -> None:
    """What was given up with something open at the endpoint goes back in the line, for that to be taken back."""
    await _given_up(outbox)

    entry = await outbox.withdraw("id-one", reason="wrong account")

    note = digest_of("wrong account")
    told = [line.event.what for line in await outbox.history("id-one")][-2:]
    assert (State.QUEUED, FULL_CHECKPOINT) == (entry.state, entry.checkpoint)
    assert [WithdrawalAsked(note), EntryRequeued(note)] == told


@pytest.mark.parametrize("arrange", [_acknowledged, _given_up_before_anything])
async def test_withdrawn_too_late(outbox: Outbox, arrange: Arrange) -> None:
    """What is filed, or given up with nothing open, cannot be withdrawn, and nothing is changed by trying."""
    await arrange(outbox)
    before = await outbox.get("id-one")

    with pytest.raises(IllegalTransitionError):
        await outbox.withdraw("id-one", reason="wrong account")

    assert before == await outbox.get("id-one")
    assert [] == await outbox.notes("id-one")


async def test_requeued(outbox: Outbox, clock: TurnableClock) -> None:
    """A requeued dead letter is due at once, with checkpoint, count and history as they were."""
    await _given_up(outbox)
    before, history = await outbox.get("id-one"), await outbox.attempts("id-one")
    clock.advance(MINUTE)

    entry = await outbox.requeue("id-one", reason="endpoint corrected")

    assert (State.QUEUED, START + MINUTE) == (entry.state, entry.available_at)
    assert (before.checkpoint, before.attempts, before.last_failure) == (
        entry.checkpoint,
        entry.attempts,
        entry.last_failure,
    )
    assert history == await outbox.attempts("id-one")
    assert [(START + MINUTE, "requeued: endpoint corrected")] == await outbox.notes("id-one")
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert (FULL_CHECKPOINT, False) == (lease.entry.checkpoint, lease.was_taken_over)


async def test_requeued_with_a_checkpoint_that_a_person_vouches_for(outbox: Outbox) -> None:
    """The entry goes on from what is on record, under the seal of whoever vouches for it."""
    lease = await lease_of(outbox)
    await outbox.dead_letter(lease, replace(FULL_CHECKPOINT, seal="x"), attempt(Outcome.REJECTED, failure=FAILURE))

    await outbox.requeue("id-one", reason="looked at the portal", checkpoint=FULL_CHECKPOINT)

    assert FULL_CHECKPOINT == (await outbox.get("id-one")).checkpoint


async def test_vouched_for_under_another_secret(outbox: Outbox) -> None:
    """What the secret makes is taken from whoever vouches: the seal, the tags of the exchanges, the content digest."""
    lease = await lease_of(outbox)
    await outbox.dead_letter(lease, FULL_CHECKPOINT, attempt(Outcome.REJECTED, failure=FAILURE))
    tagged = (replace(exchange, record_tag=exchange.record_tag and "another") for exchange in FULL_CHECKPOINT.exchanges)
    anew = replace(FULL_CHECKPOINT, seal="another", exchanges=tuple(tagged))

    await outbox.requeue("id-one", reason="the secret is lost", checkpoint=anew, content_digest="another")

    entry = await outbox.get("id-one")
    assert (anew, "another") == (entry.checkpoint, entry.content_digest)
    again = await outbox.enqueue(replace(new_entry("one"), content_digest="another"))
    assert ("id-one", False) == (again[0].id, again[1])


@pytest.mark.parametrize(
    "seen",
    [replace(FULL_CHECKPOINT, finish_sent=False), Checkpoint(), replace(FULL_CHECKPOINT, report_id=1)],
    ids=["before its finish", "before everything", "of another report"],
)
async def test_vouched_for_what_is_on_record_no_longer(outbox: Outbox, seen: Checkpoint) -> None:
    """Whoever vouches for what the entry has left behind is refused; the newer record is never overwritten."""
    lease = await lease_of(outbox)
    await outbox.dead_letter(lease, FULL_CHECKPOINT, attempt(Outcome.REJECTED, failure=FAILURE))
    before = await outbox.get("id-one")

    with pytest.raises(IllegalTransitionError, match="has changed since it was looked at"):
        await outbox.requeue("id-one", reason="looked at the portal", checkpoint=seen)

    assert before == await outbox.get("id-one")
    assert [] == await outbox.notes("id-one")


@pytest.mark.parametrize("arrange", [_acknowledged, _retracted, _held, _queued, _leased])
async def test_requeue_of_what_is_no_dead_letter(outbox: Outbox, arrange: Arrange) -> None:
    """Only a dead letter is put back; anything else is refused and left as it was."""
    await arrange(outbox)
    before = await outbox.get("id-one")

    with pytest.raises(IllegalTransitionError):
        await outbox.requeue("id-one", reason="again")

    assert before == await outbox.get("id-one")
    assert [] == await outbox.notes("id-one")


async def test_decisions_about_an_unknown_entry(outbox: Outbox) -> None:
    """An id that names nothing is said so."""
    with pytest.raises(EntryNotFoundError):
        await outbox.withdraw("id-none", reason="wrong account")
    with pytest.raises(EntryNotFoundError):
        await outbox.requeue("id-none", reason="again")


async def test_reason_with_half_a_surrogate_pair(outbox: Outbox) -> None:
    """A reason that cannot be kept as it is leaves the entry untouched."""
    await outbox.enqueue(new_entry())

    with pytest.raises(OutboxError, match="surrogate"):
        await outbox.withdraw("id-one", reason="mug\ud83d")

    assert State.QUEUED is (await outbox.get("id-one")).state


async def test_reason_with_a_nul(outbox: Outbox) -> None:
    """A character that ends strings elsewhere ends nothing here."""
    await outbox.enqueue(new_entry())

    await outbox.withdraw("id-one", reason="before\0after")

    assert [(START, "withdrawn: before\0after")] == await outbox.notes("id-one")
    assert "before\0after" == (await outbox.get("id-one")).withdrawal_reason
