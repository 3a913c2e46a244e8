"""What people decide about an entry: withdraw, file by hand, put back, close an alarm; and its receipt, once signed.

Nothing here needs a lease. Each verb needs a transaction, in which the row is locked before it is looked at.
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
from tipline_client.envelope import HistoryChain
from tipline_client.errors import IllegalTransitionError
from tipline_client.outbox import by_hand, rules
from tipline_client.outbox.postgres import questions, statements
from tipline_client.outbox.postgres.conversation import Conversation, Row, Value
from tipline_client.outbox.postgres.holding import locked, open_holds
from tipline_client.outbox.postgres.leasing import check_nobody_elses
from tipline_client.outbox.postgres.telling import tell
from tipline_client.outbox.rows import checkpoint_columns, entry_of, shown_alarm, shown_entry, stored_bytes

__all__ = ["close_alarm", "file_by_hand", "requeue", "store_receipt", "withdraw"]


def withdraw(entry_id: str, *, reason: str, chain: HistoryChain, now: int | None) -> Conversation[Entry]:
    """Ask that an entry not be filed; see `Outbox.withdraw`."""
    row = yield from locked(entry_id)
    entry = entry_of(row)
    if entry.state is State.RETRACTED:
        return entry
    rules.check_withdrawable(entry)
    state = rules.state_when_withdrawn(entry)
    [[at]] = yield statements.WITHDRAW, {"number": row[0], "reason": reason, "state": state.value, "now": now}
    yield statements.ADD_NOTE, {"entry": row[0], "text": f"withdrawn: {reason}", "now": at}
    yield from tell(chain, row[0], *rules.happenings_of_withdrawal(entry, state, reason), now=at)
    return (yield from _changed(row))


def file_by_hand(
    entry_id: str,
    *,
    report_id: int,
    reason: str,
    is_believed: bool,
    holds: Sequence[HoldTerms],
    chain: HistoryChain,
    now: int | None,
) -> Conversation[Entry]:
    """Record that a person filed the report; see `Outbox.file_by_hand`."""
    row = yield from locked(entry_id)
    entry = entry_of(row)
    state = by_hand.state_when_filed_by_hand(entry, report_id, is_believed=is_believed)
    if state is None:
        return entry
    yield from check_nobody_elses(entry_id, report_id)
    decided: dict[str, Value] = {"report_id": str(report_id), "reason": reason, "state": state.value}
    [[at]] = yield statements.FILE_BY_HAND, {"number": row[0], "now": now, **decided}
    yield statements.ADD_NOTE, {"entry": row[0], "text": f"filed by hand as report {report_id}: {reason}", "now": at}
    happenings = by_hand.happenings_of_hand_filing(entry, state, report_id, reason)
    opened = yield from open_holds(row[0], by_hand.holds_of_hand_filing(entry, state, holds))
    yield from tell(chain, row[0], *happenings, *opened, now=at)
    return (yield from _changed(row))


def requeue(
    entry_id: str,
    *,
    reason: str,
    checkpoint: Checkpoint | None,
    content_digest: str | None,
    chain: HistoryChain,
    now: int | None,
) -> Conversation[Entry]:
    """Put a dead letter back in the line; see `Outbox.requeue`."""
    row = yield from locked(entry_id)
    entry = entry_of(row)
    rules.check_requeueable(entry)
    resuming = rules.checkpoint_to_resume(entry, checkpoint)
    yield from check_nobody_elses(entry_id, resuming.report_id)
    resumed = {"content_digest": content_digest or entry.content_digest, **checkpoint_columns(resuming)}
    [[at]] = yield statements.REQUEUE, {"number": row[0], "now": now, **resumed}
    yield statements.ADD_NOTE, {"entry": row[0], "text": f"requeued: {reason}", "now": at}
    happenings = rules.happenings_of_requeue(entry, reason, is_vouched_for=checkpoint is not None)
    yield from tell(chain, row[0], *happenings, now=at)
    return (yield from _changed(row))


def store_receipt(entry_id: str, receipt: bytes, *, chain: HistoryChain, now: int | None) -> Conversation[bytes]:
    """Keep the first receipt; see `Outbox.store_receipt`."""
    yield statements.LOCK_ENTRY, {"id": entry_id}
    for [number] in (yield statements.KEEP_RECEIPT, {"id": entry_id, "receipt": receipt}):
        yield from tell(chain, number, ReceiptSigned(sha256(receipt).hexdigest()), now=now)
    for *_, kept in (yield questions.RECORDED_ACKNOWLEDGEMENT, {"id": entry_id}):
        return stored_bytes(kept, what=f"the receipt of entry {entry_id}")
    rows = yield questions.ENTRY_BY_ID, {"id": entry_id}
    if not rows:
        raise rules.no_entry(entry_id)
    raise IllegalTransitionError(f"entry {entry_id} is {shown_entry(rows[0]).state}: there is nothing to receipt")


def close_alarm(alarm_id: int, *, note: str, chain: HistoryChain, now: int | None) -> Conversation[Alarm]:
    """Record that a person looked; see `Outbox.close_alarm`."""
    locked = yield statements.LOCK_ALARM, {"number": alarm_id}
    rows = yield questions.ALARM, {"number": alarm_id}
    if not rows:
        raise rules.no_alarm(alarm_id)
    if shown_alarm(rows[0]).closed_at is not None:
        raise IllegalTransitionError(f"alarm {alarm_id} is closed already")
    yield statements.CLOSE_ALARM, {"number": alarm_id, "note": note, "now": now}
    yield from tell(chain, locked[0][0], AlarmClosed(alarm_id, digest_of(note)), now=now)
    [row] = yield questions.ALARM, {"number": alarm_id}
    return shown_alarm(row)


def _changed(row: Row) -> Conversation[Entry]:
    [changed] = yield questions.ENTRY_BY_NUMBER, {"number": row[0]}
    return entry_of(changed)
