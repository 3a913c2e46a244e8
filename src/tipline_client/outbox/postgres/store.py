"""The store for several machines: the outbox contract in a PostgreSQL database that any number of dispatchers share.

Each verb of the contract is held as a conversation over one pooled connection. What the statements do is written in the
modules beside this one; here is decided what needs a transaction, and what a failure means.
"""

import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import anyio.to_thread

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.entry import Entry, Lease, NewEntry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import Happening, HistoryLine
from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.lane_state import LaneState
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain
from tipline_client.errors import OutboxInDoubtError
from tipline_client.outbox import by_hand, rules
from tipline_client.outbox.chaining import Chained
from tipline_client.outbox.columns import microseconds
from tipline_client.outbox.contract import AcknowledgementRecord, Claimed, Lane, Strays
from tipline_client.outbox.postgres import (
    deadlines,
    deciding,
    entering,
    hooks,
    lanes,
    leasing,
    reading,
    serving,
    telling,
)
from tipline_client.outbox.postgres.connections import Connections, Kind
from tipline_client.outbox.postgres.conversation import Conversation, Row

__all__ = ["PostgresOutbox"]

T = TypeVar("T")

_MOST_IN_DOUBT: Final = 10_000
"""How many leases are remembered whose ending nobody answered; the oldest is forgotten first."""


class PostgresOutbox(Chained):
    """The contract of `Outbox`, kept in a PostgreSQL database; made by `PostgresOutbox.open`.

    Usable from several threads and asyncio event loops of one process, and from any number of processes and hosts. It
    does not survive a fork: each process opens its own.
    """

    def __init__(
        self, connections: Connections, *, clock: Clock | None = None, chain: HistoryChain | None = None
    ) -> None:
        self._connections = connections
        self._clock = clock
        self._chain = chain or HistoryChain()
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

    async def _hold(self, kind: Kind, verb: Callable[[int | None], Conversation[T]], *, wakes: bool = False) -> T:
        # The time is read when a connection is there: a lease may have run out while it was waited for.
        def begin() -> Conversation[T]:
            return verb(None if self._clock is None else microseconds(self._clock.now()))

        return await self._connections.hold(kind, begin, wakes=wakes)

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

    async def get(self, entry_id: str) -> Entry:
        """See `Outbox.get`."""
        return await self._hold(Kind.READ, lambda _: reading.get(entry_id))

    async def find(self, lane: Lane, idempotency_key: str) -> Entry | None:
        """See `Outbox.find`."""
        return await self._hold(Kind.READ, lambda _: reading.find(lane, idempotency_key))

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
        return await self._hold(
            Kind.READ,
            lambda _: reading.list_entries(
                states=states, environment=environment, limit=limit, after=after, orphaned_at=orphaned_at
            ),
        )

    async def count(self, *, environment: Environment | None = None, lane: Lane | None = None) -> OutboxCounts:
        """See `Outbox.count`."""
        return await self._hold(Kind.READ_TOGETHER, lambda _: reading.count(environment=environment, lane=lane))

    async def strays(self, served: Sequence[Lane], *, limit: int = 100) -> Strays:
        """See `Outbox.strays`."""
        return await self._hold(Kind.READ_TOGETHER, lambda _: reading.strays(served, limit=limit))

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

    async def lane_state(self, lane: Lane) -> LaneState:
        """See `Outbox.lane_state`."""
        return await self._hold(Kind.READ, lambda now: lanes.lane_state(lane, now=now))

    async def change_lane(self, lane: Lane, state: LaneState, *, what: Happening | None = None) -> bool:
        """See `Outbox.change_lane`."""
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: lanes.change_lane(lane, state, what=what, chain=self._chain, now=now),
        )

    async def renew(self, lease: Lease, *, lease_for: timedelta) -> Lease:
        """See `Outbox.renew`."""
        return await self._hold(Kind.WRITE, lambda now: leasing.renew(lease, lease_for=lease_for, now=now))

    async def record(self, lease: Lease, checkpoint: Checkpoint) -> None:
        """See `Outbox.record`."""
        await self._hold(Kind.WRITE, lambda now: leasing.record(lease, checkpoint, now=now))

    async def release(self, lease: Lease, checkpoint: Checkpoint, attempt: Attempt, *, available_in: timedelta) -> None:
        """See `Outbox.release`."""
        await self._end(
            lease,
            attempt,
            Kind.WRITE_TOGETHER,
            lambda now: leasing.end_lease(
                lease, State.QUEUED, checkpoint, attempt, chain=self._chain, now=now, available_in=available_in
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
        alarms: Sequence[Alarm] = (),
    ) -> None:
        """See `Outbox.acknowledge`."""
        await self._end(
            lease,
            attempt,
            Kind.WRITE_TOGETHER,
            lambda now: leasing.acknowledge(
                lease, checkpoint, acknowledgement, attempt, reply=reply, alarms=alarms, chain=self._chain, now=now
            ),
        )

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
        await self._end(
            lease,
            attempt,
            Kind.WRITE_TOGETHER,
            lambda now: leasing.dead_letter(
                lease, checkpoint, attempt, reply=reply, alarms=alarms, chain=self._chain, now=now
            ),
        )

    async def mark_retracted(self, lease: Lease, checkpoint: Checkpoint, attempt: Attempt) -> None:
        """See `Outbox.mark_retracted`."""
        state = by_hand.end_of_withdrawal(lease.entry)
        await self._end(
            lease,
            attempt,
            Kind.WRITE_TOGETHER,
            lambda now: leasing.end_lease(lease, state, checkpoint, attempt, chain=self._chain, now=now),
        )

    async def withdraw(self, entry_id: str, *, reason: str) -> Entry:
        """See `Outbox.withdraw`."""
        rules.check_text(reason)
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: deciding.withdraw(entry_id, reason=reason, chain=self._chain, now=now),
            wakes=True,
        )

    async def file_by_hand(self, entry_id: str, *, report_id: int, reason: str, is_believed: bool = True) -> Entry:
        """See `Outbox.file_by_hand`."""
        rules.check_text(reason)
        by_hand.check_report_id(report_id)
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: deciding.file_by_hand(
                entry_id, report_id=report_id, reason=reason, is_believed=is_believed, chain=self._chain, now=now
            ),
            wakes=True,
        )

    async def requeue(self, entry_id: str, *, reason: str, checkpoint: Checkpoint | None = None) -> Entry:
        """See `Outbox.requeue`."""
        rules.check_text(reason)
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: deciding.requeue(entry_id, reason=reason, checkpoint=checkpoint, chain=self._chain, now=now),
            wakes=True,
        )

    async def attempts(self, entry_id: str, *, limit: int = 100) -> list[Attempt]:
        """See `Outbox.attempts`."""
        return await self._hold(Kind.READ, lambda _: reading.attempts(entry_id, limit=limit))

    async def acknowledgement(self, entry_id: str) -> AcknowledgementRecord | None:
        """See `Outbox.acknowledgement`."""
        return await self._hold(Kind.READ, lambda _: reading.acknowledgement(entry_id))

    async def rejected_reply(self, entry_id: str) -> bytes | None:
        """See `Outbox.rejected_reply`."""
        return await self._hold(Kind.READ, lambda _: reading.rejected_reply(entry_id))

    async def unreceipted(self, *, limit: int = 100) -> list[str]:
        """See `Outbox.unreceipted`."""
        return await self._hold(Kind.READ, lambda _: reading.unreceipted(limit=limit))

    async def store_receipt(self, entry_id: str, receipt: bytes) -> bytes:
        """See `Outbox.store_receipt`."""
        return await self._hold(
            Kind.WRITE_TOGETHER, lambda now: deciding.store_receipt(entry_id, receipt, chain=self._chain, now=now)
        )

    async def alarms(self, *, entry_id: str | None = None, is_open: bool | None = None) -> list[Alarm]:
        """See `Outbox.alarms`."""
        return await self._hold(Kind.READ, lambda _: reading.alarms(entry_id=entry_id, is_open=is_open))

    async def close_alarm(self, alarm_id: int, *, note: str) -> Alarm:
        """See `Outbox.close_alarm`."""
        rules.check_text(note)
        return await self._hold(
            Kind.WRITE_TOGETHER, lambda now: deciding.close_alarm(alarm_id, note=note, chain=self._chain, now=now)
        )

    async def history(self, entry_id: str) -> list[HistoryLine]:
        """See `Outbox.history`."""
        return await self._hold(Kind.READ, lambda _: telling.history_of_entry(entry_id))

    async def lane_history(self, lane: Lane) -> list[HistoryLine]:
        """See `Outbox.lane_history`."""
        return await self._hold(Kind.READ, lambda _: telling.history_of_lane(lane))

    async def events(self, *, after: int = 0, limit: int = 100) -> list[HistoryLine]:
        """See `Outbox.events`."""
        return await self._hold(Kind.WRITE_TOGETHER, lambda _: telling.lines_after(after=after, limit=limit))

    async def hook_state(self, name: str) -> HookState:
        """See `Outbox.hook_state`."""
        return await self._hold(Kind.READ, lambda now: hooks.hook_state(name, now=now))

    async def change_hook(self, name: str, state: HookState) -> bool:
        """See `Outbox.change_hook`."""
        return await self._hold(Kind.WRITE, lambda _: hooks.change_hook(name, state))

    async def notes(self, entry_id: str) -> list[tuple[datetime, str]]:
        """See `Outbox.notes`."""
        return await self._hold(Kind.READ, lambda _: reading.notes(entry_id))

    async def facts(self) -> Mapping[str, str]:
        """See `Outbox.facts`; as they were when it was opened."""
        return dict(self._connections.facts)

    async def news(self) -> AsyncIterator[None]:
        """Yield whenever something may have become due: enqueued, requeued or withdrawn, on any host.

        It yields once at the start and after each lost connection, since something may have been missed meanwhile; many
        reasons at once are one item. Nothing is promised beyond that: whoever waits looks at times anyway. It ends when
        the outbox is closed.
        """
        seen = 0
        while (heard := await self._connections.wait_for_news(seen)) is not None:
            seen = heard
            yield

    async def close(self) -> None:
        """See `Outbox.close`."""
        # Shielded, so that a cancelled task does not leave connections behind.
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._connections.close)
