"""The store for several machines: the outbox contract in a PostgreSQL database that any number of dispatchers share.

Each verb of the contract is held as a conversation over one pooled connection. What the statements do is written in the
modules beside this one; here is decided what needs a transaction, and what a failure means. What only reads is in
`looking`.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

import anyio.to_thread

from tipline_client._undivided import wholly
from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.entry import Entry, Lease, NewEntry
from tipline_client.delivery.events import Happening
from tipline_client.delivery.hold import HoldTerms
from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.lane_state import LaneState
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain
from tipline_client.errors import OutboxInDoubtError
from tipline_client.outbox import by_hand, rules
from tipline_client.outbox.archive import Archive
from tipline_client.outbox.chaining import Chained
from tipline_client.outbox.columns import microseconds
from tipline_client.outbox.contract import Claimed, Lane
from tipline_client.outbox.joining import Caller, Joined, other_database
from tipline_client.outbox.postgres import (
    deadlines,
    deciding,
    entering,
    hooks,
    joining,
    lanes,
    leasing,
    serving,
)
from tipline_client.outbox.postgres.archive import PostgresArchive
from tipline_client.outbox.postgres.connections import Connections, Kind
from tipline_client.outbox.postgres.conversation import Conversation, Row
from tipline_client.outbox.postgres.looking import PostgresLook

__all__ = ["PostgresOutbox"]

T = TypeVar("T")

_MOST_IN_DOUBT: Final = 10_000
"""How many leases are remembered whose ending nobody answered; the oldest is forgotten first."""


class PostgresOutbox(Chained, PostgresLook):
    """The contract of `Outbox`, kept in a PostgreSQL database; made by `PostgresOutbox.open`.

    Usable from several threads and asyncio event loops of one process, and from any number of processes and hosts. It
    does not survive a fork: each process opens its own.
    """

    def __init__(
        self, connections: Connections, *, clock: Clock | None = None, chain: HistoryChain | None = None
    ) -> None:
        super().__init__(connections, clock=clock)
        self._chain = chain or HistoryChain()
        self._archive = PostgresArchive(self._hold, chain=lambda: self._chain)
        self._gate = threading.Lock()
        self._in_doubt: dict[str, None] = {}

    @classmethod
    def open(
        cls,
        dsn: str,
        *,
        clock: Clock | None = None,
        max_connections: int = 8,
        wait_for_connection: timedelta = timedelta(seconds=5),
        answer_within: timedelta = timedelta(seconds=30),
        chain: HistoryChain | None = None,
    ) -> "PostgresOutbox":
        """Open an outbox whose tables `tipline migrate` has made; nothing in the database is changed.

        Args:
            dsn: A connection string as libpq reads it; what it leaves open, libpq's environment variables say.
            clock: Sent in place of the database's clock, for tests that turn it. Leave it out elsewhere: only the
                database's own clock is the same one for all hosts.
            max_connections: How many connections the pool has at most. One more listens for news while asked to.
            wait_for_connection: How long a verb waits for one of them.
            answer_within: How long the database may take over a statement.
            chain: Links the lines of the history; one without a secret by default.

        Raises:
            ConfigurationError: The connection string cannot be read; the tables are missing, older or newer than this
                code; the server is too old.
            OutboxUnavailableError: The database cannot be reached, or refuses.
        """
        connections = Connections.open(
            dsn, most=max_connections, wait_for_connection=wait_for_connection, answer_within=answer_within
        )
        return cls(connections, clock=clock, chain=chain)

    async def _end(
        self, lease: Lease, attempt: Attempt, kind: Kind, ending: Callable[[int | None], Conversation[object]]
    ) -> None:
        with self._gate:
            is_in_doubt = lease.token in self._in_doubt
        try:
            await self._hold(
                kind,
                lambda now: leasing.unless_ended_by_us(ending(now), lease, attempt, is_in_doubt=is_in_doubt),
            )
        except OutboxInDoubtError:
            with self._gate:
                self._in_doubt[lease.token] = None
                if len(self._in_doubt) > _MOST_IN_DOUBT:
                    del self._in_doubt[next(iter(self._in_doubt))]
            raise
        with self._gate:
            self._in_doubt.pop(lease.token, None)

    async def enqueue(self, new: NewEntry, *, held: bool = False) -> tuple[Entry, bool]:
        """See `Outbox.enqueue`."""
        rules.check_text(new.id, new.profile, new.idempotency_key, new.content_digest)
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: entering.enqueue(new, held=held, chain=self._chain, now=now, wakes=False),
            wakes=not held,
        )

    async def join(self, caller: Caller, *, entry_id: str) -> Joined:
        """See `Joinable.join`."""
        joined = await joining.joined(caller, enqueue=self._enqueue_for_caller)
        await joined.announce(entry_id)
        if not await self.is_awaited(entry_id):
            await joined.check()
            raise other_database(f"{self._connections.facts['database']!r} of the outbox's own address")
        return joined

    def _enqueue_for_caller(self, new: NewEntry, *, held: bool) -> Conversation[tuple[Entry, bool]]:
        now = None if self._clock is None else microseconds(self._clock.now())
        return entering.enqueue(new, held=held, chain=self._chain, now=now)

    async def is_awaited(self, entry_id: str) -> bool:
        """See `Joinable.is_awaited`."""
        return await self._hold(Kind.READ, lambda _: joining.is_awaited(entry_id))

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
        claimed, damaged = await self._hold(
            Kind.WRITE,
            lambda now: leasing.claim(
                lane, limit=limit, lease_for=lease_for, entry_id=entry_id, longest_due=longest_due, now=now
            ),
        )
        for row in damaged:
            name = await self._hold(Kind.WRITE_TOGETHER, partial(self._set_aside, row))
            claimed.set_aside += () if name is None else (name,)
        return claimed

    def _set_aside(self, row: Row, now: int | None) -> Conversation[str | None]:
        return leasing.set_aside(row, chain=self._chain, now=now)

    async def serve(self, lane: Lane) -> int:
        """See `Outbox.serve`."""
        return await self._hold(Kind.WRITE_TOGETHER, lambda now: serving.serve(lane, chain=self._chain, now=now))

    async def tell_deadlines(self, lane: Lane, *, deadline: Deadline, limit: int = 100) -> tuple[str, ...]:
        """See `Outbox.tell_deadlines`."""
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: deadlines.tell_deadlines(lane, deadline=deadline, limit=limit, chain=self._chain, now=now),
        )

    async def let_go(self, entry_id: str, *, reason: str) -> Entry:
        """See `Outbox.let_go`."""
        rules.check_text(reason)
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: serving.let_go(entry_id, reason=reason, chain=self._chain, now=now),
            wakes=True,
        )

    async def change_lane(self, lane: Lane, state: LaneState, *, what: Happening | None = None) -> bool:
        """See `Outbox.change_lane`."""
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: lanes.change_lane(lane, state, what=what, chain=self._chain, now=now),
        )

    async def renew(self, lease: Lease, *, lease_for: timedelta) -> Lease:
        """See `Outbox.renew`."""
        return await self._hold(Kind.WRITE, lambda now: leasing.renew(lease, lease_for=lease_for, now=now))

    async def record(self, lease: Lease, checkpoint: Checkpoint, *, replies: Sequence[bytes] = ()) -> None:
        """See `Outbox.record`."""
        await self._hold(Kind.WRITE, lambda now: leasing.record(lease, checkpoint, replies=replies, now=now))

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
        await self._end(
            lease,
            attempt,
            Kind.WRITE_TOGETHER,
            lambda now: leasing.end_lease(
                lease,
                State.QUEUED,
                checkpoint,
                attempt,
                replies=replies,
                chain=self._chain,
                now=now,
                available_in=available_in,
            ),
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
        await self._end(
            lease,
            attempt,
            Kind.WRITE_TOGETHER,
            lambda now: leasing.acknowledge(
                lease,
                checkpoint,
                acknowledgement,
                attempt,
                reply=reply,
                replies=replies,
                alarms=alarms,
                holds=holds,
                chain=self._chain,
                now=now,
            ),
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
        await self._end(
            lease,
            attempt,
            Kind.WRITE_TOGETHER,
            lambda now: leasing.dead_letter(
                lease,
                checkpoint,
                attempt,
                reply=reply,
                replies=replies,
                alarms=alarms,
                chain=self._chain,
                now=now,
            ),
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
        await self._end(
            lease,
            attempt,
            Kind.WRITE_TOGETHER,
            lambda now: leasing.end_lease(
                lease, state, checkpoint, attempt, replies=replies, holds=holds, chain=self._chain, now=now
            ),
        )

    async def withdraw(self, entry_id: str, *, reason: str) -> Entry:
        """See `Outbox.withdraw`."""
        rules.check_text(reason)
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: deciding.withdraw(entry_id, reason=reason, chain=self._chain, now=now),
            wakes=True,
        )

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
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: deciding.file_by_hand(
                entry_id,
                report_id=report_id,
                reason=reason,
                is_believed=is_believed,
                holds=holds,
                chain=self._chain,
                now=now,
            ),
            wakes=True,
        )

    async def requeue(
        self, entry_id: str, *, reason: str, checkpoint: Checkpoint | None = None, content_digest: str | None = None
    ) -> Entry:
        """See `Outbox.requeue`."""
        rules.check_text(reason)
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: deciding.requeue(
                entry_id,
                reason=reason,
                checkpoint=checkpoint,
                content_digest=content_digest,
                chain=self._chain,
                now=now,
            ),
            wakes=True,
        )

    async def store_receipt(self, entry_id: str, receipt: bytes) -> bytes:
        """See `Outbox.store_receipt`."""
        return await self._hold(
            Kind.WRITE_TOGETHER, lambda now: deciding.store_receipt(entry_id, receipt, chain=self._chain, now=now)
        )

    async def close_alarm(self, alarm_id: int, *, note: str) -> Alarm:
        """See `Outbox.close_alarm`."""
        rules.check_text(note)
        return await self._hold(
            Kind.WRITE_TOGETHER, lambda now: deciding.close_alarm(alarm_id, note=note, chain=self._chain, now=now)
        )

    async def change_hook(self, name: str, state: HookState) -> bool:
        """See `Outbox.change_hook`."""
        return await self._hold(Kind.WRITE, lambda _: hooks.change_hook(name, state))

    @property
    def archive(self) -> Archive:
        """See `Outbox.archive`."""
        return self._archive

    async def close(self) -> None:
        """See `Outbox.close`."""
        # Wholly, so that a cancelled task does not leave connections behind.
        await wholly(anyio.to_thread.run_sync(self._connections.close))
