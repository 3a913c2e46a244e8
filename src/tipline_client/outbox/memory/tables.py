"""What the store in memory keeps, and each change of it: who may make it, what follows, which lines it leaves.

It knows neither the lock nor the clock: whoever calls holds the one and says what time it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.entry import Entry, Lease, NewEntry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import (
    AlarmClosed,
    AlarmRaised,
    EntryHeld,
    EntryQueued,
    EntryReleased,
    Happening,
    ReceiptSigned,
    digest_of,
)
from tipline_client.delivery.hold import Hold, HoldTerms
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain
from tipline_client.errors import IllegalTransitionError
from tipline_client.outbox import by_hand, keeping, rules
from tipline_client.outbox.columns import HORIZON
from tipline_client.outbox.contract import AcknowledgementRecord, Lane
from tipline_client.outbox.memory.history import MemoryHistory
from tipline_client.outbox.memory.rows import StoredEntry
from tipline_client.outbox.switching import HELD_NOTE, backlog_ends_at

__all__ = ["Tables"]


class Tables:
    """Entries, alarms and history.

    Args:
        chain: Links the lines of the history.

    Attributes:
        rows: The entries by id, in the order of their enqueueing.
        by_key: The same by profile, environment and idempotency key.
        alarms: All of them, the first with the number 1.
        holds: All of them, the first with the number 1.
        served: When each lane was last served.
        history: What happened.
    """

    def __init__(self, chain: HistoryChain) -> None:
        self.rows: dict[str, StoredEntry] = {}
        self.by_key: dict[tuple[str, Environment, str], StoredEntry] = {}
        self.alarms: list[Alarm] = []
        self.holds: list[Hold] = []
        self.served: dict[Lane, datetime] = {}
        self.history = MemoryHistory(chain)

    def row(self, entry_id: str) -> StoredEntry:
        """The row with this id.

        Raises:
            EntryNotFoundError: There is none.
        """
        row = self.rows.get(entry_id)
        if row is None:
            raise rules.no_entry(entry_id)
        return row

    def enqueue(self, new: NewEntry, *, held: bool, now: datetime) -> tuple[Entry, bool]:
        """See `Outbox.enqueue`."""
        key = (new.profile, new.environment, new.idempotency_key)
        if row := self.by_key.get(key):
            rules.check_same_content(row.entry, new)
            return row.entry, False
        if new.id in self.rows:
            raise rules.id_in_use(new)
        row = StoredEntry.of(new, number=len(self.rows), held=held, now=now)
        self.rows[new.id] = self.by_key[key] = row
        self.tell(row, EntryQueued(new.content_digest, is_held=held), now=now)
        return row.entry, True

    def serve(self, lane: Lane, *, now: datetime) -> int:
        """See `Outbox.serve`."""
        switched_at = backlog_ends_at(lane, self.served, now=now)
        held = 0
        if switched_at is not None:
            for row in self.rows.values():
                is_waiting = row.entry.available_at < switched_at and row.is_due(now, is_asked_for=True)
                if row.lane == lane and is_waiting and rules.is_untouched(row.entry.checkpoint):
                    row.token, row.expires_at = "", None
                    row.entry = replace(row.entry, state=State.HELD)
                    row.notes.append((now, HELD_NOTE))
                    self.tell(row, EntryHeld(), now=now)
                    held += 1
        self.served[lane] = max(now, self.served.get(lane, now))
        return held

    def tell_deadlines(self, lane: Lane, *, deadline: Deadline, limit: int, now: datetime) -> tuple[str, ...]:
        """See `Outbox.tell_deadlines`."""
        before = deadline.began_before(now)
        near = [
            row
            for row in self.rows.values()
            if row.lane == lane and not row.entry.state.is_terminal and not row.is_warned
            if row.entry.clock_began_at <= before
        ]
        near.sort(key=lambda row: (row.entry.clock_began_at, row.number))
        for row in near[:limit]:
            row.is_warned = True
            self.tell(row, deadline.near(row.entry.clock_began_at), now=now)
        return tuple(row.entry.id for row in near[:limit])

    def let_go(self, entry_id: str, *, reason: str, now: datetime) -> Entry:
        """See `Outbox.let_go`."""
        row = self.row(entry_id)
        rules.check_held(row.entry)
        row.entry = replace(row.entry, state=State.QUEUED, available_at=now)
        row.notes.append((now, f"let go: {reason}"))
        self.tell(row, EntryReleased(digest_of(reason)), now=now)
        return row.entry

    def fenced(self, lease: Lease, *, now: datetime) -> StoredEntry:
        """The row of a lease that is live.

        Raises:
            LeaseLostError: It is not.
        """
        row = self.rows.get(lease.entry.id)
        is_live = (
            row is not None
            and row.entry.state is State.LEASED
            and row.token == lease.token
            and row.expires_at is not None
            and row.expires_at > now
        )
        if row is None or not is_live:
            raise rules.lease_lost(lease)
        return row

    def renew(self, lease: Lease, *, lease_for: timedelta, now: datetime) -> Lease:
        """See `Outbox.renew`."""
        row = self.fenced(lease, now=now)
        row.expires_at = now + lease_for
        return replace(lease, expires_at=row.expires_at)

    def record(self, lease: Lease, checkpoint: Checkpoint, *, replies: Sequence[bytes], now: datetime) -> None:
        """See `Outbox.record`."""
        row = self.fenced(lease, now=now)
        self.check_nobody_elses(row, checkpoint.report_id)
        row.entry, row.holds_report = replace(row.entry, checkpoint=checkpoint), checkpoint.report_id
        row.replies += replies

    def check_nobody_elses(self, row: StoredEntry, report_id: int | None) -> None:
        """Let a report pass unless it is another entry's.

        Raises:
            ReportTakenError: It is.
        """
        if report_id is None:
            return
        for other in self.rows.values():
            held = (other.holds_report, other.entry.filed_by_hand_as)
            if other is not row and other.lane == row.lane and report_id in held:
                raise rules.report_taken(row.entry.id, report_id, by=other.entry.id)

    def end_lease(
        self,
        lease: Lease,
        state: State,
        checkpoint: Checkpoint,
        attempt: Attempt,
        *,
        replies: Sequence[bytes],
        now: datetime,
    ) -> StoredEntry:
        """Give a live lease up and its entry another state; the entry's row."""
        row = self.fenced(lease, now=now)
        if state is State.QUEUED:
            self.check_nobody_elses(row, checkpoint.report_id)
            row.holds_report = checkpoint.report_id
        row.end_lease(state, checkpoint, attempt)
        row.replies += replies
        for what in rules.happenings_of_ending(state, attempt, lease.entry):
            self.tell(row, what, now=now)
        return row

    def release(
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        attempt: Attempt,
        *,
        available_in: timedelta,
        replies: Sequence[bytes],
        now: datetime,
    ) -> None:
        """See `Outbox.release`."""
        row = self.end_lease(lease, State.QUEUED, checkpoint, attempt, replies=replies, now=now)
        row.entry = replace(row.entry, available_at=now + min(available_in, HORIZON))

    def acknowledge(
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        acknowledgement: Acknowledgement,
        attempt: Attempt,
        *,
        reply: bytes,
        replies: Sequence[bytes],
        alarms: Sequence[Alarm],
        holds: Sequence[HoldTerms],
        now: datetime,
    ) -> None:
        """See `Outbox.acknowledge`."""
        row = self.end_lease(lease, State.ACKNOWLEDGED, checkpoint, attempt, replies=replies, now=now)
        self.tell(row, rules.acknowledged(acknowledgement, reply), now=now)
        # No move of this store leads back from here, so there is never an earlier record to keep.
        row.record = AcknowledgementRecord(row.entry.id, acknowledgement, reply)
        row.entry = replace(
            row.entry,
            report_id=acknowledgement.report_id,
            acknowledged_at=acknowledgement.acknowledged_at,
            last_failure=None,
            has_receipt=True,
        )
        twice = by_hand.filed_twice_alarm(lease.entry, acknowledgement, raised_at=now)
        self._raise_alarms(row, (*alarms, *twice), now=now)
        self.open_holds(row, holds, now=now)

    def dead_letter(
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        attempt: Attempt,
        *,
        reply: bytes,
        replies: Sequence[bytes],
        alarms: Sequence[Alarm],
        now: datetime,
    ) -> None:
        """See `Outbox.dead_letter`."""
        row = self.end_lease(lease, State.DEAD_LETTER, checkpoint, attempt, replies=replies, now=now)
        row.rejected_reply = reply
        self._raise_alarms(row, alarms, now=now)

    def withdraw(self, entry_id: str, *, reason: str, now: datetime) -> Entry:
        """See `Outbox.withdraw`."""
        row = self.row(entry_id)
        if row.entry.state is State.RETRACTED:
            return row.entry
        rules.check_withdrawable(row.entry)
        before, state = row.entry, rules.state_when_withdrawn(row.entry)
        row.notes.append((now, f"withdrawn: {reason}"))
        row.decide(state, now=now, withdrawal_reason=reason)
        for what in rules.happenings_of_withdrawal(before, state, reason):
            self.tell(row, what, now=now)
        return row.entry

    def file_by_hand(
        self,
        entry_id: str,
        *,
        report_id: int,
        reason: str,
        is_believed: bool,
        holds: Sequence[HoldTerms],
        now: datetime,
    ) -> Entry:
        """See `Outbox.file_by_hand`."""
        row = self.row(entry_id)
        before = row.entry
        state = by_hand.state_when_filed_by_hand(before, report_id, is_believed=is_believed)
        if state is None:
            return before
        self.check_nobody_elses(row, report_id)
        row.notes.append((now, f"filed by hand as report {report_id}: {reason}"))
        row.decide(state, now=now, withdrawal_reason=reason, filed_by_hand_as=report_id)
        for what in by_hand.happenings_of_hand_filing(before, state, report_id, reason):
            self.tell(row, what, now=now)
        self.open_holds(row, by_hand.holds_of_hand_filing(before, state, holds), now=now)
        return row.entry

    def requeue(
        self, entry_id: str, *, reason: str, checkpoint: Checkpoint | None, content_digest: str | None, now: datetime
    ) -> Entry:
        """See `Outbox.requeue`."""
        row = self.row(entry_id)
        rules.check_requeueable(row.entry)
        resumed = rules.checkpoint_to_resume(row.entry, checkpoint)
        self.check_nobody_elses(row, resumed.report_id)
        row.notes.append((now, f"requeued: {reason}"))
        digest = content_digest or row.entry.content_digest
        row.entry = replace(row.entry, state=State.QUEUED, content_digest=digest, checkpoint=resumed, available_at=now)
        row.holds_report = resumed.report_id
        for what in rules.happenings_of_requeue(row.entry, reason, is_vouched_for=checkpoint is not None):
            self.tell(row, what, now=now)
        return row.entry

    def store_receipt(self, entry_id: str, receipt: bytes, *, now: datetime) -> bytes:
        """See `Outbox.store_receipt`."""
        row = self.row(entry_id)
        if row.record is None:
            raise IllegalTransitionError(f"entry {entry_id} is {row.entry.state}: there is nothing to receipt")
        if row.record.receipt is None:
            row.record = replace(row.record, receipt=receipt)
            self.tell(row, ReceiptSigned(sha256(receipt).hexdigest()), now=now)
        return row.record.receipt or b""

    def close_alarm(self, alarm_id: int, *, note: str, now: datetime) -> Alarm:
        """See `Outbox.close_alarm`."""
        if not 1 <= alarm_id <= len(self.alarms):
            raise rules.no_alarm(alarm_id)
        alarm = self.alarms[alarm_id - 1]
        if alarm.closed_at is not None:
            raise IllegalTransitionError(f"alarm {alarm_id} is closed already")
        closed = replace(alarm, closed_at=now, closed_note=note)
        self.alarms[alarm_id - 1] = closed
        self.tell(self.rows[alarm.entry_id], AlarmClosed(alarm_id, digest_of(note)), now=now)
        return closed

    def open_holds(self, row: StoredEntry, holds: Sequence[HoldTerms], *, now: datetime) -> None:
        """Open the holds of a filing."""
        for terms in holds:
            self.tell(row, keeping.opened(self.add_hold(row, terms).id, terms), now=now)

    def add_hold(self, row: StoredEntry, terms: HoldTerms) -> Hold:
        """Add a hold; whoever calls tells of it."""
        hold = Hold(
            len(self.holds) + 1,
            row.entry.id,
            terms.regime,
            terms.part,
            terms.reason,
            terms.began_at,
            terms.ends_at,
            terms.is_limit,
        )
        self.holds.append(hold)
        return hold

    def holds_of(self, entry_id: str) -> list[Hold]:
        """All holds of an entry, in the order in which they were opened."""
        return [hold for hold in self.holds if hold.entry_id == entry_id]

    def _raise_alarms(self, row: StoredEntry, alarms: Sequence[Alarm], *, now: datetime) -> None:
        for alarm in alarms:
            self.alarms.append(replace(alarm, id=len(self.alarms) + 1, entry_id=row.entry.id))
            self.tell(row, AlarmRaised(len(self.alarms), alarm.kind), now=now)

    def tell(self, row: StoredEntry, what: Happening, *, now: datetime) -> None:
        """Add a line to the history of an entry."""
        self.history.tell(row.lane, what, at=now, entry_id=row.entry.id)
