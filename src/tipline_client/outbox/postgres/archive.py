"""The archive of the store for several machines: each verb held as a conversation over one pooled connection."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from tipline_client.delivery.certificate import Destruction
from tipline_client.delivery.hold import Conflict, Hold
from tipline_client.envelope import HistoryChain
from tipline_client.outbox import rules
from tipline_client.outbox.postgres import destroying, disclosing, holding
from tipline_client.outbox.postgres.connections import Kind
from tipline_client.outbox.postgres.conversation import Conversation
from tipline_client.outbox.values import StoredKey

__all__ = ["PostgresArchive"]

T = TypeVar("T")


class _HoldConversation(Protocol):
    async def __call__(
        self, kind: Kind, verb: Callable[[int | None], Conversation[T]], *, wakes: bool = False
    ) -> T: ...


class PostgresArchive:
    """The contract of `Archive` in a PostgreSQL database.

    Args:
        hold: Holds a conversation.
        chain: What links the lines of the history, asked for each time.
    """

    def __init__(self, hold: _HoldConversation, *, chain: Callable[[], HistoryChain]) -> None:
        self._hold = hold
        self._chain = chain

    async def keys_to_rewrap(self, master: str, *, limit: int = 200, after: str | None = None) -> list[StoredKey]:
        """See `Archive.keys_to_rewrap`."""
        return await self._hold(Kind.READ, lambda _: destroying.keys_to_rewrap(master, limit=limit, after=after))

    async def rewrap(self, entry_id: str, *, old: str, new: str, master: str) -> bool:
        """See `Archive.rewrap`."""
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: destroying.rewrap(entry_id, old=old, new=new, master=master, chain=self._chain(), now=now),
        )

    async def note_reading(self, entry_id: str, what: str, *, purpose: str, actor: str) -> None:
        """See `Archive.note_reading`."""
        rules.check_text(what, purpose, actor)
        await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: disclosing.note_reading(
                entry_id, what, purpose=purpose, actor=actor, chain=self._chain(), now=now
            ),
        )

    async def holds(
        self, *, entry_id: str | None = None, ends_before: datetime | None = None, limit: int = 100
    ) -> list[Hold]:
        """See `Archive.holds`."""
        return await self._hold(
            Kind.READ, lambda _: holding.holds(entry_id=entry_id, ends_before=ends_before, limit=limit)
        )

    async def conflicts(self, *, limit: int = 100) -> list[Conflict]:
        """See `Archive.conflicts`."""
        return await self._hold(Kind.READ_TOGETHER, lambda _: holding.conflicts(limit=limit))

    async def extend(self, entry_id: str, *, until: datetime, reason: str, actor: str) -> list[Hold]:
        """See `Archive.extend`."""
        rules.check_text(reason, actor)
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: holding.extend(entry_id, until=until, reason=reason, actor=actor, chain=self._chain(), now=now),
        )

    async def release(self, entry_id: str, *, reason: str, actor: str, hold_id: int | None = None) -> list[Hold]:
        """See `Archive.release`."""
        rules.check_text(reason, actor)
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: holding.release(
                entry_id, reason=reason, actor=actor, hold_id=hold_id, chain=self._chain(), now=now
            ),
        )

    async def begin_destruction(
        self, entry_id: str, plan: bytes, *, reason: str, actor: str, request: str | None = None
    ) -> Destruction:
        """See `Archive.begin_destruction`."""
        rules.check_text(reason, actor, request or "")
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: destroying.begin_destruction(
                entry_id, plan, reason=reason, actor=actor, request=request, chain=self._chain(), now=now
            ),
        )

    async def empty(self, entry_id: str) -> Destruction:
        """See `Archive.empty`."""
        return await self._hold(
            Kind.WRITE_TOGETHER, lambda now: destroying.empty(entry_id, chain=self._chain(), now=now)
        )

    async def scrub(self) -> str:
        """See `Archive.scrub`."""
        return await self._hold(Kind.WRITE, lambda _: destroying.scrub())

    async def complete_destruction(self, entry_id: str, certificate: bytes) -> Destruction:
        """See `Archive.complete_destruction`."""
        return await self._hold(
            Kind.WRITE_TOGETHER,
            lambda now: destroying.complete_destruction(entry_id, certificate, chain=self._chain(), now=now),
        )

    async def destruction(self, entry_id: str) -> Destruction | None:
        """See `Archive.destruction`."""
        return await self._hold(Kind.READ_TOGETHER, lambda _: destroying.destruction(entry_id))

    async def unfinished(self, *, limit: int = 100) -> list[str]:
        """See `Archive.unfinished`."""
        return await self._hold(Kind.READ, lambda _: destroying.unfinished(limit=limit))
