"""Nothing is written without a live lease: each fenced verb, under each way in which a lease is not live."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.values import (
    FAILURE,
    FULL_CHECKPOINT,
    LANE,
    MINUTE,
    REPLY,
    START,
    acknowledgement,
    attempt,
    lease_of,
)
from tipline_client.delivery.acknowledgement import Alarm, AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.errors import LeaseLostError
from tipline_client.outbox import Outbox
from tipline_client.testing import TurnableClock

ALARM = Alarm(AlarmKind.HASH_MISSING, "file 0 came back without a hash", START)


async def _renew(outbox: Outbox, lease: Lease) -> None:
    await outbox.renew(lease, lease_for=MINUTE)


async def _record(outbox: Outbox, lease: Lease) -> None:
    await outbox.record(lease, FULL_CHECKPOINT)


async def _release(outbox: Outbox, lease: Lease) -> None:
    await outbox.release(lease, FULL_CHECKPOINT, attempt(Outcome.TRANSIENT, failure=FAILURE), available_in=timedelta(0))


async def _acknowledge(outbox: Outbox, lease: Lease) -> None:
    await outbox.acknowledge(
        lease, FULL_CHECKPOINT, acknowledgement(), attempt(Outcome.ACKNOWLEDGED), reply=REPLY, alarms=[ALARM]
    )


async def _dead_letter(outbox: Outbox, lease: Lease) -> None:
    await outbox.dead_letter(
        lease, FULL_CHECKPOINT, attempt(Outcome.REJECTED, failure=FAILURE), reply=REPLY, alarms=[ALARM]
    )


async def _mark_retracted(outbox: Outbox, lease: Lease) -> None:
    await outbox.mark_retracted(lease, FULL_CHECKPOINT, attempt(Outcome.RETRACTED))


Verb = Callable[[Outbox, Lease], Awaitable[None]]
ENDINGS: list[Verb] = [_release, _acknowledge, _dead_letter, _mark_retracted]

every_fenced_verb = pytest.mark.parametrize("write", [_renew, _record, *ENDINGS], ids=lambda verb: verb.__name__[1:])


async def _is_refused(outbox: Outbox, lease: Lease, write: Verb) -> None:
    before = await outbox.get("id-one")
    history = await outbox.attempts("id-one")

    with pytest.raises(LeaseLostError):
        await write(outbox, lease)

    assert before == await outbox.get("id-one")
    assert history == await outbox.attempts("id-one")
    assert [] == await outbox.alarms()
    assert await outbox.acknowledgement("id-one") is None
    assert await outbox.rejected_reply("id-one") is None


@every_fenced_verb
async def test_wrong_token(outbox: Outbox, write: Verb) -> None:
    """A token that is not the row's writes nothing, although the lease is live."""
    lease = await lease_of(outbox)

    await _is_refused(outbox, replace(lease, token="0" * 32), write)


@every_fenced_verb
async def test_empty_token_on_a_queued_entry(outbox: Outbox, write: Verb) -> None:
    """An entry without a lease has no token that fits."""
    lease = await lease_of(outbox)
    await outbox.release(lease, Checkpoint(), attempt(Outcome.STOPPED, burns=False), available_in=timedelta(0))

    await _is_refused(outbox, replace(lease, token=""), write)


@every_fenced_verb
async def test_expired_lease(outbox: Outbox, clock: TurnableClock, write: Verb) -> None:
    """A lease is over at the moment at which it ends, by the store's clock, even while nobody took it over."""
    lease = await lease_of(outbox)
    clock.advance(MINUTE)

    await _is_refused(outbox, lease, write)


@every_fenced_verb
async def test_lease_with_a_forged_end(outbox: Outbox, clock: TurnableClock, write: Verb) -> None:
    """What the caller believes of the lease's end does not count; what the store wrote does."""
    lease = await lease_of(outbox)
    clock.advance(MINUTE)

    await _is_refused(outbox, replace(lease, expires_at=START + timedelta(days=1)), write)


@every_fenced_verb
async def test_lease_taken_over(outbox: Outbox, clock: TurnableClock, write: Verb) -> None:
    """After a take-over the first dispatcher writes nothing, and the second one's lease is untouched by it."""
    first = await lease_of(outbox)
    clock.advance(MINUTE)
    [second] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await _is_refused(outbox, first, write)
    await outbox.record(second, Checkpoint(reports_opened=9))

    assert 9 == (await outbox.get("id-one")).checkpoint.reports_opened


@every_fenced_verb
async def test_lease_given_back(outbox: Outbox, write: Verb) -> None:
    """A lease that was given back is over at once."""
    lease = await lease_of(outbox)
    await outbox.release(lease, Checkpoint(), attempt(Outcome.STOPPED, burns=False), available_in=timedelta(0))

    await _is_refused(outbox, lease, write)


@pytest.mark.parametrize("end", ENDINGS, ids=lambda verb: verb.__name__[1:])
@every_fenced_verb
async def test_write_after_the_end(outbox: Outbox, end: Verb, write: Verb) -> None:
    """After a lease was ended, in whatever way, it writes nothing more: an acknowledgement cannot be undone."""
    lease = await lease_of(outbox)
    await end(outbox, lease)
    before = await outbox.get("id-one"), await outbox.attempts("id-one"), await outbox.alarms()

    with pytest.raises(LeaseLostError):
        await write(outbox, lease)

    assert before == (await outbox.get("id-one"), await outbox.attempts("id-one"), await outbox.alarms())


async def test_lease_on_an_entry_that_is_not_there(outbox: Outbox) -> None:
    """A lease on an entry of another outbox writes nothing."""
    lease = await lease_of(outbox)
    stranger = replace(lease, entry=replace(lease.entry, id="id-stranger"))

    with pytest.raises(LeaseLostError, match="id-stranger"):
        await outbox.record(stranger, Checkpoint())


async def test_renewed_lease(outbox: Outbox, clock: TurnableClock) -> None:
    """A renewed lease keeps its token and outlives its first end; the older value of it still fits."""
    lease = await lease_of(outbox)
    clock.advance(MINUTE / 2)

    renewed = await outbox.renew(lease, lease_for=10 * MINUTE)
    clock.advance(5 * MINUTE)
    await outbox.record(lease, FULL_CHECKPOINT)

    assert (lease.token, lease.started_at) == (renewed.token, renewed.started_at)
    assert START + 10.5 * MINUTE == renewed.expires_at
    assert [] == await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert FULL_CHECKPOINT == (await outbox.get("id-one")).checkpoint


async def test_renewal_can_shorten(outbox: Outbox, clock: TurnableClock) -> None:
    """A renewal counts from now, also when that is sooner than before."""
    lease = await lease_of(outbox, lease_for=10 * MINUTE)

    await outbox.renew(lease, lease_for=MINUTE)
    clock.advance(MINUTE)

    [taken] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert taken.was_taken_over
    assert State.LEASED is taken.entry.state


async def test_record_keeps_the_lease(outbox: Outbox) -> None:
    """Recording progress changes the checkpoint, wholly, and nothing else of the entry."""
    lease = await lease_of(outbox)
    await outbox.record(lease, FULL_CHECKPOINT)

    await outbox.record(lease, Checkpoint(reports_opened=1))

    assert replace(lease.entry, checkpoint=Checkpoint(reports_opened=1)) == await outbox.get("id-one")
