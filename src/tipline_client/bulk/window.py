"""What is in flight between a source and the outbox: bounded, and settled in the order read."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import anyio

from tipline_client.bulk.preparing import Prepared
from tipline_client.bulk.sources import Item
from tipline_client.delivery.entry import Entry
from tipline_client.errors import TiplineError

__all__ = ["Slot", "Window"]

_BYTES_IN_FLIGHT: Final = 16 * 1024 * 1024


@dataclass(slots=True)
class Slot:
    """One submission in flight."""

    item: Item
    prepared: Prepared
    done: anyio.Event = field(default_factory=anyio.Event)
    entry: Entry | None = None
    is_new: bool = False
    known: Entry | None = None
    """Of one that is rejected: the entry that has its key all the same."""
    error: TiplineError | None = None

    @property
    def key(self) -> str | None:
        """The key that it brought, if it is acceptable."""
        submission = self.prepared.submission
        return submission.idempotency_key if submission is not None and self.prepared.is_acceptable else None


class Window:
    """What is in flight, in the order read; bounded in number and in bytes.

    Args:
        most: How many may be in flight.
        settle: Takes each that is done.
    """

    def __init__(self, most: int, settle: Callable[[Slot], None]) -> None:
        self._most = most
        self._settle = settle
        self._slots: deque[Slot] = deque()
        self._keys: dict[str, Slot] = {}
        self._bytes = 0

    def add(self, slot: Slot) -> Slot | None:
        """Put it behind the others; returns who has its key, and must be done before it.

        Two of one key take turns, so that the first in the source is the one that counts.
        """
        self._slots.append(slot)
        self._bytes += len(slot.item.raw)
        key = slot.key
        if key is None:
            return None
        before, self._keys[key] = self._keys.get(key), slot
        return before

    async def settle(self) -> None:
        """Settle what is done, and wait until there is room for one more."""
        while self._slots and (
            len(self._slots) >= self._most or self._bytes > _BYTES_IN_FLIGHT or self._slots[0].done.is_set()
        ):
            await self._settle_first()

    async def settle_all(self) -> None:
        """Wait for all of it."""
        while self._slots:
            await self._settle_first()

    async def _settle_first(self) -> None:
        slot = self._slots.popleft()
        await slot.done.wait()
        self._bytes -= len(slot.item.raw)
        if slot.key is not None and self._keys.get(slot.key) is slot:
            del self._keys[slot.key]
        self._settle(slot)
