"""A store that forgets everything when the process ends: for tests, and honest to the contract in all but durability.

It takes the lock, says what time it is, and answers questions; what a change is made of is written in `tables`. It
knows no file and no SQL. Whoever wants to lose nothing uses another store.
"""

import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.clock import Clock, SystemClock
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.entry import Entry, Lease, NewEntry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import Happening, HistoryLine
from tipline_client.delivery.hold import HoldTerms
from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.lane_state import LaneState
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain
from tipline_client.outbox import by_hand, rules
from tipline_client.outbox.archive import Archive
from tipline_client.outbox.bulletin import Bulletin
from tipline_client.outbox.contract import AcknowledgementRecord, Claimed, Lane, Stray, Strays
from tipline_client.outbox.joining import Unjoinable
from tipline_client.outbox.memory.archive import MemoryArchive
from tipline_client.outbox.memory.rows import StoredEntry, counts
from tipline_client.outbox.memory.tables import Tables
from tipline_client.outbox.memory.versions import Versioned

__all__ = ["MemoryOutbox"]


class MemoryOutbox(Unjoinable):
    """The contract of `Outbox`, kept in this process's memory; usable from several threads and event loops.

    Args:
        clock: What decides whether a lease is live.
        chain: Links the lines of the history; one without a secret by default.
    """

    def __init__(self, clock: Clock | None = None, *, chain: HistoryChain | None = None) -> None:
        self._clock = clock or SystemClock()
        self._hooks = Versioned[str, HookState]()
        self._lanes = Versioned[Lane, LaneState]()
        self._lock = threading.Lock()
        self._bulletin = Bulletin()
        self._tables = Tables(chain or HistoryChain())
        self._archive = MemoryArchive(self._tables, lock=self._lock, clock=self._clock)

    def use_chain(self, chain: HistoryChain) -> bool:
        """See `Outbox.use_chain`."""
        with self._lock:
            return self._tables.history.use_chain(chain)

    async def enqueue(self, new: NewEntry, *, held: bool = False) -> tuple[Entry, bool]:
        """See `Outbox.enqueue`."""
        rules.check_text(new.id, new.profile, new.idempotency_key, new.content_digest)
        with self._lock:
            self._bulletin.tell()
            return self._tables.enqueue(new, held=held, now=self._clock.now())

    async def get(self, entry_id: str) -> Entry:
        """See `Outbox.get`."""
        with self._lock:
            return self._tables.row(entry_id).entry

    async def find(self, lane: Lane, idempotency_key: str) -> Entry | None:
        """See `Outbox.find`."""
        with self._lock:
            row = self._tables.by_key.get((lane.profile, lane.environment, idempotency_key))
            return row.entry if row else None

    async def list_entries(
        self,
        *,
        states: Sequence[State] | None = None,
        environment: Environment | None = None,
        limit: int = 100,
        after: str | None = None,
        orphaned_at: datetime | None = None,
    ) -> list[Entry]:
        """See `Outbox.list_entries`."""
        with self._lock:
            start = -1 if after is None else self._tables.row(after).number
            found = (
                row.entry
                for row in self._tables.rows.values()
                if row.number > start
                and (states is None or row.entry.state in states)
                and environment in (None, row.entry.environment)
                and (orphaned_at is None or row.is_orphaned(orphaned_at))
            )
            return list(islice(found, limit))

    async def count(self, *, environment: Environment | None = None, lane: Lane | None = None) -> OutboxCounts:
        """See `Outbox.count`."""
        with self._lock:
            asked = (
                row
                for row in self._tables.rows.values()
                if environment in (None, row.entry.environment) and lane in (None, row.lane)
            )
            return counts(asked, self._tables.alarms)

    async def strays(self, served: Sequence[Lane], *, limit: int = 100) -> Strays:
        """See `Outbox.strays`."""
        with self._lock:
            entries = [
                row.entry
                for row in self._tables.rows.values()
                if not row.entry.state.is_terminal and row.lane not in served
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
                for row in self._tables.rows.values()
                if lane == row.lane
                and entry_id in (None, row.entry.id)
                and row.is_due(now, is_asked_for=entry_id is not None)
            ]
            due.sort(key=StoredEntry.due_since if longest_due else StoredEntry.place_in_line)
            return Claimed(row.lease(now, lease_for) for row in due[:limit])

    async def serve(self, lane: Lane) -> int:
        """See `Outbox.serve`."""
        rules.check_text(lane.profile)
        with self._lock:
            return self._tables.serve(lane, now=self._clock.now())

    async def tell_deadlines(self, lane: Lane, *, deadline: Deadline, limit: int = 100) -> tuple[str, ...]:
        """See `Outbox.tell_deadlines`."""
        with self._lock:
            return self._tables.tell_deadlines(lane, deadline=deadline, limit=limit, now=self._clock.now())

    async def let_go(self, entry_id: str, *, reason: str) -> Entry:
        """See `Outbox.let_go`."""
        rules.check_text(reason)
        with self._lock:
            self._bulletin.tell()
            return self._tables.let_go(entry_id, reason=reason, now=self._clock.now())

    async def lane_state(self, lane: Lane) -> LaneState:
        """See `Outbox.lane_state`."""
        with self._lock:
            return self._lanes.read(lane, LaneState(self._clock.now()))

    async def change_lane(self, lane: Lane, state: LaneState, *, what: Happening | None = None) -> bool:
        """See `Outbox.change_lane`."""
        with self._lock:
            is_changed = self._lanes.write(lane, state)
            if is_changed and what is not None:
                self._tables.history.tell(lane, what, at=self._clock.now())
            return is_changed

    async def renew(self, lease: Lease, *, lease_for: timedelta) -> Lease:
        """See `Outbox.renew`."""
        with self._lock:
            return self._tables.renew(lease, lease_for=lease_for, now=self._clock.now())

    async def record(self, lease: Lease, checkpoint: Checkpoint, *, replies: Sequence[bytes] = ()) -> None:
        """See `Outbox.record`."""
        with self._lock:
            self._tables.record(lease, checkpoint, replies=replies, now=self._clock.now())

    async def release(
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        attempt: Attempt,
        *,
        available_in: timedelta,
        replies: Sequence[bytes] = (),
    ) -> None:
        """See `Outbox.release`."""
        with self._lock:
            now = self._clock.now()
            self._tables.release(lease, checkpoint, attempt, available_in=available_in, replies=replies, now=now)

    async def acknowledge(
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        acknowledgement: Acknowledgement,
        attempt: Attempt,
        *,
        reply: bytes,
        replies: Sequence[bytes] = (),
        alarms: Sequence[Alarm] = (),
        holds: Sequence[HoldTerms] = (),
    ) -> None:
        """See `Outbox.acknowledge`."""
        with self._lock:
            now = self._clock.now()
            self._tables.acknowledge(
                lease,
                checkpoint,
                acknowledgement,
                attempt,
                reply=reply,
                replies=replies,
                alarms=alarms,
                holds=holds,
                now=now,
            )

    async def dead_letter(
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        attempt: Attempt,
        *,
        reply: bytes = b"",
        replies: Sequence[bytes] = (),
        alarms: Sequence[Alarm] = (),
    ) -> None:
        """See `Outbox.dead_letter`."""
        with self._lock:
            now = self._clock.now()
            self._tables.dead_letter(lease, checkpoint, attempt, reply=reply, replies=replies, alarms=alarms, now=now)

    async def mark_retracted(
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        attempt: Attempt,
        *,
        replies: Sequence[bytes] = (),
        holds: Sequence[HoldTerms] = (),
    ) -> None:
        """See `Outbox.mark_retracted`."""
        with self._lock:
            state = by_hand.end_of_withdrawal(lease.entry)
            now = self._clock.now()
            row = self._tables.end_lease(lease, state, checkpoint, attempt, replies=replies, now=now)
            self._tables.open_holds(row, holds if state is State.FILED_BY_HAND else (), now=now)

    async def withdraw(self, entry_id: str, *, reason: str) -> Entry:
        """See `Outbox.withdraw`."""
        rules.check_text(reason)
        with self._lock:
            self._bulletin.tell()
            return self._tables.withdraw(entry_id, reason=reason, now=self._clock.now())

    async def file_by_hand(
        self,
        entry_id: str,
        *,
        report_id: int,
        reason: str,
        is_believed: bool = True,
        holds: Sequence[HoldTerms] = (),
    ) -> Entry:
        """See `Outbox.file_by_hand`."""
        rules.check_text(reason)
        by_hand.check_report_id(report_id)
        with self._lock:
            self._bulletin.tell()
            return self._tables.file_by_hand(
                entry_id,
                report_id=report_id,
                reason=reason,
                is_believed=is_believed,
                holds=holds,
                now=self._clock.now(),
            )

    async def requeue(
        self, entry_id: str, *, reason: str, checkpoint: Checkpoint | None = None, content_digest: str | None = None
    ) -> Entry:
        """See `Outbox.requeue`."""
        rules.check_text(reason)
        with self._lock:
            self._bulletin.tell()
            return self._tables.requeue(
                entry_id, reason=reason, checkpoint=checkpoint, content_digest=content_digest, now=self._clock.now()
            )

    async def attempts(self, entry_id: str, *, limit: int = 100) -> list[Attempt]:
        """See `Outbox.attempts`."""
        with self._lock:
            row = self._tables.rows.get(entry_id)
            return row.attempts[-limit:] if row and limit > 0 else []

    async def acknowledgement(self, entry_id: str) -> AcknowledgementRecord | None:
        """See `Outbox.acknowledgement`."""
        with self._lock:
            row = self._tables.rows.get(entry_id)
            return row.record if row else None

    async def rejected_reply(self, entry_id: str) -> bytes | None:
        """See `Outbox.rejected_reply`."""
        with self._lock:
            row = self._tables.rows.get(entry_id)
            return row.rejected_reply if row else None

    async def replies(self, entry_id: str) -> list[bytes]:
        """See `Outbox.replies`."""
        with self._lock:
            row = self._tables.rows.get(entry_id)
            return list(row.replies) if row else []

    async def unreceipted(self, *, limit: int = 100) -> list[str]:
        """See `Outbox.unreceipted`."""
        with self._lock:
            records = (row.record for row in self._tables.rows.values())
            return list(islice((record.entry_id for record in records if record and record.receipt is None), limit))

    async def store_receipt(self, entry_id: str, receipt: bytes) -> bytes:
        """See `Outbox.store_receipt`."""
        with self._lock:
            return self._tables.store_receipt(entry_id, receipt, now=self._clock.now())

    async def alarms(self, *, entry_id: str | None = None, is_open: bool | None = None) -> list[Alarm]:
        """See `Outbox.alarms`."""
        with self._lock:
            return [
                alarm
                for alarm in self._tables.alarms
                if entry_id in (None, alarm.entry_id) and is_open in (None, alarm.closed_at is None)
            ]

    async def close_alarm(self, alarm_id: int, *, note: str) -> Alarm:
        """See `Outbox.close_alarm`."""
        rules.check_text(note)
        with self._lock:
            return self._tables.close_alarm(alarm_id, note=note, now=self._clock.now())

    async def history(self, entry_id: str) -> list[HistoryLine]:
        """See `Outbox.history`."""
        with self._lock:
            return self._tables.history.of_entry(entry_id)

    async def lane_history(self, lane: Lane) -> list[HistoryLine]:
        """See `Outbox.lane_history`."""
        with self._lock:
            return self._tables.history.of_lane(lane)

    async def events(self, *, after: int = 0, limit: int = 100) -> list[HistoryLine]:
        """See `Outbox.events`."""
        with self._lock:
            return self._tables.history.after(after, limit)

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
            row = self._tables.rows.get(entry_id)
            return list(row.notes) if row else []

    @property
    def archive(self) -> Archive:
        """See `Outbox.archive`."""
        return self._archive

    def news(self) -> AsyncIterator[None]:
        """See `Outbox.news`; of this store alone."""
        return self._bulletin.news()

    async def facts(self) -> Mapping[str, str]:
        """See `Outbox.facts`."""
        return {"kind": "memory"}

    async def close(self) -> None:
        """See `Outbox.close`; what is in it stays readable."""
        self._bulletin.close()
