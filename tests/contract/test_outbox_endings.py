"""How a lease ends, and what stays on record of it: attempts, acknowledgements, receipts, dead letters, alarms."""

from datetime import timedelta

import pytest

from tests.contract.values import (
    FAILURE,
    FULL_CHECKPOINT,
    LANE,
    MINUTE,
    REPLY,
    START,
    acknowledge,
    acknowledgement,
    attempt,
    lease_of,
    new_entry,
)
from tipline_client.delivery.acknowledgement import Alarm, AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import MAX_ERROR_TEXT, Failure, Outcome, bounded_text
from tipline_client.delivery.states import State
from tipline_client.errors import EntryNotFoundError, IllegalTransitionError
from tipline_client.outbox import AcknowledgementRecord, Outbox
from tipline_client.testing import TurnableClock

NOW = timedelta(0)


def _alarm(text: str) -> Alarm:
    return Alarm(AlarmKind.FILE_SET_DIFFERS, text, START)


async def test_released(outbox: Outbox) -> None:
    """A released entry is queued for later, with its checkpoint, its attempt counted and its failure shown."""
    lease = await lease_of(outbox)
    tried = attempt(Outcome.TRANSIENT, failure=FAILURE)

    await outbox.release(lease, FULL_CHECKPOINT, tried, available_in=5 * MINUTE)

    entry = await outbox.get("id-one")
    assert (State.QUEUED, START + 5 * MINUTE) == (entry.state, entry.available_at)
    assert (FULL_CHECKPOINT, 1, FAILURE) == (entry.checkpoint, entry.attempts, entry.last_failure)
    assert [tried] == await outbox.attempts("id-one")


async def test_attempt_that_does_not_burn(outbox: Outbox) -> None:
    """A try that the endpoint failed is on record but does not count against the entry."""
    lease = await lease_of(outbox)
    tried = attempt(Outcome.TRANSIENT, failure=FAILURE, burns=False)

    await outbox.release(lease, Checkpoint(), tried, available_in=NOW)

    assert 0 == (await outbox.get("id-one")).attempts
    assert [tried] == await outbox.attempts("id-one")


async def test_attempt_without_failure(outbox: Outbox) -> None:
    """A try that was only stopped leaves the last failure for whoever asks why the entry waits."""
    first = await lease_of(outbox)
    await outbox.release(first, Checkpoint(), attempt(Outcome.TRANSIENT, failure=FAILURE), available_in=NOW)
    [second] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await outbox.release(second, Checkpoint(), attempt(Outcome.STOPPED, burns=False), available_in=NOW)

    entry = await outbox.get("id-one")
    assert (1, FAILURE) == (entry.attempts, entry.last_failure)


async def test_most_recent_attempts(outbox: Outbox) -> None:
    """A bounded history shows the latest tries, the oldest of them first."""
    await outbox.enqueue(new_entry())
    for number in range(4):
        [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
        failure = Failure(kind="outage", text=f"try {number}")
        await outbox.release(lease, Checkpoint(), attempt(Outcome.TRANSIENT, failure=failure), available_in=NOW)

    shown = await outbox.attempts("id-one", limit=2)

    assert ["try 2", "try 3"] == [tried.failure.text for tried in shown if tried.failure]
    assert 4 == len(await outbox.attempts("id-one"))
    assert [] == await outbox.attempts("id-one", limit=0)


async def test_error_text_longer_than_any_column(outbox: Outbox) -> None:
    """An error text of a megabyte is cut visibly before it is kept; it does not lose the error."""
    lease = await lease_of(outbox)
    failure = Failure(kind="invalid", text=bounded_text("mug " * 250_000), code=4100)

    await outbox.dead_letter(lease, Checkpoint(), attempt(Outcome.REJECTED, failure=failure), reply=b"<" * 1_000_000)

    kept = (await outbox.get("id-one")).last_failure
    assert kept == failure
    assert MAX_ERROR_TEXT == len(failure.text)
    assert b"<" * 1_000_000 == await outbox.rejected_reply("id-one")


async def test_acknowledged(outbox: Outbox) -> None:
    """An acknowledged entry shows its report and no failure; facts, raw reply and alarms are there with it."""
    first = await lease_of(outbox)
    await outbox.release(first, Checkpoint(), attempt(Outcome.TRANSIENT, failure=FAILURE), available_in=NOW)
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await outbox.acknowledge(
        lease, FULL_CHECKPOINT, acknowledgement(), attempt(Outcome.ACKNOWLEDGED), reply=REPLY, alarms=[_alarm("first")]
    )

    entry = await outbox.get("id-one")
    assert (State.ACKNOWLEDGED, 4711, START + MINUTE) == (entry.state, entry.report_id, entry.acknowledged_at)
    assert (FULL_CHECKPOINT, None, True) == (entry.checkpoint, entry.last_failure, entry.has_receipt)
    assert AcknowledgementRecord("id-one", acknowledgement(), REPLY) == await outbox.acknowledgement("id-one")
    assert ["first"] == [alarm.text for alarm in await outbox.alarms(entry_id="id-one")]
    assert [Outcome.TRANSIENT, Outcome.ACKNOWLEDGED] == [tried.outcome for tried in await outbox.attempts("id-one")]


async def test_report_id_beyond_64_bits(outbox: Outbox) -> None:
    """A report id of any size is kept: an id that does not fit its column would be a lost report."""
    lease = await lease_of(outbox)

    await acknowledge(outbox, lease, report_id=2**70 + 1)

    record = await outbox.acknowledgement("id-one")
    assert 2**70 + 1 == (await outbox.get("id-one")).report_id
    assert record is not None
    assert 2**70 + 1 == record.acknowledgement.report_id


async def test_first_receipt_stays(outbox: Outbox) -> None:
    """A second receipt does not replace the first, and whoever brings it gets the first."""
    await acknowledge(outbox, await lease_of(outbox))
    waiting = await outbox.unreceipted()

    first = await outbox.store_receipt("id-one", b"first")
    second = await outbox.store_receipt("id-one", b"second")

    record = await outbox.acknowledgement("id-one")
    assert ["id-one"] == waiting
    assert (b"first", b"first") == (first, second)
    assert record is not None
    assert b"first" == record.receipt
    assert [] == await outbox.unreceipted()


async def test_empty_receipt_stays_too(outbox: Outbox) -> None:
    """Whether a receipt is there is not a question of its length."""
    await acknowledge(outbox, await lease_of(outbox))

    await outbox.store_receipt("id-one", b"")

    assert b"" == await outbox.store_receipt("id-one", b"second")


async def test_receipt_without_acknowledgement(outbox: Outbox) -> None:
    """Nothing is receipted that was not acknowledged."""
    await outbox.enqueue(new_entry())

    with pytest.raises(IllegalTransitionError, match="queued"):
        await outbox.store_receipt("id-one", b"receipt")
    with pytest.raises(EntryNotFoundError):
        await outbox.store_receipt("id-none", b"receipt")
    assert await outbox.acknowledgement("id-one") is None


async def test_unreceipted_is_bounded(outbox: Outbox) -> None:
    """Those without a receipt come oldest first, as many as asked for."""
    for name in ("z", "a", "m"):
        await acknowledge(outbox, await lease_of(outbox, name))

    assert ["id-z", "id-a"] == await outbox.unreceipted(limit=2)
    assert [] == await outbox.unreceipted(limit=0)


async def test_dead_letter(outbox: Outbox) -> None:
    """A dead letter keeps the reason, the checkpoint and the raw reply for the person who looks."""
    lease = await lease_of(outbox)

    await outbox.dead_letter(
        lease,
        FULL_CHECKPOINT,
        attempt(Outcome.REJECTED, failure=FAILURE),
        reply=REPLY,
        alarms=[_alarm("one"), _alarm("two")],
    )

    entry = await outbox.get("id-one")
    assert (State.DEAD_LETTER, FAILURE, 1) == (entry.state, entry.last_failure, entry.attempts)
    assert (FULL_CHECKPOINT, False, None) == (entry.checkpoint, entry.has_receipt, entry.report_id)
    assert REPLY == await outbox.rejected_reply("id-one")
    assert ["one", "two"] == [alarm.text for alarm in await outbox.alarms()]


async def test_dead_letter_twice(outbox: Outbox) -> None:
    """Given up again after a requeue, the reply behind the last time is shown; also when there was none."""
    await outbox.dead_letter(await lease_of(outbox), Checkpoint(), attempt(Outcome.REJECTED), reply=b"first")
    await outbox.requeue("id-one", reason="corrected")
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await outbox.dead_letter(lease, Checkpoint(), attempt(Outcome.REJECTED))

    assert b"" == await outbox.rejected_reply("id-one")


async def test_marked_retracted(outbox: Outbox) -> None:
    """A retraction that was carried out ends the entry with its checkpoint and attempt."""
    lease = await lease_of(outbox)

    await outbox.mark_retracted(lease, FULL_CHECKPOINT, attempt(Outcome.RETRACTED))

    entry = await outbox.get("id-one")
    assert (State.RETRACTED, FULL_CHECKPOINT, 1) == (entry.state, entry.checkpoint, entry.attempts)
    assert not entry.has_receipt


async def test_alarms(outbox: Outbox, clock: TurnableClock) -> None:
    """Alarms are listed oldest first, by entry and by whether a person has closed them, and counted while open."""
    for name in ("one", "two"):
        lease = await lease_of(outbox, name)
        await outbox.dead_letter(lease, Checkpoint(), attempt(Outcome.REJECTED), alarms=[_alarm(f"of {name}")])
    first, second = await outbox.alarms()
    clock.advance(MINUTE)

    closed = await outbox.close_alarm(first.id, note="compared by hand")

    assert ("id-one", "id-two") == (first.entry_id, second.entry_id)
    assert (START + MINUTE, "compared by hand") == (closed.closed_at, closed.closed_note)
    assert [closed, second] == await outbox.alarms()
    assert [closed] == await outbox.alarms(is_open=False)
    assert [second] == await outbox.alarms(is_open=True)
    assert [] == await outbox.alarms(entry_id="id-one", is_open=True)
    assert 1 == (await outbox.count()).open_alarms
    assert 1 == (await outbox.count(environment=Environment.MOCK)).open_alarms
    assert 0 == (await outbox.count(environment=Environment.PRODUCTION)).open_alarms


async def test_alarm_closed_twice(outbox: Outbox) -> None:
    """The first note stays; closing again, or closing what is not there, is refused."""
    await outbox.dead_letter(await lease_of(outbox), Checkpoint(), attempt(Outcome.REJECTED), alarms=[_alarm("x")])
    [alarm] = await outbox.alarms()
    await outbox.close_alarm(alarm.id, note="first")

    with pytest.raises(IllegalTransitionError):
        await outbox.close_alarm(alarm.id, note="second")
    for number in (0, -1, alarm.id + 1):
        with pytest.raises(EntryNotFoundError):
            await outbox.close_alarm(number, note="nothing")

    assert ["first"] == [alarm.closed_note for alarm in await outbox.alarms()]
