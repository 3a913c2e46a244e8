"""Rows that an operator's hand changed in the database file: nothing is sent, and somebody is told."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from tests.support.stage import DAYS, Stage
from tipline_client.delivery.acknowledgement import AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.states import State
from tipline_client.dispatch.delivering import deliver, requeue, withdraw
from tipline_client.dispatch.receipting import receipt_bytes
from tipline_client.dispatch.vouching import vouch_for
from tipline_client.envelope import KeyRing
from tipline_client.errors import ConfigurationError, DeliveryRejectedError, EnvelopeError, IllegalTransitionError
from tipline_client.mock import faults
from tipline_client.outbox.sqlite.driver import connect


def _by_hand(stage: Stage, sql: str) -> None:
    connection = connect(stage.folder / "outbox.sqlite", driver="apsw", busy_timeout=1)
    connection.execute(sql)
    connection.close()


async def _assert_refused(stage: Stage, entry_id: str, *, says: str) -> None:
    entry = await stage.outbox.get(entry_id)
    alarms = await stage.outbox.alarms(entry_id=entry_id, is_open=True)
    assert State.DEAD_LETTER == entry.state
    assert entry.last_failure is not None
    assert says in entry.last_failure.text
    assert [AlarmKind.ENVELOPE_REFUSED] == [alarm.kind for alarm in alarms]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("envelope = CAST(envelope || x'00' AS BLOB)", "was altered"),
        ("envelope = substr(envelope, 1, length(envelope) - 9)", ""),
        ("envelope = x'00'", ""),
        ("idempotency_key = 'case-other'", "idempotency key"),
        ("content_digest = 'other'", "content digest"),
        ("is_escalated = NOT is_escalated", "mark of escalation"),
        ("id = '" + "0" * 32 + "'", "data key"),
        ("data_key = 'mug'", "data key"),
        ("data_key = substr(data_key, 1, 70) || 'mugsandcups4' || substr(data_key, 83)", "data key"),
        ("data_key = ''", "erased"),
    ],
)
async def test_column_altered_by_hand(durable: Stage, change: str, says: str) -> None:
    """A row whose envelope or column was changed is refused with the reason and an alarm, and nothing is sent."""
    await durable.enqueue()
    _by_hand(durable, f"UPDATE entries SET {change}")  # noqa: S608 - the test's own statement

    await durable.conductor().drain(patience=DAYS)

    [entry] = await durable.outbox.list_entries()
    await _assert_refused(durable, entry.id, says=says)
    assert 0 == durable.endpoint.summary()["requests"]


async def test_mark_of_escalation_taken_away(durable: Stage) -> None:
    """Nor can an urgent report be put behind the others unnoticed."""
    await durable.enqueue(is_escalated=True)
    _by_hand(durable, "UPDATE entries SET is_escalated = 0")

    await durable.conductor().drain(patience=DAYS)

    [entry] = await durable.outbox.list_entries()
    await _assert_refused(durable, entry.id, says="the row's mark of escalation differs from what was signed")
    assert 0 == durable.endpoint.summary()["requests"]


async def test_profile_altered_by_hand(durable: Stage) -> None:
    """A row moved to another profile is refused by that one's dispatcher, and not waited for by its own."""
    entry = await durable.enqueue()
    _by_hand(durable, "UPDATE entries SET profile = 'other'")
    await durable.conductor().drain(patience=DAYS)
    untouched = await durable.outbox.get(entry.id)

    durable.profile = replace(durable.profile, name="other")
    await durable.conductor().drain(patience=DAYS)

    assert State.QUEUED == untouched.state
    await _assert_refused(durable, entry.id, says="profile")
    assert 0 == durable.endpoint.summary()["requests"]


async def test_environment_altered_by_hand(durable: Stage) -> None:
    """A row moved to another environment is refused there: a test filing never becomes a real one, nor the reverse."""
    entry = await durable.enqueue()
    _by_hand(durable, "UPDATE entries SET environment = 'testing'")
    durable.profile = replace(durable.profile, environment=Environment.TESTING)

    await durable.conductor().drain(patience=DAYS)

    await _assert_refused(durable, entry.id, says="environment")
    assert 0 == durable.endpoint.summary()["requests"]


@pytest.mark.parametrize("columns", ["envelope", "data_key", "envelope, data_key"])
async def test_envelopes_of_two_rows_swapped(durable: Stage, columns: str) -> None:
    """Two rows that exchanged their envelopes or keys are both refused: each is genuine, and in the wrong place."""
    entries = [await durable.enqueue(name) for name in ("one", "two")]
    for sql in (
        "CREATE TABLE held AS SELECT id, envelope, data_key FROM entries",
        f"UPDATE entries SET ({columns}) = (SELECT {columns} FROM held WHERE held.id <> entries.id)",  # noqa: S608
    ):
        _by_hand(durable, sql)

    await durable.conductor().drain(patience=DAYS)

    for entry in entries:
        await _assert_refused(durable, entry.id, says="was altered")
    assert 0 == durable.endpoint.summary()["requests"]


async def test_state_set_back_from_acknowledged(durable: Stage) -> None:
    """A filed entry whose state was set back is refused: its acknowledgement is still on record."""
    entry = await durable.enqueue()
    await durable.conductor().drain(patience=DAYS)
    requests = durable.endpoint.summary()["requests"]
    _by_hand(durable, "UPDATE entries SET state = 'queued'")

    await durable.conductor().drain(patience=DAYS)

    await _assert_refused(durable, entry.id, says="acknowledgement")
    assert (requests, 1) == (durable.endpoint.summary()["requests"], durable.endpoint.summary()["finished"])


async def test_key_that_is_no_longer_trusted(durable: Stage, tmp_path: Path) -> None:
    """An entry signed by a key that was distrusted is refused: that key is known, and is not to be believed."""
    entry = await durable.enqueue()
    signed_by = durable.keys.signer().key_id
    copytree(durable.keys.folder, tmp_path / "other-keys")
    durable.keys = KeyRing(tmp_path / "other-keys")
    durable.keys.generate()
    durable.keys.distrust(signed_by)

    with pytest.raises(DeliveryRejectedError):
        await deliver(durable.conductor(), durable.outbox, durable.keys, durable.vault, entry.id)

    await _assert_refused(durable, entry.id, says="")
    assert 0 == durable.endpoint.summary()["requests"]


async def test_altered_while_its_finish_is_in_doubt(durable: Stage) -> None:
    """An entry altered after its finish went out is given up with the word that it may have been filed."""
    entry = await durable.enqueue()
    durable.endpoint.faults.script("finish", *[faults.lost_reply() for _ in range(9)])
    await durable.conductor().drain(patience=timedelta(0))
    _by_hand(durable, "UPDATE entries SET idempotency_key = 'case-other'")

    await durable.conductor().drain(patience=DAYS)

    await _assert_refused(durable, entry.id, says="may have been filed")


async def test_entry_of_another_endpoint(durable: Stage) -> None:
    """A single delivery with the wrong profile is told so, and the entry stays where it is."""
    entry = await durable.enqueue()
    durable.profile = replace(durable.profile, name="other")

    with pytest.raises(ConfigurationError, match="not for this client's endpoint"):
        await deliver(durable.conductor(), durable.outbox, durable.keys, durable.vault, entry.id)

    assert State.QUEUED == (await durable.outbox.get(entry.id)).state


async def test_checkpoint_erased_while_its_finish_is_in_doubt(durable: Stage) -> None:
    """An entry whose record of the delivery was emptied is given up: starting over would file it twice."""
    entry = await durable.enqueue()
    durable.endpoint.faults.script("finish", *[faults.lost_reply() for _ in range(9)])
    await durable.conductor().drain(patience=timedelta(0))
    _by_hand(durable, "UPDATE entries SET checkpoint = '{}'")

    await durable.conductor().drain(patience=DAYS)

    await _assert_refused(durable, entry.id, says="was altered")
    assert (1, 0) == (durable.endpoint.summary()["finished"], durable.endpoint.summary()["open"])


async def test_checkpoints_of_two_rows_swapped(durable: Stage) -> None:
    """Two rows that exchanged their checkpoints are both given up: neither may get the other's report number."""
    durable.endpoint.faults.script("finish", *[faults.lost_reply() for _ in range(18)])
    entries = [await durable.enqueue(name) for name in ("one", "two")]
    await durable.conductor().drain(patience=timedelta(0))
    for sql in (
        "CREATE TABLE held AS SELECT id, checkpoint FROM entries",
        "UPDATE entries SET checkpoint = (SELECT held.checkpoint FROM held WHERE held.id <> entries.id)",
    ):
        _by_hand(durable, sql)

    await durable.conductor().drain(patience=DAYS)

    for entry in entries:
        await _assert_refused(durable, entry.id, says="another entry's")


async def test_altered_checkpoint_stays_as_it_was_found(durable: Stage) -> None:
    """What was refused is kept for whoever investigates, and gets no seal that would make it look like ours."""
    entry = await durable.enqueue()
    _by_hand(durable, 'UPDATE entries SET checkpoint = \'{"report_id":4711,"seal":"00"}\'')

    await durable.conductor().drain(patience=DAYS)

    assert Checkpoint(report_id=4711, seal="00") == (await durable.outbox.get(entry.id)).checkpoint


async def test_person_vouches_for_a_checkpoint(durable: Stage) -> None:
    """A dead letter with a broken seal is put back only when a person vouches for it, and is then settled as usual."""
    entry = await durable.enqueue()
    durable.endpoint.faults.script("finish", *[faults.lost_reply() for _ in range(9)])
    await durable.conductor().drain(patience=timedelta(0))
    _by_hand(durable, "UPDATE entries SET checkpoint = json_set(checkpoint, '$.seal', 'x')")
    await durable.conductor().drain(patience=DAYS)
    seal = durable.keys.checkpoint_seal()
    with pytest.raises(EnvelopeError, match="was altered"):
        await requeue(durable.outbox, seal, entry.id, reason="try again")

    await vouch_for(durable.outbox, seal, durable.reader, entry.id, reason="seen on the portal")
    await durable.conductor().drain(patience=DAYS)

    assert State.ACKNOWLEDGED == (await durable.outbox.get(entry.id)).state
    assert (1, 0) == (durable.endpoint.summary()["finished"], durable.endpoint.summary()["duplicates"])
    assert ["requeued: checkpoint accepted: seen on the portal"] == [
        text for _, text in await durable.outbox.notes(entry.id)
    ]


class _Late:
    """An outbox in which a requeue happens only after something else has."""

    def __init__(self, stage: Stage, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._outbox = stage.outbox
        self._meanwhile = meanwhile

    def __getattr__(self, name: str) -> object:
        return getattr(self._outbox, name)

    async def requeue(self, entry_id: str, **said: Any) -> Entry:
        await self._meanwhile()
        return await self._outbox.requeue(entry_id, **said)


async def test_two_people_vouch_at_once(durable: Stage) -> None:
    """Whoever comes second cannot bring back the record from before the finish that was sent in between."""
    entry = await durable.enqueue()
    seal = durable.keys.checkpoint_seal()
    break_seal = "UPDATE entries SET checkpoint = json_set(checkpoint, '$.seal', 'x')"
    _by_hand(durable, break_seal)
    await durable.conductor().drain(patience=DAYS)

    async def other_person_and_a_finish_in_doubt() -> None:
        await vouch_for(durable.outbox, seal, durable.reader, entry.id, reason="the other")
        durable.endpoint.faults.script("finish", *[faults.lost_reply() for _ in range(9)])
        await durable.conductor().drain(patience=timedelta(0))
        durable.endpoint.faults.clear()
        _by_hand(durable, break_seal)
        await durable.conductor().drain(patience=DAYS)

    late: Any = _Late(durable, other_person_and_a_finish_in_doubt)
    with pytest.raises(IllegalTransitionError, match="has changed since it was looked at"):
        await vouch_for(late, seal, durable.reader, entry.id, reason="looked")

    await vouch_for(durable.outbox, seal, durable.reader, entry.id, reason="looked again")
    await durable.conductor().drain(patience=DAYS)
    assert State.ACKNOWLEDGED == (await durable.outbox.get(entry.id)).state
    assert (1, 0) == (durable.endpoint.summary()["finished"], durable.endpoint.summary()["duplicates"])


async def test_withdrawal_of_an_entry_whose_checkpoint_was_erased(durable: Stage) -> None:
    """Nobody is told "proven not filed" on the word of a checkpoint that was altered."""
    entry = await durable.enqueue()
    durable.endpoint.faults.script("finish", *[faults.lost_reply() for _ in range(9)])
    await durable.conductor().drain(patience=timedelta(0))
    _by_hand(durable, "UPDATE entries SET checkpoint = '{}'")

    with pytest.raises(EnvelopeError, match="was altered"):
        await withdraw(durable.outbox, durable.keys.checkpoint_seal(), entry.id, reason="wrong account")

    assert State.QUEUED == (await durable.outbox.get(entry.id)).state


async def test_filed_entry_made_to_look_unfiled(durable: Stage) -> None:
    """State set back and acknowledgement erased: the record of the delivery leads to the same report, not another."""
    entry = await durable.enqueue()
    await durable.conductor().drain(patience=DAYS)
    for sql in ("DELETE FROM acknowledgements", "UPDATE entries SET state = 'queued'"):
        _by_hand(durable, sql)

    await durable.conductor().drain(patience=DAYS)

    assert State.ACKNOWLEDGED == (await durable.outbox.get(entry.id)).state
    assert (1, 1) == (durable.endpoint.summary()["finished"], len(durable.endpoint.reports()))


ORPHAN = '{"since": "2026-01-05T09:00:00Z", "lapses_at": "2026-01-06T09:00:00Z"}'


@pytest.mark.parametrize(
    "change",
    [
        "reply = x'00'",
        "facts = json_set(facts, '$.report_id', 1)",
        "facts = json_set(facts, '$.acknowledged_at', '2020-01-01T00:00:00Z')",
        "facts = json_set(facts, '$.files', json('[]'))",
        "facts = json_set(facts, '$.exchanges[0].request_id', 'another')",
        f"facts = json_set(facts, '$.orphans', json('[{ORPHAN}]'))",
    ],
)
async def test_acknowledgement_altered_before_its_receipt(durable: Stage, change: str) -> None:
    """No receipt is signed on an acknowledgement that is not the one the delivery ended with."""
    entry = await durable.enqueue()
    await durable.conductor().drain(patience=DAYS)
    _by_hand(durable, f"UPDATE acknowledgements SET receipt = NULL, {change}")  # noqa: S608 - the test's own statement

    with pytest.raises(EnvelopeError, match=r"differs from the record|does not open"):
        await receipt_bytes(durable.outbox, durable.keys, durable.vault, entry.id)


async def test_acknowledgement_and_checkpoint_altered_alike(durable: Stage) -> None:
    """What agrees with a record that has no good seal is not signed either."""
    entry = await durable.enqueue()
    await durable.conductor().drain(patience=DAYS)
    change = "json_set({}, '$.exchanges[0].request_id', 'another')"
    _by_hand(durable, f"UPDATE acknowledgements SET receipt = NULL, facts = {change.format('facts')}")  # noqa: S608
    _by_hand(durable, f"UPDATE entries SET checkpoint = {change.format('checkpoint')}")  # noqa: S608

    with pytest.raises(EnvelopeError, match="was altered"):
        await receipt_bytes(durable.outbox, durable.keys, durable.vault, entry.id)


@pytest.mark.parametrize("change", ["environment = 'testing'", "profile = 'other'", "idempotency_key = 'another'"])
async def test_filed_entry_renamed_or_moved(durable: Stage, change: str) -> None:
    """A receipt is handed out for the entry that it names alone: as it was called, and where it was filed."""
    entry = await durable.enqueue()
    await durable.conductor().drain(patience=DAYS)
    assert await receipt_bytes(durable.outbox, durable.keys, durable.vault, entry.id)
    _by_hand(durable, f"UPDATE entries SET {change}")  # noqa: S608 - the test's own statement

    with pytest.raises(EnvelopeError, match="another entry's"):
        await receipt_bytes(durable.outbox, durable.keys, durable.vault, entry.id)
