"""One entry as the store in memory keeps it, and what of it orders the claims. It knows no lock and no clock."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry, Lease, NewEntry, OutboxCounts
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State, check_transition
from tipline_client.outbox.columns import HORIZON
from tipline_client.outbox.contract import AcknowledgementRecord, Lane

__all__ = ["StoredEntry", "counts"]


@dataclass(slots=True)
class StoredEntry:
    """An entry with all that goes with it.

    Attributes:
        number: Its place in the order of enqueueing.
        entry: The entry.
        token: Of its lease, if it is leased.
        expires_at: When that lease ends.
        record: Its acknowledgement, once it has one.
        replies: What the endpoint answered, oldest first.
        rejected_reply: The reply behind its last dead letter.
        attempts: Its tries, oldest first.
        notes: What people did to it.
        is_warned: Whether it was told that its time is nearly over.
        holds_report: The report that is its own and no other entry's. What it named when it was given up is not.
    """

    number: int
    entry: Entry
    token: str = ""
    expires_at: datetime | None = None
    record: AcknowledgementRecord | None = None
    replies: list[bytes] = field(default_factory=list)
    rejected_reply: bytes | None = None
    attempts: list[Attempt] = field(default_factory=list)
    notes: list[tuple[datetime, str]] = field(default_factory=list)
    is_warned: bool = False
    holds_report: int | None = None

    @classmethod
    def of(cls, new: NewEntry, *, number: int, held: bool, now: datetime) -> "StoredEntry":
        """The row of a new entry."""
        entry = Entry(
            id=new.id,
            profile=new.profile,
            environment=new.environment,
            idempotency_key=new.idempotency_key,
            content_digest=new.content_digest,
            envelope=new.envelope,
            data_key=new.data_key,
            is_escalated=new.is_escalated,
            state=State.HELD if held else State.QUEUED,
            checkpoint=new.checkpoint,
            attempts=0,
            enqueued_at=now,
            available_at=now,
            known_at=new.known_at,
        )
        return cls(number=number, entry=entry)

    def lease(self, now: datetime, lease_for: timedelta) -> Lease:
        """Grant a lease, with a fresh token that ends every earlier one."""
        was_taken_over = self.entry.state is State.LEASED
        self.entry = replace(self.entry, state=State.LEASED)
        self.token, self.expires_at = secrets.token_hex(16), now + lease_for
        return Lease(self.entry, self.token, now, self.expires_at, was_taken_over=was_taken_over)

    @property
    def lane(self) -> Lane:
        """Whose dispatcher claims it."""
        return Lane(self.entry.profile, self.entry.environment)

    @property
    def due_at(self) -> datetime | None:
        """When it may be claimed, if it ever may."""
        if self.entry.state is State.LEASED:
            return self.expires_at
        return self.entry.available_at if self.entry.state is State.QUEUED else None

    def is_due(self, now: datetime, *, is_asked_for: bool) -> bool:
        """Whether it may be claimed now; one that is asked for by name need not wait for its time."""
        if self.due_at is None:
            return False
        is_asked_for = is_asked_for and self.entry.state is State.QUEUED
        return is_asked_for or not now < self.due_at <= now + HORIZON

    def is_orphaned(self, now: datetime) -> bool:
        """Whether one of its suspected orphans has not lapsed."""
        return not all(orphan.has_lapsed(now) for orphan in self.entry.checkpoint.orphans)

    def place_in_line(self) -> tuple[bool, bool, datetime, int]:
        """What the claims are sorted by."""
        lapses_at = self.entry.checkpoint.lapses_at
        return not self.entry.is_escalated, lapses_at is None, lapses_at or self.entry.enqueued_at, self.number

    def due_since(self) -> tuple[datetime, int]:
        """What they are sorted by when whoever has been due longest goes first."""
        return self.due_at or self.entry.enqueued_at, self.number

    def decide(self, state: State, *, now: datetime, **changed: Any) -> None:
        """Give it the state that a person's decision leads to, due at once; a lease stays only while it is leased."""
        if state is not State.LEASED:
            self.token, self.expires_at = "", None
        self.entry = replace(self.entry, state=state, available_at=now, **changed)

    def end_lease(self, state: State, checkpoint: Checkpoint, attempt: Attempt) -> None:
        """Give it another state and the lease up."""
        check_transition(self.entry.state, state)
        self.token, self.expires_at = "", None
        self.attempts.append(attempt)
        self.entry = replace(
            self.entry,
            state=state,
            checkpoint=checkpoint,
            attempts=self.entry.attempts + attempt.burns,
            last_failure=attempt.failure or self.entry.last_failure,
        )


def counts(rows: Iterable[StoredEntry], alarms: Iterable[Alarm]) -> OutboxCounts:
    """These entries in numbers, and their alarms among all."""
    found = list(rows)
    ids = {row.entry.id for row in found}
    waiting = [row.entry.enqueued_at for row in found if not row.entry.state.is_terminal]
    known = [row.entry.clock_began_at for row in found if not row.entry.state.is_terminal]
    due = [row.due_at for row in found if row.due_at is not None]
    return OutboxCounts(
        by_state={state: sum(row.entry.state is state for row in found) for state in State},
        open_alarms=sum(alarm.closed_at is None and alarm.entry_id in ids for alarm in alarms),
        oldest_waiting=min(waiting, default=None),
        longest_known=min(known, default=None),
        next_available=min(due, default=None),
    )
