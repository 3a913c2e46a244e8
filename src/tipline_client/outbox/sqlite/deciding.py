"""What people decide about an entry: withdraw, file by hand, put back, close an alarm; and its receipt, once signed.

Functions over an open transaction. Nothing here needs a lease.
"""

from collections.abc import Sequence
from hashlib import sha256

from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.events import (
    AlarmClosed,
    ReceiptSigned,
    digest_of,
)
from tipline_client.delivery.hold import HoldTerms
from tipline_client.delivery.states import State
from tipline_client.errors import IllegalTransitionError
from tipline_client.outbox import by_hand, rules
from tipline_client.outbox.columns import microseconds
from tipline_client.outbox.rows import checkpoint_columns, entry_of, shown_alarm, shown_entry, stored_bytes
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.driver import Row
from tipline_client.outbox.sqlite.holding import open_holds
from tipline_client.outbox.sqlite.leasing import check_nobody_elses
from tipline_client.outbox.sqlite.writing import Writing

__all__ = ["close_alarm", "file_by_hand", "requeue", "store_receipt", "withdraw"]


def withdraw(writing: Writing, entry_id: str, *, reason: str) -> Entry:
    """Ask that an entry not be filed; see `Outbox.withdraw`."""
    row = _row(writing, entry_id)
    entry = entry_of(row)
    if entry.state is State.RETRACTED:
        return entry
    rules.check_withdrawable(entry)
    state = rules.state_when_withdrawn(entry)
    writing.execute(
        statements.WITHDRAW,
        {"number": row[0], "reason": reason, "now": microseconds(writing.now), "state": state.value},
    )
    _note(writing, row, f"withdrawn: {reason}")
    for what in rules.happenings_of_withdrawal(entry, state, reason):
        writing.tell(row[0], what)
    return entry_of(_row(writing, entry_id))


def file_by_hand(
    writing: Writing,
    entry_id: str,
    *,
    report_id: int,
    reason: str,
    is_believed: bool,
    holds: Sequence[HoldTerms],
) -> Entry:
    """Record that a person filed the report; see `Outbox.file_by_hand`."""
    row = _row(writing, entry_id)
    entry = entry_of(row)
    state = by_hand.state_when_filed_by_hand(entry, report_id, is_believed=is_believed)
    if state is None:
        return entry
    check_nobody_elses(writing, entry_id, report_id)
    decided = {"report_id": str(report_id), "reason": reason, "state": state.value}
    writing.execute(statements.FILE_BY_HAND, {"number": row[0], "now": microseconds(writing.now), **decided})
    _note(writing, row, f"filed by hand as report {report_id}: {reason}")
    for what in by_hand.happenings_of_hand_filing(entry, state, report_id, reason):
        writing.tell(row[0], what)
    open_holds(writing, row[0], by_hand.holds_of_hand_filing(entry, state, holds))
    return entry_of(_row(writing, entry_id))


def requeue(
    writing: Writing, entry_id: str, *, reason: str, checkpoint: Checkpoint | None, content_digest: str | None
) -> Entry:
    """Put a dead letter back in the line; see `Outbox.requeue`."""
    row = _row(writing, entry_id)
    entry = entry_of(row)
    rules.check_requeueable(entry)
    resuming = rules.checkpoint_to_resume(entry, checkpoint)
    check_nobody_elses(writing, entry_id, resuming.report_id)
    resumed = {"content_digest": content_digest or entry.content_digest, **checkpoint_columns(resuming)}
    writing.execute(statements.REQUEUE, {"number": row[0], "now": microseconds(writing.now), **resumed})
    _note(writing, row, f"requeued: {reason}")
    for what in rules.happenings_of_requeue(entry, reason, is_vouched_for=checkpoint is not None):
        writing.tell(row[0], what)
    return entry_of(_row(writing, entry_id))


def store_receipt(writing: Writing, entry_id: str, receipt: bytes) -> bytes:
    """Keep the first receipt; see `Outbox.store_receipt`."""
    for [number] in writing.execute(statements.KEEP_RECEIPT, {"id": entry_id, "receipt": receipt}):
        writing.tell(number, ReceiptSigned(sha256(receipt).hexdigest()))
    for *_, kept in writing.execute(statements.RECORDED_ACKNOWLEDGEMENT, {"id": entry_id}):
        return stored_bytes(kept, what=f"the receipt of entry {entry_id}")
    state = shown_entry(_row(writing, entry_id)).state
    raise IllegalTransitionError(f"entry {entry_id} is {state}: there is nothing to receipt")


def close_alarm(writing: Writing, alarm_id: int, *, note: str) -> Alarm:
    """Record that a person looked; see `Outbox.close_alarm`."""
    rows = writing.execute(statements.ALARM, {"number": alarm_id})
    if not rows:
        raise rules.no_alarm(alarm_id)
    if shown_alarm(rows[0]).closed_at is not None:
        raise IllegalTransitionError(f"alarm {alarm_id} is closed already")
    writing.execute(statements.CLOSE_ALARM, {"number": alarm_id, "note": note, "now": microseconds(writing.now)})
    [[entry]] = writing.execute(statements.ENTRY_OF_ALARM, {"number": alarm_id})
    writing.tell(entry, AlarmClosed(alarm_id, digest_of(note)))
    [row] = writing.execute(statements.ALARM, {"number": alarm_id})
    return shown_alarm(row)


def _row(writing: Writing, entry_id: str) -> Row:
    rows = writing.execute(statements.ENTRY_BY_ID, {"id": entry_id})
    if not rows:
        raise rules.no_entry(entry_id)
    return rows[0]


def _note(writing: Writing, row: Row, text: str) -> None:
    writing.execute(statements.ADD_NOTE, {"entry": row[0], "text": text, "now": microseconds(writing.now)})
