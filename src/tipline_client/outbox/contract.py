"""The contract of the durable queue, in prose; every store passes the same suite in `tests/contract`.

Durable means: when an awaited method has returned, the change survives the death of the process and the loss of power,
as far as the disk keeps its word. A method that raised has changed nothing, unless it raised `OutboxInDoubtError`: then
the connection to the storage was lost in mid-write, the change happened wholly or not at all, and the same call, made
again, recognises it.

Fenced means: the method takes a `Lease` and writes only if the row still holds the lease's token, is `LEASED`, and the
lease has not expired by the *store's* clock. Otherwise it raises `LeaseLostError` and writes nothing.

Envelopes, replies and receipts are opaque bytes to a store: whoever hands them in has sealed them. The fenced writes
take in `replies` the sealed records of what the endpoint answered since the write before, and keep them in their order.

Order of claims: escalated entries first; then those whose open report lapses soonest; then oldest first, unless those
that have been due longest are asked for. Only entries whose `available_at` has come, of the asked environment and
profile, in state `QUEUED`, or `LEASED` with an expired lease (a take-over). Nothing in a claim may cost more because
many entries are already delivered.

Cancelling a task that waits for a write leaves open whether the write happens; it happens wholly or not at all. A lease
that was granted to nobody in this way ends by itself.

Errors of the storage itself (locked, full, unreadable) reach the caller as `OutboxUnavailableError`. Text that UTF-8
cannot carry is refused with `OutboxError`.

A row that somebody altered so that it cannot be read back stops nobody else. It is shown with what is left of it, its
damaged columns named in `Entry.unreadable`; whoever acts on it alone gets `UnreadableRowError`; a claim takes it out of
the line as a dead letter with an alarm.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm
from tipline_client.delivery.checkpoint import Checkpoint
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
from tipline_client.errors import UnreadableRowError
from tipline_client.outbox.archive import Archive
from tipline_client.outbox.joining import Joinable
from tipline_client.outbox.values import AcknowledgementRecord, Claimed, Lane, Stray, Strays

__all__ = ["AcknowledgementRecord", "Claimed", "Lane", "Outbox", "Stray", "Strays", "UnreadableRowError"]


class Outbox(Joinable, Protocol):
    """The durable queue of reports."""

    async def enqueue(self, new: NewEntry, *, held: bool = False) -> tuple[Entry, bool]:
        """Make a report durable, once per idempotency key. `join` does it in a transaction of the caller's.

        A key that is already there with the same content digest returns that entry, unchanged, and `False`: two
        callers at once get one entry, decided by the store and not by a look before the write.

        Raises:
            DuplicateKeyError: The key is there with other content, or the id is there under another key.
            OutboxUnavailableError: Nothing was written.
        """
        ...

    async def get(self, entry_id: str) -> Entry:
        """The entry with this id.

        Raises:
            EntryNotFoundError: There is none.
        """
        ...

    async def find(self, lane: Lane, idempotency_key: str) -> Entry | None:
        """The entry that holds this key in this lane, if any."""
        ...

    async def list_entries(
        self,
        *,
        states: Sequence[State] | None = None,
        environment: Environment | None = None,
        limit: int = 100,
        after: str | None = None,
        orphaned_at: datetime | None = None,
    ) -> list[Entry]:
        """Entries in the order of their enqueueing, a bounded page; `after` is the last id of the page before.

        With `orphaned_at` only those with a suspected orphan that has not lapsed at that moment. Such a page costs no
        more than all the entries that have one, of which there are those of a day, whatever else is delivered.

        Raises:
            EntryNotFoundError: No entry has the id `after`.
        """
        ...

    async def count(self, *, environment: Environment | None = None, lane: Lane | None = None) -> OutboxCounts:
        """What is in the outbox, in numbers: in all of it, in one environment, or in one lane alone."""
        ...

    async def strays(self, served: Sequence[Lane], *, limit: int = 100) -> Strays:
        """What nobody claims: rows of no environment or state that there is, and unfiled entries of other lanes.

        Args:
            served: The lanes that somebody serves.
            limit: How many are named.
        """
        ...

    async def claim(
        self,
        lane: Lane,
        *,
        limit: int,
        lease_for: timedelta,
        entry_id: str | None = None,
        longest_due: bool = False,
    ) -> Claimed:
        """Lease up to `limit` entries that are due, in the order of claims, each with a fresh token.

        With `entry_id` only that entry is claimed, whether due or not; the list is empty when it is leased to somebody
        else, held or at its end. With `longest_due` those come first whose time came first, whatever their place in the
        order: who asks so now and then lets nobody starve.

        A due row that cannot be read back becomes a dead letter with an alarm, and the next one is taken instead.
        """
        ...

    async def serve(self, lane: Lane) -> int:
        """Say that a dispatcher serves this lane from now on; whoever claims says so first, and again at times.

        After a switch to production what was queued before it is held, `QUEUED -> HELD`, until a person lets it go;
        `switching` says what a switch is. What has begun at the endpoint is not held.

        Returns:
            How many entries were held.
        """
        ...

    async def tell_deadlines(self, lane: Lane, *, deadline: Deadline, limit: int = 100) -> tuple[str, ...]:
        """Write `DeadlineNear` into the history of each unfiled entry whose time is nearly over, once for each.

        What was given up is left out: that was told already, and waits for a person.

        Returns:
            The ids of the entries, longest known first, at most `limit`; fewer when no others are left for now.
        """
        ...

    async def let_go(self, entry_id: str, *, reason: str) -> Entry:
        """`HELD -> QUEUED`, due at once: a person decided that an entry may be filed.

        Raises:
            EntryNotFoundError: There is none.
            IllegalTransitionError: It is not held.
        """
        ...

    async def lane_state(self, lane: Lane) -> LaneState:
        """How a lane stands, with the moment of the look by the store's clock; one that nobody wrote of is open."""
        ...

    async def change_lane(self, lane: Lane, state: LaneState, *, what: Happening | None = None) -> bool:
        """Replace how a lane stands, unless it was changed since `state.version`; `what` goes into its history."""
        ...

    async def renew(self, lease: Lease, *, lease_for: timedelta) -> Lease:
        """Fenced: move the end of a live lease to `lease_for` from now; the token stays, and the entry as claimed."""
        ...

    async def record(self, lease: Lease, checkpoint: Checkpoint, *, replies: Sequence[bytes] = ()) -> None:
        """Fenced: replace the checkpoint.

        Raises:
            ReportTakenError: Its report is another entry's of the lane; nothing was written.
        """
        ...

    async def release(
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        attempt: Attempt,
        *,
        available_in: timedelta,
        replies: Sequence[bytes] = (),
    ) -> None:
        """Fenced: give the entry back, `LEASED -> QUEUED`, not to be claimed before `available_in` from now.

        The attempt goes on record; it adds to the count only if it burns, and its failure, if it has one, becomes
        the last one. Nothing is put off for longer than two days.

        Raises:
            ReportTakenError: Its report is another entry's of the lane; nothing was written.
        """
        ...

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
        """Fenced: `LEASED -> ACKNOWLEDGED` with facts, last reply, alarms and holds, in one commit and alone.

        The entry has no last failure after it. An acknowledgement that is on record already stays the one on record; a
        second one that names another report is said in an alarm; so is one of what a person filed by hand as another.
        """
        ...

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
        """Fenced: `LEASED -> DEAD_LETTER`, with the attempt's failure as the reason and a reply for a person."""
        ...

    async def mark_retracted(
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        attempt: Attempt,
        *,
        replies: Sequence[bytes] = (),
        holds: Sequence[HoldTerms] = (),
    ) -> None:
        """Fenced: withdrawn, and proven not filed: `LEASED -> RETRACTED`, or `FILED_BY_HAND` if a person filed it.

        The holds are opened in the latter case alone.
        """
        ...

    async def withdraw(self, entry_id: str, *, reason: str) -> Entry:
        """Ask that an entry not be filed.

        An entry without anything at the endpoint becomes `RETRACTED` at once. Else the wish is recorded and the entry
        becomes due; the next lease carries it out at the endpoint. A lease that did not know of the wish is taken away
        in the same commit, `LEASED -> QUEUED`: whoever held it can write nothing more, and so begin no further step.
        An entry that is `RETRACTED` already is returned as it is.

        Raises:
            EntryNotFoundError: There is none.
            IllegalTransitionError: It is acknowledged, given up or filed by hand already.
        """
        ...

    async def file_by_hand(
        self,
        entry_id: str,
        *,
        report_id: int,
        reason: str,
        is_believed: bool = True,
        holds: Sequence[HoldTerms] = (),
    ) -> Entry:
        """Record that a person filed the report outside of this program, as `report_id`; this program does not then.

        An entry without anything at the endpoint, be it withdrawn or given up, becomes `FILED_BY_HAND` at once. Else
        number and wish are recorded and it becomes `QUEUED`, due at once; the next lease takes back what is at the
        endpoint. Either way a lease is taken away in the same commit. The same number again changes nothing, but that
        what was given up is tried once more. The holds are opened if this very call makes it `FILED_BY_HAND`. Unless
        `is_believed`, nobody knows what is at the endpoint: the number is kept, a lease taken away, the state left.

        Raises:
            EntryNotFoundError: There is none.
            IllegalTransitionError: It is acknowledged, or on record as filed by hand under another number.
            ReportTakenError: The number is another entry's of the lane.
            OutboxError: The number is not between 1 and the largest 64-bit one.
        """
        ...

    async def requeue(
        self, entry_id: str, *, reason: str, checkpoint: Checkpoint | None = None, content_digest: str | None = None
    ) -> Entry:
        """`DEAD_LETTER -> QUEUED`, due at once, with checkpoint, attempts and history kept.

        A person vouches with `checkpoint` and `content_digest` for what is on record: they differ in what the secret
        makes alone. A wish that it not be filed is vouched for with them, and told again.

        Raises:
            EntryNotFoundError: There is none.
            IllegalTransitionError: It is no dead letter; or its checkpoint is not what is vouched for.
            ReportTakenError: The report that it would go on with is another entry's of the lane.
        """
        ...

    async def attempts(self, entry_id: str, *, limit: int = 100) -> list[Attempt]:
        """The most recent attempts of an entry, oldest first."""
        ...

    async def acknowledgement(self, entry_id: str) -> AcknowledgementRecord | None:
        """The acknowledgement of an entry, with its receipt if one was made."""
        ...

    async def rejected_reply(self, entry_id: str) -> bytes | None:
        """The record of the reply behind the entry's last dead letter; `None` when it never was one. Sealed."""
        ...

    async def replies(self, entry_id: str) -> list[bytes]:
        """The records of all replies of the endpoint but the last of an acknowledged entry, oldest first. Sealed."""
        ...

    async def unreceipted(self, *, limit: int = 100) -> list[str]:
        """Ids of acknowledged entries whose receipt has not been signed yet."""
        ...

    async def store_receipt(self, entry_id: str, receipt: bytes) -> bytes:
        """Keep a signed receipt; the first one stays for ever. Returns the one that is kept.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: It has no acknowledgement.
        """
        ...

    async def alarms(self, *, entry_id: str | None = None, is_open: bool | None = None) -> list[Alarm]:
        """Alarms, oldest first."""
        ...

    async def close_alarm(self, alarm_id: int, *, note: str) -> Alarm:
        """Record that a person looked.

        Raises:
            EntryNotFoundError: There is no such alarm.
            IllegalTransitionError: It is closed already.
        """
        ...

    async def history(self, entry_id: str) -> list[HistoryLine]:
        """All that happened to an entry, oldest first; each line was written in the commit of the change itself."""
        ...

    async def lane_history(self, lane: Lane) -> list[HistoryLine]:
        """All that happened to a lane as a whole, oldest first."""
        ...

    async def events(self, *, after: int = 0, limit: int = 100) -> list[HistoryLine]:
        """The next lines of the whole outbox in the order of their positions.

        No line ever appears at a position below one that was handed out: whoever goes on from the last one misses
        nothing.
        """
        ...

    async def hook_state(self, name: str) -> HookState:
        """How far the hook of this name has got, with the moment of the look by the store's clock."""
        ...

    async def change_hook(self, name: str, state: HookState) -> bool:
        """Replace how far a hook has got, unless somebody has changed it since `state.version`; whether it was."""
        ...

    @property
    def archive(self) -> Archive:
        """What is kept after the filing: keys, holds, destructions."""
        ...

    async def notes(self, entry_id: str) -> list[tuple[datetime, str]]:
        """What people did to an entry: withdrawals, filings by hand and requeues, with their reasons, oldest first."""
        ...

    def news(self) -> AsyncIterator[None]:
        """Yield whenever something may have become due: enqueued, requeued or withdrawn; once at the start, too.

        A hint: a store may hear of its own process alone, or tell for nothing. It ends when the outbox is closed.
        """
        ...

    def use_chain(self, chain: HistoryChain) -> bool:
        """Link the lines of the history with this chain from now on, unless those of another secret are made already.

        All that write into one outbox need one secret: what one host records, another believes by its link. Returns
        whether the chain is the one in use; also true of a chain without a secret, which changes nothing.
        """
        ...

    async def facts(self) -> Mapping[str, str]:
        """What `doctor` shows of the store: kind, version, journal mode, schema version, file."""
        ...

    async def close(self) -> None:
        """Finish what is being written and let go of the storage; safe to call twice."""
        ...
