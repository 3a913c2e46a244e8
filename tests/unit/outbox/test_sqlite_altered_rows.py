"""Rows that a person or a fault changed: recognised, set aside, never acted on by guess."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.contract.values import (
    FULL_CHECKPOINT,
    LANE,
    MINUTE,
    REPLY,
    acknowledge,
    acknowledgement,
    attempt,
    lease_of,
    new_entry,
)
from tipline_client.delivery.acknowledgement import AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.errors import IllegalTransitionError, OutboxError
from tipline_client.outbox import SqliteOutbox, UnreadableRowError
from tipline_client.outbox.rows import unreadable
from tipline_client.outbox.sqlite.driver import connect
from tipline_client.testing import TurnableClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


@pytest.fixture
async def outbox(path: Path) -> AsyncIterator[SqliteOutbox]:
    outbox = SqliteOutbox.open(path, clock=TurnableClock(), driver="apsw")
    yield outbox
    await outbox.close()


def _by_hand(path: Path, sql: str) -> None:
    connection = connect(path, driver="apsw", busy_timeout=1)
    connection.execute(sql)
    connection.close()


async def test_acknowledged_entry_set_back(outbox: SqliteOutbox, path: Path) -> None:
    """An acknowledged entry whose state was set back still says that it is filed, so that nobody files it again."""
    await acknowledge(outbox, await lease_of(outbox))

    _by_hand(path, "UPDATE entries SET state = 'queued'")

    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert (True, 4711) == (lease.entry.has_receipt, lease.entry.report_id)


async def test_acknowledged_entry_made_a_dead_letter(outbox: SqliteOutbox, path: Path) -> None:
    """What is filed is neither requeued nor withdrawn, whatever its state says."""
    await acknowledge(outbox, await lease_of(outbox))
    _by_hand(path, "UPDATE entries SET state = 'dead_letter'")

    with pytest.raises(IllegalTransitionError):
        await outbox.requeue("id-one", reason="again")
    _by_hand(path, "UPDATE entries SET state = 'queued'")
    with pytest.raises(IllegalTransitionError):
        await outbox.withdraw("id-one", reason="again")

    assert [] == await outbox.notes("id-one")


async def test_acknowledgement_erased(outbox: SqliteOutbox, path: Path) -> None:
    """An entry that says it is filed is nobody's to file by hand, although its acknowledgement is gone."""
    await acknowledge(outbox, await lease_of(outbox))
    _by_hand(path, "DELETE FROM acknowledgements")

    with pytest.raises(IllegalTransitionError, match="filed already, by this program"):
        await outbox.file_by_hand("id-one", report_id=77, reason="on the portal")

    assert State.ACKNOWLEDGED is (await outbox.get("id-one")).state


@pytest.mark.parametrize(("report_id", "alarms"), [(4711, 0), (4712, 1)])
async def test_second_acknowledgement(outbox: SqliteOutbox, path: Path, report_id: int, alarms: int) -> None:
    """The first acknowledgement stays on record; a second one of another report is an alarm, not a replacement."""
    await acknowledge(outbox, await lease_of(outbox))
    await outbox.store_receipt("id-one", b"receipt")
    _by_hand(path, "UPDATE entries SET state = 'queued'")
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await outbox.acknowledge(
        lease, Checkpoint(), acknowledgement(report_id), attempt(Outcome.ACKNOWLEDGED), reply=b"<second/>"
    )

    record = await outbox.acknowledgement("id-one")
    assert record is not None
    assert (4711, REPLY, b"receipt") == (record.acknowledgement.report_id, record.reply, record.receipt)
    assert 4711 == (await outbox.get("id-one")).report_id
    raised = await outbox.alarms()
    assert [AlarmKind.FINISHED_BY_ANOTHER] * alarms == [alarm.kind for alarm in raised]
    assert all(f"{report_id}" in alarm.text and "4711" in alarm.text for alarm in raised)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("checkpoint", "'coffee'"),
        ("checkpoint", """'{"report_id": "coffee mug"}'"""),
        ("checkpoint", """'{"report_id": 5, "opened_at": "9999-12-31T23:59:59Z"}'"""),
        ("checkpoint", """'{"report_id": 5, "opened_at": "2026-01-05T09:00:00"}'"""),
        ("last_failure", "'[]'"),
        ("enqueued_at", "9223372036854775807"),
        ("enqueued_at", str(-(2**62))),
        ("available_at", str(2**62)),
        ("attempts", "-1"),
        ("idempotency_key", "CAST(x'ff' AS TEXT)"),
    ],
)
async def test_unreadable_row(outbox: SqliteOutbox, path: Path, column: str, value: str) -> None:
    """A row that cannot be read back becomes a dead letter with an alarm and a try; the next in line is leased."""
    await outbox.enqueue(new_entry("one"))
    await outbox.enqueue(new_entry("two"))

    _by_hand(path, f"UPDATE entries SET {column} = {value} WHERE id = 'id-one'")  # noqa: S608 - the test's own

    leases = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    [alarm] = await outbox.alarms()
    [tried] = await outbox.attempts("id-one")
    failure = unreadable([column])
    assert (["id-two"], ("id-one",)) == ([lease.entry.id for lease in leases], leases.set_aside)
    assert ("id-one", AlarmKind.ENVELOPE_REFUSED, failure.text) == (alarm.entry_id, alarm.kind, alarm.text)
    assert (Outcome.REJECTED, failure, False) == (tried.outcome, tried.failure, tried.burns)
    assert 1 == (await outbox.count()).by_state[State.DEAD_LETTER]


async def test_unreadable_row_is_shown(outbox: SqliteOutbox, path: Path) -> None:
    """A damaged row is still listed, with what is left of it, and its damage is named instead of its content."""
    lease = await lease_of(outbox)
    await outbox.release(lease, FULL_CHECKPOINT, attempt(Outcome.TRANSIENT), available_in=timedelta(0))
    _by_hand(path, "UPDATE entries SET checkpoint = 'coffee mug'")

    [listed] = await outbox.list_entries()

    assert listed == await outbox.get("id-one")
    assert (Checkpoint(), ("checkpoint",)) == (listed.checkpoint, listed.unreadable)
    assert unreadable(["checkpoint"]) == listed.last_failure
    with pytest.raises(UnreadableRowError) as caught:
        await outbox.withdraw("id-one", reason="unknown progress")
    assert "mug" not in str(caught.value)
    assert caught.value.__context__ is None


async def test_lease_without_an_end(outbox: SqliteOutbox, path: Path) -> None:
    """An entry that was set to leased by hand is not locked out for ever."""
    await outbox.enqueue(new_entry())

    _by_hand(path, "UPDATE entries SET state = 'leased'")

    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert lease.was_taken_over


async def test_counts_after_changes_by_hand(outbox: SqliteOutbox, path: Path) -> None:
    """The kept numbers are right after rows were moved, added to and deleted by hand."""
    for name in ("one", "two", "three"):
        await outbox.enqueue(new_entry(name))

    _by_hand(path, "UPDATE entries SET state = 'held', environment = 'testing' WHERE id = 'id-one'")
    _by_hand(path, "DELETE FROM entries WHERE id = 'id-two'")

    counts = await outbox.count()
    assert (1, 1, 2) == (counts.by_state[State.HELD], counts.by_state[State.QUEUED], counts.waiting)


async def test_state_that_does_not_exist(outbox: SqliteOutbox, path: Path) -> None:
    """The table itself refuses a state or an environment that this program does not know."""
    await outbox.enqueue(new_entry())

    for change in (
        "UPDATE entries SET state = 'done'",
        "UPDATE entries SET environment = 'staging'",
        "UPDATE entries SET envelope = 'text'",
        "UPDATE entries SET is_escalated = 2",
    ):
        with pytest.raises(OutboxError):
            _by_hand(path, change)

    assert State.QUEUED is (await outbox.get("id-one")).state
