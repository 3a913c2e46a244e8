"""The embedded store: the outbox contract in one SQLite file, which several processes may share.

One thread writes and one reads; callers wait on their event loops. What the statements do is written in the modules
beside this one; here each verb of the contract is handed to the right thread with the store's own time.
"""

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeVar

import anyio
import anyio.to_thread

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.clock import Clock, SystemClock
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.entry import Entry, Lease, NewEntry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import Happening, HistoryLine
from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.lane_state import LaneState
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain
from tipline_client.outbox import by_hand, rules
from tipline_client.outbox.bulletin import Bulletin
from tipline_client.outbox.contract import AcknowledgementRecord, Claimed, Lane, Strays
from tipline_client.outbox.sqlite import deadlines, deciding, entering, hooks, lanes, leasing, reading, serving
from tipline_client.outbox.sqlite.driver import DriverName, choose_driver, library_version
from tipline_client.outbox.sqlite.history import history_of_entry, history_of_lane, lines_after
from tipline_client.outbox.sqlite.opening import Opened, open_file
from tipline_client.outbox.sqlite.schema import VERSION
from tipline_client.outbox.sqlite.worker import Worker
from tipline_client.outbox.sqlite.writing import Writing

__all__ = ["SqliteOutbox"]

T = TypeVar("T")

_ORPHANS: Final = 'SELECT "table", rowid FROM pragma_foreign_key_check LIMIT 10'
"""Rows of attempts, acknowledgements, alarms and notes whose entry is gone; walks through all of them."""


class SqliteOutbox:
    """The contract of `Outbox`, kept in one file; made by `SqliteOutbox.open`.

    Usable from several threads and asyncio event loops of one process, and from several processes at once. It does not
    survive a fork: each process opens its own. Within one process a file is opened with one driver only: two SQLite
    libraries in a process do not see each other's locks.
    """

    def __init__(
        self,
        opened: Opened,
        *,
        path: Path,
        clock: Clock,
        driver: DriverName,
        group_commit: bool = True,
        chain: HistoryChain | None = None,
    ) -> None:
        self.path = path
        self._clock = clock
        self._driver = driver
        self._opened = opened
        self._chain = chain or HistoryChain()
        self._bulletin = Bulletin()
        together = {} if group_commit else {"most_together": 1}
        self._writer = Worker(opened.writer, begin="BEGIN IMMEDIATE", name="outbox-writer", **together)
        self._reader = Worker(opened.reader, begin="BEGIN", name="outbox-reader")

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        clock: Clock | None = None,
        driver: DriverName | Literal["auto"] = "auto",
        group_commit: bool = True,
        busy_timeout: timedelta = timedelta(seconds=5),
        chain: HistoryChain | None = None,
    ) -> "SqliteOutbox":
        """Open an outbox file, make it with mode 0600 if there is none, and bring its tables up to date.

        Args:
            path: The file; its folder must exist and be on a local disk.
            clock: What decides whether a lease is live; the machine's own by default.
            driver: `sqlite3`, `apsw`, or `auto` for the first of them whose write-ahead log is safe to share.
            group_commit: Whether writes that wait at the same time share a commit. Durability is the same.
            busy_timeout: How long to wait for another process's lock.
            chain: Links the lines of the history; one without a secret by default.

        Raises:
            ConfigurationError: The path, the file or the driver is not usable.
            OutboxUnavailableError: The file is locked, or the disk full or failing.
        """
        chosen = choose_driver(driver)
        opened = open_file(Path(path), driver=chosen, busy_timeout=busy_timeout.total_seconds())
        return cls(
            opened,
            path=Path(path),
            clock=clock or SystemClock(),
            driver=chosen,
            group_commit=group_commit,
            chain=chain,
        )

    async def _write(self, work: Callable[[Writing], T], *, wakes: bool = False) -> T:
        # The time is read inside the transaction: a write may have waited for its turn while its lease ran out.
        result = await self._writer.run(lambda execute: work(Writing(execute, self._chain, self._clock.now())))
        if wakes:
            self._bulletin.tell()
        return result

    async def enqueue(self, new: NewEntry, *, held: bool = False) -> tuple[Entry, bool]:
        """See `Outbox.enqueue`."""
        rules.check_text(new.id, new.profile, new.idempotency_key, new.content_digest)
        return await self._write(lambda writing: entering.enqueue(writing, new, held=held), wakes=not held)

    async def get(self, entry_id: str) -> Entry:
        """See `Outbox.get`."""
        return await self._reader.run(lambda execute: reading.get(execute, entry_id))

    async def find(self, lane: Lane, idempotency_key: str) -> Entry | None:
        """See `Outbox.find`."""
        return await self._reader.run(lambda execute: reading.find(execute, lane, idempotency_key))

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
        return await self._reader.run(
            lambda execute: reading.list_entries(
                execute, states=states, environment=environment, limit=limit, after=after, orphaned_at=orphaned_at
            )
        )

    async def count(self, *, environment: Environment | None = None, lane: Lane | None = None) -> OutboxCounts:
        """See `Outbox.count`."""
        return await self._reader.run(lambda execute: reading.count(execute, environment=environment, lane=lane))

    async def strays(self, served: Sequence[Lane], *, limit: int = 100) -> Strays:
        """See `Outbox.strays`."""
        return await self._reader.run(lambda execute: reading.strays(execute, served, limit=limit))

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
        return await self._write(
            lambda writing: leasing.claim(
                writing,
                lane,
                limit=limit,
                lease_for=lease_for,
                entry_id=entry_id,
                longest_due=longest_due,
            )
        )

    async def serve(self, lane: Lane) -> int:
        """See `Outbox.serve`."""
        rules.check_text(lane.profile)
        return await self._write(lambda writing: serving.serve(writing, lane))

    async def tell_deadlines(self, lane: Lane, *, deadline: Deadline, limit: int = 100) -> tuple[str, ...]:
        """See `Outbox.tell_deadlines`."""
        return await self._write(
            lambda writing: deadlines.tell_deadlines(writing, lane, deadline=deadline, limit=limit)
        )

    async def let_go(self, entry_id: str, *, reason: str) -> Entry:
        """See `Outbox.let_go`."""
        rules.check_text(reason)
        return await self._write(lambda writing: serving.let_go(writing, entry_id, reason=reason), wakes=True)

    async def lane_state(self, lane: Lane) -> LaneState:
        """See `Outbox.lane_state`."""
        return await self._reader.run(lambda execute: lanes.lane_state(execute, lane, now=self._clock.now()))

    async def change_lane(self, lane: Lane, state: LaneState, *, what: Happening | None = None) -> bool:
        """See `Outbox.change_lane`."""
        return await self._write(lambda writing: lanes.change_lane(writing, lane, state, what=what))

    async def renew(self, lease: Lease, *, lease_for: timedelta) -> Lease:
        """See `Outbox.renew`."""
        return await self._write(lambda writing: leasing.renew(writing, lease, lease_for=lease_for))

    async def record(self, lease: Lease, checkpoint: Checkpoint, *, replies: Sequence[bytes] = ()) -> None:
        """See `Outbox.record`."""
        await self._write(lambda writing: leasing.record(writing, lease, checkpoint, replies=replies))

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
        await self._write(
            lambda writing: leasing.end_lease(
                writing,
                lease,
                State.QUEUED,
                checkpoint,
                attempt,
                replies=replies,
                available_in=available_in,
            )
        )

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
    ) -> None:
        """See `Outbox.acknowledge`."""
        await self._write(
            lambda writing: leasing.acknowledge(
                writing,
                lease,
                checkpoint,
                acknowledgement,
                attempt,
                reply=reply,
                replies=replies,
                alarms=alarms,
            )
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
        await self._write(
            lambda writing: leasing.dead_letter(
                writing,
                lease,
                checkpoint,
                attempt,
                reply=reply,
                replies=replies,
                alarms=alarms,
            )
        )

    async def mark_retracted(
        self, lease: Lease, checkpoint: Checkpoint, attempt: Attempt, *, replies: Sequence[bytes] = ()
    ) -> None:
        """See `Outbox.mark_retracted`."""
        state = by_hand.end_of_withdrawal(lease.entry)
        await self._write(
            lambda writing: leasing.end_lease(writing, lease, state, checkpoint, attempt, replies=replies)
        )

    async def withdraw(self, entry_id: str, *, reason: str) -> Entry:
        """See `Outbox.withdraw`."""
        rules.check_text(reason)
        return await self._write(lambda writing: deciding.withdraw(writing, entry_id, reason=reason), wakes=True)

    async def file_by_hand(self, entry_id: str, *, report_id: int, reason: str, is_believed: bool = True) -> Entry:
        """See `Outbox.file_by_hand`."""
        rules.check_text(reason)
        by_hand.check_report_id(report_id)
        return await self._write(
            lambda writing: deciding.file_by_hand(
                writing, entry_id, report_id=report_id, reason=reason, is_believed=is_believed
            ),
            wakes=True,
        )

    async def requeue(self, entry_id: str, *, reason: str, checkpoint: Checkpoint | None = None) -> Entry:
        """See `Outbox.requeue`."""
        rules.check_text(reason)
        return await self._write(
            lambda writing: deciding.requeue(writing, entry_id, reason=reason, checkpoint=checkpoint), wakes=True
        )

    async def attempts(self, entry_id: str, *, limit: int = 100) -> list[Attempt]:
        """See `Outbox.attempts`."""
        return await self._reader.run(lambda execute: reading.attempts(execute, entry_id, limit=limit))

    async def acknowledgement(self, entry_id: str) -> AcknowledgementRecord | None:
        """See `Outbox.acknowledgement`."""
        return await self._reader.run(lambda execute: reading.acknowledgement(execute, entry_id))

    async def rejected_reply(self, entry_id: str) -> bytes | None:
        """See `Outbox.rejected_reply`."""
        return await self._reader.run(lambda execute: reading.rejected_reply(execute, entry_id))

    async def replies(self, entry_id: str) -> list[bytes]:
        """See `Outbox.replies`."""
        return await self._reader.run(lambda execute: reading.replies(execute, entry_id))

    async def unreceipted(self, *, limit: int = 100) -> list[str]:
        """See `Outbox.unreceipted`."""
        return await self._reader.run(lambda execute: reading.unreceipted(execute, limit=limit))

    async def store_receipt(self, entry_id: str, receipt: bytes) -> bytes:
        """See `Outbox.store_receipt`."""
        return await self._write(lambda writing: deciding.store_receipt(writing, entry_id, receipt))

    async def alarms(self, *, entry_id: str | None = None, is_open: bool | None = None) -> list[Alarm]:
        """See `Outbox.alarms`."""
        return await self._reader.run(lambda execute: reading.alarms(execute, entry_id=entry_id, is_open=is_open))

    async def close_alarm(self, alarm_id: int, *, note: str) -> Alarm:
        """See `Outbox.close_alarm`."""
        rules.check_text(note)
        return await self._write(lambda writing: deciding.close_alarm(writing, alarm_id, note=note))

    async def history(self, entry_id: str) -> list[HistoryLine]:
        """See `Outbox.history`."""
        return await self._reader.run(lambda execute: history_of_entry(execute, entry_id))

    async def lane_history(self, lane: Lane) -> list[HistoryLine]:
        """See `Outbox.lane_history`."""
        return await self._reader.run(lambda execute: history_of_lane(execute, lane))

    async def events(self, *, after: int = 0, limit: int = 100) -> list[HistoryLine]:
        """See `Outbox.events`."""
        return await self._reader.run(lambda execute: lines_after(execute, after=after, limit=limit))

    async def hook_state(self, name: str) -> HookState:
        """See `Outbox.hook_state`."""
        return await self._reader.run(lambda execute: hooks.hook_state(execute, name, now=self._clock.now()))

    async def change_hook(self, name: str, state: HookState) -> bool:
        """See `Outbox.change_hook`."""
        return await self._write(lambda writing: hooks.change_hook(writing.execute, name, state))

    async def notes(self, entry_id: str) -> list[tuple[datetime, str]]:
        """See `Outbox.notes`."""
        return await self._reader.run(lambda execute: reading.notes(execute, entry_id))

    def news(self) -> AsyncIterator[None]:
        """See `Outbox.news`; of this store alone, since nothing tells a process what another one wrote to the file."""
        return self._bulletin.news()

    async def facts(self) -> Mapping[str, str]:
        """See `Outbox.facts`."""
        mode = await anyio.to_thread.run_sync(lambda: self.path.stat().st_mode & 0o777 if self.path.exists() else 0)
        return {
            "kind": "sqlite",
            "driver": self._driver,
            "sqlite_version": ".".join(map(str, library_version(self._driver))),
            "journal_mode": self._opened.journal_mode,
            "schema_version": str(VERSION),
            "file": os.fspath(self.path),
            "file_mode": f"{mode:04o}",
        }

    async def integrity_problems(self) -> tuple[str, ...]:
        """What SQLite's own quick check finds wrong with the file, at most ten, and at most ten rows of no entry.

        Raises:
            OutboxUnavailableError: The file cannot even be read that far.
        """
        rows = await self._reader.run(lambda execute: execute("PRAGMA quick_check(10)"))
        astray = await self._reader.run(lambda execute: execute(_ORPHANS))
        orphans = [f"row {number} of {table} belongs to no entry" for table, number in astray]
        return (*(str(found) for [found] in rows if found != "ok"), *orphans)

    async def check_writable(self) -> None:
        """Take the turn of a writer and give it back, writing nothing: is somebody keeping the file locked.

        Raises:
            OutboxUnavailableError: Nobody could write within the busy timeout.
        """
        await self._writer.run(lambda _: None)

    async def close(self) -> None:
        """See `Outbox.close`."""
        # Shielded, so that a cancelled task does not leave threads and locks behind.
        with anyio.CancelScope(shield=True):
            self._bulletin.close()
            await anyio.to_thread.run_sync(self._close)

    def _close(self) -> None:
        self._reader.close()
        self._writer.close()
