"""The archive of the embedded store: each verb handed to the thread that writes or to the one that reads."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from tipline_client.delivery.certificate import Destruction
from tipline_client.delivery.hold import Conflict, Hold
from tipline_client.outbox import keeping, rules
from tipline_client.outbox.sqlite import destroying, disclosing, holding
from tipline_client.outbox.sqlite.worker import Worker
from tipline_client.outbox.sqlite.writing import Writing
from tipline_client.outbox.values import StoredKey

__all__ = ["SqliteArchive"]

T = TypeVar("T")


class _Write(Protocol):
    async def __call__(self, work: Callable[[Writing], T], *, wakes: bool = False) -> T: ...


class SqliteArchive:
    """The contract of `Archive` in an outbox file.

    Args:
        write: Runs work in a transaction that writes.
        writer: The thread that does so.
        reader: The thread that reads.
    """

    def __init__(self, write: _Write, *, writer: Worker, reader: Worker) -> None:
        self._write = write
        self._writer = writer
        self._reader = reader

    async def keys_to_rewrap(self, master: str, *, limit: int = 200, after: str | None = None) -> list[StoredKey]:
        """See `Archive.keys_to_rewrap`."""
        return await self._reader.run(
            lambda execute: destroying.keys_to_rewrap(execute, master, limit=limit, after=after)
        )

    async def rewrap(self, entry_id: str, *, old: str, new: str, master: str) -> bool:
        """See `Archive.rewrap`."""
        return await self._write(lambda writing: destroying.rewrap(writing, entry_id, old=old, new=new, master=master))

    async def note_reading(self, entry_id: str, what: str, *, purpose: str, actor: str) -> None:
        """See `Archive.note_reading`."""
        rules.check_text(what, purpose, actor)
        await self._write(
            lambda writing: disclosing.note_reading(writing, entry_id, what, purpose=purpose, actor=actor)
        )

    async def holds(
        self, *, entry_id: str | None = None, ends_before: datetime | None = None, limit: int = 100
    ) -> list[Hold]:
        """See `Archive.holds`."""
        return await self._reader.run(
            lambda execute: holding.holds(execute, entry_id=entry_id, ends_before=ends_before, limit=limit)
        )

    async def conflicts(self, *, limit: int = 100) -> list[Conflict]:
        """See `Archive.conflicts`."""
        return await self._reader.run(lambda execute: holding.conflicts(execute, limit=limit))

    async def extend(self, entry_id: str, *, until: datetime, reason: str, actor: str) -> list[Hold]:
        """See `Archive.extend`."""
        rules.check_text(reason, actor)

        def work(writing: Writing) -> list[Hold]:
            keeping.check_until(until, now=writing.now)
            return holding.extend(writing, entry_id, until=until, reason=reason, actor=actor)

        return await self._write(work)

    async def release(self, entry_id: str, *, reason: str, actor: str, hold_id: int | None = None) -> list[Hold]:
        """See `Archive.release`."""
        rules.check_text(reason, actor)
        return await self._write(
            lambda writing: holding.release(writing, entry_id, reason=reason, actor=actor, hold_id=hold_id)
        )

    async def begin_destruction(
        self, entry_id: str, plan: bytes, *, reason: str, actor: str, request: str | None = None
    ) -> Destruction:
        """See `Archive.begin_destruction`."""
        rules.check_text(reason, actor, request or "")
        return await self._write(
            lambda writing: destroying.begin_destruction(
                writing, entry_id, plan, reason=reason, actor=actor, request=request
            )
        )

    async def empty(self, entry_id: str) -> Destruction:
        """See `Archive.empty`."""
        return await self._write(lambda writing: destroying.empty(writing, entry_id))

    async def scrub(self) -> str:
        """See `Archive.scrub`."""
        return await self._writer.run(destroying.scrub, is_apart=True)

    async def complete_destruction(self, entry_id: str, certificate: bytes) -> Destruction:
        """See `Archive.complete_destruction`."""
        return await self._write(lambda writing: destroying.complete_destruction(writing, entry_id, certificate))

    async def destruction(self, entry_id: str) -> Destruction | None:
        """See `Archive.destruction`."""
        return await self._reader.run(lambda execute: destroying.destruction(execute, entry_id))

    async def unfinished(self, *, limit: int = 100) -> list[str]:
        """See `Archive.unfinished`."""
        return await self._reader.run(lambda execute: destroying.unfinished(execute, limit=limit))
