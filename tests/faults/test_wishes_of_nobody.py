"""Columns that say what a person asked for, what was filed, or whose a row is: believed only with a proof."""

import pytest

from tests.support.stage import DAYS, Stage, sample_report
from tipline_client.delivery.acknowledgement import AlarmKind
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.events import EntryRetracted
from tipline_client.delivery.states import State
from tipline_client.dispatch.delivering import file_by_hand
from tipline_client.dispatch.enqueueing import enqueue
from tipline_client.dispatch.receipting import receipt_bytes
from tipline_client.dispatch.vouching import vouch_for
from tipline_client.errors import EnvelopeError, ReportTakenError
from tipline_client.mock import faults
from tipline_client.outbox import Outbox, SqliteOutbox
from tipline_client.outbox.sqlite.driver import connect


def _by_hand(stage: Stage, sql: str) -> None:
    connection = connect(stage.folder / "outbox.sqlite", driver="apsw", busy_timeout=1)
    connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(
    "change",
    [
        "withdrawal_reason = 'not ours'",
        "filed_by_hand_as = '77'",
        "withdrawal_reason = 'not ours', filed_by_hand_as = '77'",
    ],
)
async def test_wish_written_into_the_row(durable: Stage, change: str) -> None:
    """Nobody asked for it, so it ends no entry: the entry is set aside, with an alarm."""
    entry = await durable.enqueue()
    _by_hand(durable, f"UPDATE entries SET {change}")  # noqa: S608 - a test's own

    await durable.conductor().drain(patience=DAYS)

    found, [alarm] = await durable.outbox.get(entry.id), await durable.outbox.alarms()
    assert (State.DEAD_LETTER, AlarmKind.ENVELOPE_REFUSED) == (found.state, alarm.kind)
    assert EntryRetracted() not in [line.event.what for line in await durable.outbox.history(entry.id)]
    assert 0 == durable.endpoint.summary()["requests"]


async def test_wish_with_a_line_of_somebody_elses_making(durable: Stage) -> None:
    """A line in the history that is not chained with the secret is no proof of a wish."""
    entry = await durable.enqueue()
    other = SqliteOutbox.open(durable.folder / "outbox.sqlite", clock=durable.clock, driver="apsw")
    # With something at the endpoint, so that it is left to a dispatcher to carry the wish out.
    durable.endpoint.faults.script("finish", *[faults.status(503)] * 8)
    await durable.conductor().deliver(entry.id)
    await other.withdraw(entry.id, reason="not ours")
    await other.close()

    await durable.conductor().drain(patience=DAYS)

    assert State.DEAD_LETTER is (await durable.outbox.get(entry.id)).state


@pytest.mark.parametrize("by_hand", [False, True])
async def test_wish_of_a_person(durable: Stage, *, by_hand: bool) -> None:
    """What somebody did ask for is carried out."""
    entry = await durable.enqueue()
    durable.endpoint.faults.script("fileinfo", *[faults.status(503)] * 2)
    durable.endpoint.faults.script("retract", *[faults.status(503)] * 8)
    await durable.conductor().deliver(entry.id)
    if by_hand:
        await durable.outbox.file_by_hand(entry.id, report_id=77, reason="on the portal")
    else:
        await durable.outbox.withdraw(entry.id, reason="wrong account")

    await durable.conductor().drain(patience=DAYS)

    expected = State.FILED_BY_HAND if by_hand else State.RETRACTED
    assert expected is (await durable.outbox.get(entry.id)).state
    assert (0, 0) == (durable.endpoint.summary()["finished"], durable.endpoint.summary()["open"])


@pytest.mark.parametrize(
    ("by_hand", "change"),
    [
        (False, "withdrawal_reason = 'another reason'"),
        (False, "filed_by_hand_as = '78'"),
        (True, "withdrawal_reason = 'another reason'"),
        (True, "filed_by_hand_as = '78'"),
        (True, "filed_by_hand_as = NULL"),
    ],
)
async def test_wish_of_a_person_changed_in_the_row(durable: Stage, *, by_hand: bool, change: str) -> None:
    """A wish other than the one on record is nobody's: not its reason, not its number, not one made of the other."""
    entry = await durable.enqueue()
    durable.endpoint.faults.script("fileinfo", *[faults.status(503)] * 2)
    durable.endpoint.faults.script("retract", *[faults.status(503)] * 8)
    await durable.conductor().deliver(entry.id)
    if by_hand:
        await durable.outbox.file_by_hand(entry.id, report_id=77, reason="on the portal")
    else:
        await durable.outbox.withdraw(entry.id, reason="wrong account")
    _by_hand(durable, f"UPDATE entries SET {change}")  # noqa: S608 - a test's own

    await durable.conductor().drain(patience=DAYS)

    assert State.DEAD_LETTER is (await durable.outbox.get(entry.id)).state
    assert [AlarmKind.ENVELOPE_REFUSED] == [alarm.kind for alarm in await durable.outbox.alarms()]


async def _wished(stage: Stage, outbox: Outbox, *, by_hand: bool) -> Entry:
    """Something is at the endpoint, which is open, and the wish is in the row."""
    entry = await stage.enqueue()
    stage.endpoint.faults.script("finish", *[faults.status(503)] * 8)
    await stage.conductor().deliver(entry.id)
    stage.endpoint.faults.clear()
    if by_hand:
        return await outbox.file_by_hand(entry.id, report_id=77, reason="on the portal")
    return await outbox.withdraw(entry.id, reason="wrong account")


@pytest.mark.parametrize("by_hand", [False, True])
async def test_wish_in_a_history_that_is_damaged_elsewhere(durable: Stage, *, by_hand: bool) -> None:
    """The line of the wish proves it, whatever was done to the others: an old secret, or a hand in the database."""
    entry = await _wished(durable, durable.outbox, by_hand=by_hand)
    _by_hand(durable, "UPDATE history SET link = 'keyed:of a secret that is lost' WHERE kind = 'EntryQueued'")

    await durable.conductor().drain(patience=DAYS)

    expected = State.FILED_BY_HAND if by_hand else State.RETRACTED
    assert expected is (await durable.outbox.get(entry.id)).state
    assert (0, 0) == (durable.endpoint.summary()["finished"], durable.endpoint.summary()["open"])


@pytest.mark.parametrize("by_hand", [False, True])
async def test_wish_told_without_the_secret_and_vouched_for(durable: Stage, *, by_hand: bool) -> None:
    """A person who vouches for such an entry vouches for its wish as well: the entry is never stuck."""
    plain = SqliteOutbox.open(durable.folder / "outbox.sqlite", clock=durable.clock, driver="apsw")
    entry = await _wished(durable, plain, by_hand=by_hand)
    await plain.close()
    await durable.conductor().drain(patience=DAYS)
    given_up = await durable.outbox.get(entry.id)

    seal = durable.keys.checkpoint_seal()
    await vouch_for(durable.outbox, seal, durable.reader, entry.id, reason="asked around")
    await durable.conductor().drain(patience=DAYS)

    expected = State.FILED_BY_HAND if by_hand else State.RETRACTED
    assert (State.DEAD_LETTER, expected) == (given_up.state, (await durable.outbox.get(entry.id)).state)
    assert (0, 0) == (durable.endpoint.summary()["finished"], durable.endpoint.summary()["open"])


async def _finish_in_doubt(stage: Stage, *, lost: bool) -> tuple[str, int]:
    entry = await stage.enqueue()
    fault = faults.lost_reply() if lost else faults.status(503)
    stage.endpoint.faults.script("finish", *[fault] * 8)
    await stage.conductor().deliver(entry.id)
    stage.endpoint.faults.clear()
    report_id = (await stage.outbox.get(entry.id)).checkpoint.report_id
    assert report_id is not None
    return entry.id, report_id


@pytest.mark.parametrize("lost", [False, True])
async def test_own_open_report_noted_as_filed_by_hand(durable: Stage, *, lost: bool) -> None:
    """The number of our own report, whose finish is in doubt: it is finished, never taken back on its own account."""
    entry_id, report_id = await _finish_in_doubt(durable, lost=lost)
    seal = durable.keys.checkpoint_seal()

    found = await file_by_hand(
        durable.conductor(),
        durable.outbox,
        seal,
        entry_id,
        report_id=report_id,
        reason="seen in the list",
        now=durable.clock.now(),
        regimes=(),
    )

    assert (State.ACKNOWLEDGED, report_id) == (found.state, found.report_id)
    assert 1 == durable.endpoint.summary()["finished"]


async def test_own_dead_report_noted_as_filed_by_hand(durable: Stage) -> None:
    """When our own report turns out to be gone, nobody has filed it by hand: the entry waits for a person."""
    entry_id, report_id = await _finish_in_doubt(durable, lost=False)
    durable.endpoint.clock.advance(DAYS)

    await file_by_hand(
        durable.conductor(),
        durable.outbox,
        durable.keys.checkpoint_seal(),
        entry_id,
        report_id=report_id,
        reason="seen in the list",
        now=durable.clock.now(),
        regimes=(),
    )

    found = await durable.outbox.get(entry_id)
    assert found.last_failure is not None
    assert (State.DEAD_LETTER, "not_filed_by_hand") == (found.state, found.last_failure.kind)


async def test_checkpoint_of_another_entry_vouched_for(durable: Stage) -> None:
    """Even a person cannot make one report two entries'."""
    filed = await durable.enqueue("filed")
    await durable.conductor().drain(patience=DAYS)
    other = await durable.enqueue("other")
    copy = "UPDATE entries SET checkpoint = (SELECT checkpoint FROM entries WHERE id = '{}') WHERE id = '{}'"
    _by_hand(durable, copy.format(filed.id, other.id))
    await durable.conductor().drain(patience=DAYS)

    with pytest.raises(ReportTakenError, match=filed.id):
        await vouch_for(durable.outbox, durable.keys.checkpoint_seal(), durable.reader, other.id, reason="looked at it")

    assert State.DEAD_LETTER is (await durable.outbox.get(other.id)).state


async def test_receipts_exchanged_by_hand(durable: Stage) -> None:
    """The receipt of another entry is not handed out as this one's."""
    entries = [await durable.enqueue(name) for name in ("one", "two")]
    await durable.conductor().drain(patience=DAYS)
    _by_hand(durable, "UPDATE acknowledgements SET receipt = (SELECT receipt FROM acknowledgements ORDER BY entry)")

    assert await receipt_bytes(durable.outbox, durable.keys, durable.vault, entries[0].id)
    with pytest.raises(EnvelopeError, match="its receipt does not open"):
        await receipt_bytes(durable.outbox, durable.keys, durable.vault, entries[1].id)


@pytest.mark.parametrize(
    "change",
    [
        """json_set(facts, '$.code', 5102)""",
        """json_set(facts, '$.file_set', 'confirmed')""",
        """json_set(facts, '$.reported_file_ids', json('["zz"]'))""",
    ],
)
async def test_acknowledgement_made_to_look_better(durable: Stage, change: str) -> None:
    """What the endpoint said is read from its own reply once more before anything is signed about it."""
    entry = await durable.enqueue()
    durable.endpoint.faults.script("finish", faults.more_files())
    # A single try leaves the receipt to whoever asks for it.
    await durable.conductor().deliver(entry.id)
    _by_hand(durable, f"UPDATE acknowledgements SET facts = {change}")  # noqa: S608 - a test's own

    with pytest.raises(EnvelopeError, match="the stored acknowledgement differs"):
        await receipt_bytes(durable.outbox, durable.keys, durable.vault, entry.id)


async def test_reply_replaced_by_one_that_says_the_same(durable: Stage) -> None:
    """The endpoint's own words are the legal notification: with another byte in them nothing is signed."""
    entry = await durable.enqueue()
    await durable.conductor().deliver(entry.id)
    _by_hand(durable, "UPDATE acknowledgements SET reply = CAST(reply || x'20' AS BLOB)")

    with pytest.raises(EnvelopeError, match="does not open"):
        await receipt_bytes(durable.outbox, durable.keys, durable.vault, entry.id)


async def test_key_and_digest_of_a_filed_entry_given_to_another(durable: Stage) -> None:
    """Handed in again, a submission is not called filed because a filed row was given its key."""
    filed = await durable.enqueue("filed")
    await durable.conductor().drain(patience=DAYS)
    waiting = await durable.enqueue("waiting", contents=())
    _by_hand(durable, f"UPDATE entries SET idempotency_key = 'aside' WHERE id = '{waiting.id}'")  # noqa: S608
    _by_hand(
        durable,
        f"UPDATE entries SET idempotency_key = '{waiting.idempotency_key}', "  # noqa: S608
        f"content_digest = '{waiting.content_digest}' WHERE id = '{filed.id}'",
    )

    with pytest.raises(EnvelopeError, match="is not believed"):
        await enqueue(
            sample_report("waiting"),
            [],
            idempotency_key=waiting.idempotency_key,
            outbox=durable.outbox,
            store=durable.store,
            keys=durable.keys,
            vault=durable.vault,
            profile=durable.profile,
            clock=durable.clock,
        )


@pytest.mark.parametrize("state", ["queued", "leased"])
async def test_time_that_a_wrong_clock_wrote(durable: Stage, state: str) -> None:
    """Nothing waits for fifty years: a wait or a lease that is longer than any counts as over."""
    entry = await durable.enqueue()
    far = "available_at + 50 * 365 * 86400 * 1000000"
    _by_hand(
        durable,
        f"UPDATE entries SET state = '{state}', available_at = {far}, lease_token = 'x', "  # noqa: S608
        f"lease_expires_at = {far}",
    )

    await durable.conductor().drain(patience=DAYS)

    assert State.ACKNOWLEDGED is (await durable.outbox.get(entry.id)).state
