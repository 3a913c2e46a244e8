"""The embedded store: the outbox contract in one SQLite file, which several processes may share.

One thread writes and one reads; callers wait on their event loops. What the statements do is written in the modules
beside this one; here each verb that writes is handed to its thread with the store's own time, in `looking` each that
reads.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeVar

import anyio.to_thread

from tipline_client._undivided import wholly
from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.clock import Clock, SystemClock
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.entry import Entry, Lease, NewEntry
from tipline_client.delivery.events import Happening
from tipline_client.delivery.hold import HoldTerms
from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.lane_state import LaneState
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain
from tipline_client.errors import OutboxUnavailableError
from tipline_client.outbox import by_hand, rules
from tipline_client.outbox.archive import Archive
from tipline_client.outbox.bulletin import Bulletin
from tipline_client.outbox.chaining import Chained
from tipline_client.outbox.contract import Claimed, Lane
from tipline_client.outbox.joining import Caller, Joined
from tipline_client.outbox.sqlite import deadlines, deciding, entering, hooks, joining, lanes, leasing, serving
from tipline_client.outbox.sqlite.archive import SqliteArchive
from tipline_client.outbox.sqlite.driver import DriverName, choose_driver
from tipline_client.outbox.sqlite.forking import at_work
from tipline_client.outbox.sqlite.looking import SqliteLook
from tipline_client.outbox.sqlite.opening import Opened, open_file
from tipline_client.outbox.sqlite.worker import Worker
from tipline_client.outbox.sqlite.writing import Writing

__all__ = ["SqliteOutbox"]

T = TypeVar("T")


class SqliteOutbox(Chained, SqliteLook):
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
        super().__init__(opened, path=path, clock=clock, driver=driver)
        self.path = path
        self._chain = chain or HistoryChain()
        self._bulletin = Bulletin()
        together = {} if group_commit else {"most_together": 1}
        self._writer = Worker(
            opened.writer, again=opened.writer_again, begin="BEGIN IMMEDIATE", name="outbox-writer", **together
        )
        self._archive = SqliteArchive(self._write, writer=self._writer, reader=self._reader)

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
        is_shared: bool = False,
    ) -> "SqliteOutbox":
        """Open an outbox file, make it with mode 0600 if there is none, and bring its tables up to date.

        Args:
            path: The file; its folder must exist and be on a local disk.
            clock: What decides whether a lease is live; the machine's own by default.
            driver: `sqlite3`, `apsw`, or `auto` for the first of them whose write-ahead log is safe to share.
            group_commit: Whether writes that wait at the same time share a commit. Durability is the same.
            busy_timeout: How long to wait for another process's lock.
            chain: Links the lines of the history; one without a secret by default.
            is_shared: Whether the file may be an application's database, in which the tables are then made too.

        Raises:
            ConfigurationError: The path, the file or the driver is not usable.
            OutboxUnavailableError: The file is locked, or the disk full or failing.
        """
        chosen = choose_driver(driver)
        # As it is now: the process may go to another folder.
        file = Path(path).absolute()
        with at_work():
            opened = open_file(file, driver=chosen, busy_timeout=busy_timeout.total_seconds(), is_shared=is_shared)
            return cls(
                opened,
                path=file,
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

    async def join(self, caller: Caller, *, entry_id: str) -> Joined:  # noqa: ARG002 - the contract's
        """See `Joinable.join`."""
        return await joining.joined(
            caller,
            path=self.path,
            driver=self._driver,
            journal_mode=self._opened.journal_mode,
            begin=lambda execute: Writing(execute, self._chain, self._clock.now()),
            find=self.find,
        )

    async def is_awaited(self, entry_id: str) -> bool:  # noqa: ARG002 - the contract's
        """See `Joinable.is_awaited`: one transaction at a time can write to a file."""
        try:
            await self.check_writable()
        except OutboxUnavailableError:
            return True
        return False

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
        holds: Sequence[HoldTerms] = (),
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
                holds=holds,
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
        self,
        lease: Lease,
        checkpoint: Checkpoint,
        attempt: Attempt,
        *,
        replies: Sequence[bytes] = (),
        holds: Sequence[HoldTerms] = (),
    ) -> None:
        """See `Outbox.mark_retracted`."""
        state = by_hand.end_of_withdrawal(lease.entry)
        await self._write(
            lambda writing: leasing.mark_retracted(
                writing, lease, state, checkpoint, attempt, replies=replies, holds=holds
            )
        )

    async def withdraw(self, entry_id: str, *, reason: str) -> Entry:
        """See `Outbox.withdraw`."""
        rules.check_text(reason)
        return await self._write(lambda writing: deciding.withdraw(writing, entry_id, reason=reason), wakes=True)

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
        return await self._write(
            lambda writing: deciding.file_by_hand(
                writing, entry_id, report_id=report_id, reason=reason, is_believed=is_believed, holds=holds
            ),
            wakes=True,
        )

    async def requeue(
        self, entry_id: str, *, reason: str, checkpoint: Checkpoint | None = None, content_digest: str | None = None
    ) -> Entry:
        """See `Outbox.requeue`."""
        rules.check_text(reason)
        return await self._write(
            lambda writing: deciding.requeue(
                writing, entry_id, reason=reason, checkpoint=checkpoint, content_digest=content_digest
            ),
            wakes=True,
        )

    async def store_receipt(self, entry_id: str, receipt: bytes) -> bytes:
        """See `Outbox.store_receipt`."""
        return await self._write(lambda writing: deciding.store_receipt(writing, entry_id, receipt))

    async def close_alarm(self, alarm_id: int, *, note: str) -> Alarm:
        """See `Outbox.close_alarm`."""
        rules.check_text(note)
        return await self._write(lambda writing: deciding.close_alarm(writing, alarm_id, note=note))

    async def change_hook(self, name: str, state: HookState) -> bool:
        """See `Outbox.change_hook`."""
        return await self._write(lambda writing: hooks.change_hook(writing.execute, name, state))

    @property
    def archive(self) -> Archive:
        """See `Outbox.archive`."""
        return self._archive

    def news(self) -> AsyncIterator[None]:
        """See `Outbox.news`; of this store alone, since nothing tells a process what another one wrote to the file."""
        return self._bulletin.news()

    async def check_writable(self) -> None:
        """Take the turn of a writer and give it back, writing nothing: is somebody keeping the file locked.

        Raises:
            OutboxUnavailableError: Nobody could write within the busy timeout.
        """
        await self._writer.run(lambda _: None)

    async def close(self) -> None:
        """See `Outbox.close`."""
        self._bulletin.close()
        # Wholly, so that a cancelled task does not leave threads and locks behind.
        await wholly(anyio.to_thread.run_sync(self._close))

    def _close(self) -> None:
        self._reader.close()
        self._writer.close()
