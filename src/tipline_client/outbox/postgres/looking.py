"""The verbs of this store that only read: the half of `PostgresOutbox` that looks.

Each is held as a conversation over one pooled connection. What is asked is written in `reading`, in `telling` and
beside them.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.entry import Entry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import HistoryLine
from tipline_client.delivery.hook_state import HookState
from tipline_client.delivery.lane_state import LaneState
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.outbox.addresses import Address
from tipline_client.outbox.columns import microseconds
from tipline_client.outbox.contract import AcknowledgementRecord, Lane, Strays
from tipline_client.outbox.postgres import hooks, lanes, reading, telling
from tipline_client.outbox.postgres.connections import Connections, Kind
from tipline_client.outbox.postgres.conversation import Conversation

__all__ = ["PostgresLook"]

T = TypeVar("T")


class PostgresLook:
    """What an open database can be asked.

    Args:
        connections: Holds the conversations.
        clock: Sent in place of the database's clock, for tests that turn it.
    """

    def __init__(self, connections: Connections, *, clock: Clock | None = None) -> None:
        self._connections = connections
        self._clock = clock

    @property
    def address(self) -> Address:
        """Where it is, with no password."""
        return self._connections.address

    async def _hold(self, kind: Kind, verb: Callable[[int | None], Conversation[T]], *, wakes: bool = False) -> T:
        # The time is read when a connection is there: a lease may have run out while it was waited for.
        def begin() -> Conversation[T]:
            return verb(None if self._clock is None else microseconds(self._clock.now()))

        return await self._connections.hold(kind, begin, wakes=wakes)

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

    async def lane_state(self, lane: Lane) -> LaneState:
        """See `Outbox.lane_state`."""
        return await self._hold(Kind.READ, lambda now: lanes.lane_state(lane, now=now))

    async def attempts(self, entry_id: str, *, limit: int = 100) -> list[Attempt]:
        """See `Outbox.attempts`."""
        return await self._hold(Kind.READ, lambda _: reading.attempts(entry_id, limit=limit))

    async def acknowledgement(self, entry_id: str) -> AcknowledgementRecord | None:
        """See `Outbox.acknowledgement`."""
        return await self._hold(Kind.READ, lambda _: reading.acknowledgement(entry_id))

    async def rejected_reply(self, entry_id: str) -> bytes | None:
        """See `Outbox.rejected_reply`."""
        return await self._hold(Kind.READ, lambda _: reading.rejected_reply(entry_id))

    async def replies(self, entry_id: str) -> list[bytes]:
        """See `Outbox.replies`."""
        return await self._hold(Kind.READ, lambda _: reading.replies(entry_id))

    async def unreceipted(self, *, limit: int = 100) -> list[str]:
        """See `Outbox.unreceipted`."""
        return await self._hold(Kind.READ, lambda _: reading.unreceipted(limit=limit))

    async def alarms(self, *, entry_id: str | None = None, is_open: bool | None = None) -> list[Alarm]:
        """See `Outbox.alarms`."""
        return await self._hold(Kind.READ, lambda _: reading.alarms(entry_id=entry_id, is_open=is_open))

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
