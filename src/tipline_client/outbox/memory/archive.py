"""The archive of the store in memory: holds and destructions beside its tables, under the same lock and clock."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from tipline_client.delivery.certificate import Destruction
from tipline_client.delivery.clock import Clock
from tipline_client.delivery.events import (
    ContentErased,
    ContentRead,
    DestructionBegun,
    EntryDestroyed,
    HoldExtended,
    HoldReleased,
    KeyRewrapped,
    digest_of,
)
from tipline_client.delivery.hold import Conflict, Hold, find_conflicts
from tipline_client.errors import IllegalTransitionError
from tipline_client.outbox import keeping, rules
from tipline_client.outbox.memory.tables import Tables
from tipline_client.outbox.values import StoredKey

__all__ = ["MemoryArchive"]


class MemoryArchive:
    """The contract of `Archive` in this process's memory.

    Args:
        tables: What it shares with the store.
        lock: Likewise.
        clock: Says now.
    """

    def __init__(self, tables: Tables, *, lock: threading.Lock, clock: Clock) -> None:
        self._tables = tables
        self._lock = lock
        self._clock = clock
        self._begun: dict[str, Destruction] = {}

    async def keys_to_rewrap(self, master: str, *, limit: int = 200, after: str | None = None) -> list[StoredKey]:
        """See `Archive.keys_to_rewrap`."""
        with self._lock:
            start = -1 if after is None else self._tables.row(after).number
            found = [
                StoredKey(row.entry.id, row.entry.data_key)
                for row in self._tables.rows.values()
                if row.number > start and row.entry.data_key and not row.entry.data_key.startswith(f"{master} ")
            ]
            return found[: max(limit, 0)]

    async def rewrap(self, entry_id: str, *, old: str, new: str, master: str) -> bool:
        """See `Archive.rewrap`."""
        with self._lock:
            row = self._tables.rows.get(entry_id)
            if row is None or row.entry.data_key != old:
                return False
            row.entry = replace(row.entry, data_key=new)
            self._tables.tell(row, KeyRewrapped(master), now=self._clock.now())
            return True

    async def note_reading(self, entry_id: str, what: str, *, purpose: str, actor: str) -> None:
        """See `Archive.note_reading`."""
        rules.check_text(what, purpose, actor)
        with self._lock:
            now, row = self._clock.now(), self._tables.row(entry_id)
            row.notes.append((now, keeping.note_read(what, purpose=purpose, actor=actor)))
            self._tables.tell(row, ContentRead(what, actor, digest_of(purpose)), now=now)

    async def holds(
        self, *, entry_id: str | None = None, ends_before: datetime | None = None, limit: int = 100
    ) -> list[Hold]:
        """See `Archive.holds`."""
        with self._lock:
            if entry_id is None:
                open_ = [hold for hold in self._tables.holds if hold.released_at is None]
                found = sorted(open_, key=lambda hold: (hold.ends_at, hold.id))
            else:
                found = self._tables.holds_of(entry_id)
            return [hold for hold in found if ends_before is None or hold.ends_at < ends_before][: max(limit, 0)]

    async def conflicts(self, *, limit: int = 100) -> list[Conflict]:
        """See `Archive.conflicts`."""
        with self._lock:
            found = sorted(find_conflicts(self._tables.holds), key=lambda conflict: conflict.limit.ends_at)
            return found[: max(limit, 0)]

    async def extend(self, entry_id: str, *, until: datetime, reason: str, actor: str) -> list[Hold]:
        """See `Archive.extend`."""
        rules.check_text(reason, actor)
        with self._lock:
            now, row, note = self._clock.now(), self._tables.row(entry_id), digest_of(reason)
            keeping.check_until(until, now=now)
            rules.check_not_destroyed(row.entry)
            moved = keeping.holds_to_extend(entry_id, self._tables.holds_of(entry_id), until=until, now=now)
            changed = [replace(hold, ends_at=until) for hold in moved]
            self._put(changed)
            for hold in changed:
                self._tables.tell(row, HoldExtended(hold.id, until, actor, note), now=now)
            if not moved:
                terms = keeping.terms_by_hand(reason=reason, until=until, now=now)
                changed = [self._tables.add_hold(row, terms)]
                self._tables.tell(row, keeping.opened(changed[0].id, terms, actor=actor, note_sha256=note), now=now)
            row.notes.append((now, keeping.note_extended(until=until, reason=reason, actor=actor)))
            return changed

    async def release(self, entry_id: str, *, reason: str, actor: str, hold_id: int | None = None) -> list[Hold]:
        """See `Archive.release`."""
        rules.check_text(reason, actor)
        with self._lock:
            now, row = self._clock.now(), self._tables.row(entry_id)
            ended = keeping.holds_to_release(entry_id, self._tables.holds_of(entry_id), hold_id=hold_id)
            changed = [replace(hold, released_at=now) for hold in ended]
            self._put(changed)
            for hold in changed:
                self._tables.tell(row, HoldReleased(hold.id, actor, digest_of(reason)), now=now)
            row.notes.append((now, keeping.note_released(ended, reason=reason, actor=actor)))
            return changed

    async def begin_destruction(
        self, entry_id: str, plan: bytes, *, reason: str, actor: str, request: str | None = None
    ) -> Destruction:
        """See `Archive.begin_destruction`."""
        rules.check_text(reason, actor, request or "")
        with self._lock:
            now, row = self._clock.now(), self._tables.row(entry_id)
            if entry_id in self._begun:
                return self._begun[entry_id]
            held = self._tables.holds_of(entry_id)
            ended = [
                replace(hold, released_at=now)
                for hold in keeping.check_destroyable(row.entry, held, request=request, now=now)
            ]
            self._put(ended)
            row.entry = replace(row.entry, data_key="")
            row.notes.append((now, keeping.note_destroyed(reason=reason, actor=actor, request=request)))
            request_sha256 = None if request is None else digest_of(request)
            ids = tuple(hold.id for hold in ended)
            self._tables.tell(row, DestructionBegun(actor, digest_of(reason), request_sha256, ids), now=now)
            self._begun[entry_id] = Destruction(entry_id, now, plan, tuple(ended))
            return self._begun[entry_id]

    async def empty(self, entry_id: str) -> Destruction:
        """See `Archive.empty`."""
        with self._lock:
            begun, now = self._required(entry_id), self._clock.now()
            if begun.emptied_at is None:
                row = self._tables.row(entry_id)
                row.entry = replace(row.entry, envelope=b"")
                row.replies = [b"" for _ in row.replies]
                row.rejected_reply = None if row.rejected_reply is None else b""
                row.record = None if row.record is None else replace(row.record, reply=b"")
                self._tables.tell(row, ContentErased(), now=now)
                self._begun[entry_id] = replace(begun, emptied_at=now)
            return self._begun[entry_id]

    async def scrub(self) -> str:
        """See `Archive.scrub`."""
        return "memory: nothing is kept but what is there"

    async def complete_destruction(self, entry_id: str, certificate: bytes) -> Destruction:
        """See `Archive.complete_destruction`."""
        with self._lock:
            begun = self._required(entry_id)
            if begun.emptied_at is None:
                raise IllegalTransitionError(f"entry {entry_id}: its rows are not emptied yet")
            if begun.certificate is None:
                row = self._tables.row(entry_id)
                self._tables.tell(row, EntryDestroyed(sha256(certificate).hexdigest()), now=self._clock.now())
                self._begun[entry_id] = replace(begun, certificate=certificate)
            return self._begun[entry_id]

    async def destruction(self, entry_id: str) -> Destruction | None:
        """See `Archive.destruction`."""
        with self._lock:
            return self._begun.get(entry_id)

    async def unfinished(self, *, limit: int = 100) -> list[str]:
        """See `Archive.unfinished`."""
        with self._lock:
            open_ = [begun.entry_id for begun in self._begun.values() if not begun.is_done]
            return open_[: max(limit, 0)]

    def _required(self, entry_id: str) -> Destruction:
        if entry_id not in self._begun:
            raise keeping.no_destruction(entry_id)
        return self._begun[entry_id]

    def _put(self, changed: Sequence[Hold]) -> None:
        for hold in changed:
            self._tables.holds[hold.id - 1] = hold
