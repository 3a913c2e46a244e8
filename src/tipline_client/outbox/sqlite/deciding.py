"""What people decide about an entry: withdraw it, put it back, close an alarm; and the receipt that is signed for it.

Functions over `execute` in an open transaction. Nothing here needs a lease.
"""

from datetime import datetime

from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.states import State
from tipline_client.errors import IllegalTransitionError
from tipline_client.outbox import rules
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.columns import microseconds
from tipline_client.outbox.sqlite.driver import Execute, Row
from tipline_client.outbox.sqlite.rows import checkpoint_columns, entry_of, shown_alarm, stored_bytes

__all__ = ["close_alarm", "requeue", "store_receipt", "withdraw"]


def withdraw(execute: Execute, entry_id: str, *, reason: str, now: datetime) -> Entry:
    """Ask that an entry not be filed; see `Outbox.withdraw`."""
    row = _row(execute, entry_id)
    entry = entry_of(row)
    if entry.state is State.RETRACTED:
        return entry
    rules.check_withdrawable(entry)
    is_ended = entry.state is not State.LEASED and rules.is_untouched(entry.checkpoint)
    state = State.RETRACTED if is_ended else entry.state
    execute(
        statements.WITHDRAW,
        {"number": row[0], "reason": reason, "now": microseconds(now), "state": state.value},
    )
    _note(execute, row, f"withdrawn: {reason}", now)
    return entry_of(_row(execute, entry_id))


def requeue(execute: Execute, entry_id: str, *, reason: str, checkpoint: Checkpoint | None, now: datetime) -> Entry:
    """Put a dead letter back in the line; see `Outbox.requeue`."""
    row = _row(execute, entry_id)
    entry = entry_of(row)
    rules.check_requeueable(entry)
    resumed = checkpoint_columns(checkpoint or entry.checkpoint)
    execute(statements.REQUEUE, {"number": row[0], "now": microseconds(now), **resumed})
    _note(execute, row, f"requeued: {reason}", now)
    return entry_of(_row(execute, entry_id))


def store_receipt(execute: Execute, entry_id: str, receipt: bytes) -> bytes:
    """Keep the first receipt; see `Outbox.store_receipt`."""
    for [kept] in execute(statements.KEEP_RECEIPT, {"id": entry_id, "receipt": receipt}):
        return stored_bytes(kept, what=f"the receipt of entry {entry_id}")
    state = _row(execute, entry_id)[8]
    raise IllegalTransitionError(f"entry {entry_id} is {state}: there is nothing to receipt")


def close_alarm(execute: Execute, alarm_id: int, *, note: str, now: datetime) -> Alarm:
    """Record that a person looked; see `Outbox.close_alarm`."""
    rows = execute(statements.ALARM, {"number": alarm_id})
    if not rows:
        raise rules.no_alarm(alarm_id)
    if shown_alarm(rows[0]).closed_at is not None:
        raise IllegalTransitionError(f"alarm {alarm_id} is closed already")
    execute(statements.CLOSE_ALARM, {"number": alarm_id, "note": note, "now": microseconds(now)})
    [row] = execute(statements.ALARM, {"number": alarm_id})
    return shown_alarm(row)


def _row(execute: Execute, entry_id: str) -> Row:
    rows = execute(statements.ENTRY_BY_ID, {"id": entry_id})
    if not rows:
        raise rules.no_entry(entry_id)
    return rows[0]


def _note(execute: Execute, row: Row, text: str, now: datetime) -> None:
    execute(statements.ADD_NOTE, {"entry": row[0], "text": text, "now": microseconds(now)})
