"""A store that forgets everything when the process ends: for tests, and honest to the contract in all but durability.

It knows no file and no SQL. Whoever wants to lose nothing uses another store.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.clock import Clock, SystemClock
from tipline_client.delivery.entry import Entry, Lease, NewEntry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import (
    AlarmClosed,
    AlarmRaised,
    EntryQueued,
    EntryRequeued,
    EntryRetracted,
    Happening,
    HistoryLine,
    ReceiptSigned,
    WithdrawalAsked,
    digest_of,
)
from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.lane_state import LaneState
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain
from tipline_client.errors import IllegalTransitionError
from tipline_client.outbox import rules
from tipline_client.outbox.contract import AcknowledgementRecord, Claimed, Lane, Stray, Strays
from tipline_client.outbox.memory.history import MemoryHistory
from tipline_client.outbox.memory.rows import StoredEntry, counts
from tipline_client.outbox.memory.versions import Versioned

__all__ = ["MemoryOutbox"]


class MemoryOutbox:
    """The contract of `Outbox`, kept in this process's memory; usable from several threads and event loops.

    Args:
        clock: What decides whether a lease is live.
        chain: Links the lines of the history; one without a secret by default.
    """

    def __init__(self, clock: Clock | None = None, *, chain: HistoryChain | None = None) -> None:
        self._clock = clock or SystemClock()
        self._history = MemoryHistory(chain or HistoryChain())
        self._hooks = Versioned[str, HookState]()
        self._lanes = Versioned[Lane, LaneState]()
        self._lock = threading.Lock()
        self._rows: dict[str, StoredEntry] = {}
        self._by_key: dict[tuple[str, Environment, str], StoredEntry] = {}
        self._alarms: list[Alarm] = []

    async def enqueue(self, new: NewEntry, *, held: bool = False) -> tuple[Entry, bool]:
        """See `Outbox.enqueue`."""
        rules.check_text(new.id, new.profile, new.idempotency_key, new.content_digest)
        with self._lock:
            key = (new.profile, new.environment, new.idempotency_key)
            if row := self._by_key.get(key):
                rules.check_same_content(row.entry, new)
                return row.entry, False
            if new.id in self._rows:
                raise rules.id_in_use(new)
            row = StoredEntry.of(new, number=len(self._rows), held=held, now=self._clock.now())
            self._rows[new.id] = self._by_key[key] = row
            self._tell(row, EntryQueued(new.content_digest, is_held=held))
            return row.entry, True

    async def get(self, entry_id: str) -> Entry:
        """See `Outbox.get`."""
        with self._lock:
            return self._row(entry_id).entry

    async def find(self, lane: Lane, idempotency_key: str) -> Entry | None:
        """See `Outbox.find`."""
        with self._lock:
            row = self._by_key.get((lane.profile, lane.environment, idempotency_key))
            return row.entry if row else None

    async def list_entries(
        self,
        *,
        states: Sequence[State] | None = None,
        environment: Environment | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> list[Entry]:
        """See `Outbox.list_entries`."""
        with self._lock:
            start = -1 if after is None else self._row(after).number
            found = (
                row.entry
                for row in self._rows.values()
                if row.number > start
                and (states is None or row.entry.state in states)
                and environment in (None, row.entry.environment)
            )
            return list(islice(found, limit))

    async def count(self, *, environment: Environment | None = None, lane: Lane | None = None) -> OutboxCounts:
        """See `Outbox.count`."""
        with self._lock:
            asked = (
                row
                for row in self._rows.values()
                if environment in (None, row.entry.environment) and lane in (None, row.lane)
            )
            return counts(asked, self._alarms)

    async def strays(self, served: Sequence[Lane], *, limit: int = 100) -> Strays:
        """See `Outbox.strays`."""
        with self._lock:
            entries = [
                row.entry for row in self._rows.values() if not row.entry.state.is_terminal and row.lane not in served
            ]
            first = [
                Stray(entry.id, entry.profile, entry.environment.value, entry.state.value) for entry in entries[:limit]
            ]
            return Strays(len(entries), tuple(first))

    async def claim(
        self,
        lane: Lane,
        *,
        limit: int,
        lease_for: timedelta,
        entry_id: str | None = None,
        longest_due: bool = False,
    ) -> Claimed:
        """See `Outbox.claim`."""
        with self._lock:
            now = self._clock.now()
            due = [
                row
                for row in self._rows.values()
                if lane == row.lane
                and entry_id in (None, row.entry.id)
                and row.is_due(now, is_asked_for=entry_id is not None)
            ]
            due.sort(key=StoredEntry.due_since if longest_due else StoredEntry.place_in_line)
            return Claimed(row.lease(now, lease_for) for row in due[:limit])

    async def lane_state(self, lane: Lane) -> LaneState:
        """See `Outbox.lane_state`."""
        with self._lock:
            return self._lanes.read(lane, LaneState(self._clock.now()))

    async def change_lane(self, lane: Lane, state: LaneState, *, what: Happening | None = None) -> bool:
        """See `Outbox.change_lane`."""
        with self._lock:
            is_changed = self._lanes.write(lane, state)
            if is_changed and what is not None:
                self._history.tell(lane, what, at=self._clock.now())
            return is_changed

    async def renew(self, lease: Lease, *, lease_for: timedelta) -> Lease:
        """See `Outbox.renew`."""
        with self._lock:
            row = self._fenced(lease)
            row.expires_at = self._clock.now() + lease_for
            entry = replace(lease.entry, withdrawal_reason=row.entry.withdrawal_reason)
            return replace(lease, entry=entry, expires_at=row.expires_at)

    async def record(self, lease: Lease, checkpoint: Checkpoint) -> None:
        """See `Outbox.record`."""
        with self._lock:
            row = self._fenced(lease)
            row.entry = replace(row.entry, checkpoint=checkpoint)

    async def release(self, lease: Lease, checkpoint: Checkpoint, attempt: Attempt, *, available_in: timedelta) -> None:
        """See `Outbox.release`."""
        with self._lock:
            row = self._fenced(lease)
            now = self._clock.now()
            is_news = row.entry.withdrawal_reason is not None and lease.entry.withdrawal_reason is None
            self._end_lease(row, State.QUEUED, checkpoint, attempt)
            row.entry = replace(row.entry, available_at=now if is_news else now + available_in)

    async def acknowledge(
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        acknowledgement: Acknowledgement,
        attempt: Attempt,
        *,
        reply: bytes,
        alarms: Sequence[Alarm] = (),
    ) -> None:
        """See `Outbox.acknowledge`."""
        with self._lock:
            row = self._fenced(lease)
            self._end_lease(row, State.ACKNOWLEDGED, checkpoint, attempt)
            self._tell(row, rules.acknowledged(acknowledgement, reply))
            # No move of this store leads back from here, so there is never an earlier record to keep.
            row.record = AcknowledgementRecord(row.entry.id, acknowledgement, reply)
            row.entry = replace(
                row.entry,
                report_id=acknowledgement.report_id,
                acknowledged_at=acknowledgement.acknowledged_at,
                last_failure=None,
                has_receipt=True,
            )
            self._raise_alarms(row, alarms)

    async def dead_letter(
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        attempt: Attempt,
        *,
        reply: bytes = b"",
        alarms: Sequence[Alarm] = (),
    ) -> None:
        """See `Outbox.dead_letter`."""
        with self._lock:
            row = self._fenced(lease)
            self._end_lease(row, State.DEAD_LETTER, checkpoint, attempt)
            row.rejected_reply = reply
            self._raise_alarms(row, alarms)

    async def mark_retracted(self, lease: Lease, checkpoint: Checkpoint, attempt: Attempt) -> None:
        """See `Outbox.mark_retracted`."""
        with self._lock:
            self._end_lease(self._fenced(lease), State.RETRACTED, checkpoint, attempt)

    async def withdraw(self, entry_id: str, *, reason: str) -> Entry:
        """See `Outbox.withdraw`."""
        rules.check_text(reason)
        with self._lock:
            row = self._row(entry_id)
            if row.entry.state is State.RETRACTED:
                return row.entry
            rules.check_withdrawable(row.entry)
            now = self._clock.now()
            row.notes.append((now, f"withdrawn: {reason}"))
            row.entry = replace(row.entry, withdrawal_reason=reason, available_at=now)
            self._tell(row, WithdrawalAsked(digest_of(reason)))
            if row.entry.state is not State.LEASED and rules.is_untouched(row.entry.checkpoint):
                row.entry = replace(row.entry, state=State.RETRACTED)
                self._tell(row, EntryRetracted())
            return row.entry

    async def requeue(self, entry_id: str, *, reason: str, checkpoint: Checkpoint | None = None) -> Entry:
        """See `Outbox.requeue`."""
        rules.check_text(reason)
        with self._lock:
            row = self._row(entry_id)
            rules.check_requeueable(row.entry)
            now = self._clock.now()
            row.notes.append((now, f"requeued: {reason}"))
            resumed = checkpoint or row.entry.checkpoint
            row.entry = replace(row.entry, state=State.QUEUED, checkpoint=resumed, available_at=now)
            self._tell(row, EntryRequeued(digest_of(reason), was_vouched_for=checkpoint is not None))
            return row.entry

    async def attempts(self, entry_id: str, *, limit: int = 100) -> list[Attempt]:
        """See `Outbox.attempts`."""
        with self._lock:
            row = self._rows.get(entry_id)
            return row.attempts[-limit:] if row and limit > 0 else []

    async def acknowledgement(self, entry_id: str) -> AcknowledgementRecord | None:
        """See `Outbox.acknowledgement`."""
        with self._lock:
            row = self._rows.get(entry_id)
            return row.record if row else None

    async def rejected_reply(self, entry_id: str) -> bytes | None:
        """See `Outbox.rejected_reply`."""
        with self._lock:
            row = self._rows.get(entry_id)
            return row.rejected_reply if row else None

    async def unreceipted(self, *, limit: int = 100) -> list[str]:
        """See `Outbox.unreceipted`."""
        with self._lock:
            records = (row.record for row in self._rows.values())
            return list(islice((record.entry_id for record in records if record and record.receipt is None), limit))

    async def store_receipt(self, entry_id: str, receipt: bytes) -> bytes:
        """See `Outbox.store_receipt`."""
        with self._lock:
            row = self._row(entry_id)
            if row.record is None:
                raise IllegalTransitionError(f"entry {entry_id} is {row.entry.state}: there is nothing to receipt")
            if row.record.receipt is None:
                row.record = replace(row.record, receipt=receipt)
                self._tell(row, ReceiptSigned(sha256(receipt).hexdigest()))
            return row.record.receipt or b""

    async def alarms(self, *, entry_id: str | None = None, is_open: bool | None = None) -> list[Alarm]:
        """See `Outbox.alarms`."""
        with self._lock:
            return [
                alarm
                for alarm in self._alarms
                if entry_id in (None, alarm.entry_id) and is_open in (None, alarm.closed_at is None)
            ]

    async def close_alarm(self, alarm_id: int, *, note: str) -> Alarm:
        """See `Outbox.close_alarm`."""
        rules.check_text(note)
        with self._lock:
            if not 1 <= alarm_id <= len(self._alarms):
                raise rules.no_alarm(alarm_id)
            alarm = self._alarms[alarm_id - 1]
            if alarm.closed_at is not None:
                raise IllegalTransitionError(f"alarm {alarm_id} is closed already")
            closed = replace(alarm, closed_at=self._clock.now(), closed_note=note)
            self._alarms[alarm_id - 1] = closed
            self._tell(self._rows[alarm.entry_id], AlarmClosed(alarm_id, digest_of(note)))
            return closed

    async def history(self, entry_id: str) -> list[HistoryLine]:
        """See `Outbox.history`."""
        with self._lock:
            return self._history.of_entry(entry_id)

    async def lane_history(self, lane: Lane) -> list[HistoryLine]:
        """See `Outbox.lane_history`."""
        with self._lock:
            return self._history.of_lane(lane)

    async def events(self, *, after: int = 0, limit: int = 100) -> list[HistoryLine]:
        """See `Outbox.events`."""
        with self._lock:
            return self._history.after(after, limit)

    async def hook_state(self, name: str) -> HookState:
        """See `Outbox.hook_state`."""
        with self._lock:
            return self._hooks.read(name, HookState(self._clock.now()))

    async def change_hook(self, name: str, state: HookState) -> bool:
        """See `Outbox.change_hook`."""
        with self._lock:
            return self._hooks.write(name, state)

    async def notes(self, entry_id: str) -> list[tuple[datetime, str]]:
        """See `Outbox.notes`."""
        with self._lock:
            row = self._rows.get(entry_id)
            return list(row.notes) if row else []

    async def facts(self) -> Mapping[str, str]:
        """See `Outbox.facts`."""
        return {"kind": "memory"}

    async def close(self) -> None:
        """See `Outbox.close`; there is nothing to let go of."""

    def _row(self, entry_id: str) -> StoredEntry:
        row = self._rows.get(entry_id)
        if row is None:
            raise rules.no_entry(entry_id)
        return row

    def _tell(self, row: StoredEntry, what: Happening) -> None:
        self._history.tell(row.lane, what, at=self._clock.now(), entry_id=row.entry.id)

    def _end_lease(self, row: StoredEntry, state: State, checkpoint: Checkpoint, attempt: Attempt) -> None:
        row.end_lease(state, checkpoint, attempt)
        for what in rules.happenings_of_ending(state, attempt):
            self._tell(row, what)

    def _fenced(self, lease: Lease) -> StoredEntry:
        row = self._rows.get(lease.entry.id)
        is_live = (
            row is not None
            and row.entry.state is State.LEASED
            and row.token == lease.token
            and row.expires_at is not None
            and row.expires_at > self._clock.now()
        )
        if row is None or not is_live:
            raise rules.lease_lost(lease)
        return row

    def _raise_alarms(self, row: StoredEntry, alarms: Sequence[Alarm]) -> None:
        for alarm in alarms:
            self._alarms.append(replace(alarm, id=len(self._alarms) + 1, entry_id=row.entry.id))
            self._tell(row, AlarmRaised(len(self._alarms), alarm.kind))
