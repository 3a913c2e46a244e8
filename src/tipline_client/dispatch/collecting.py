"""Copies of evidence that no entry names, removed: only those that have lain there for a day, and by an explicit call.

`unclaimed` finds them. What is older than the first entry of the outbox stays: it may be the evidence of another one,
which was lost, or which somebody forgot to name. Whatever has an entry stays, however it ended: its evidence goes with
its destruction alone.
"""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tipline_client.dispatch.unclaimed import is_claimed
from tipline_client.evidence.store import EvidenceStore, Holding
from tipline_client.outbox.contract import Outbox

__all__ = ["COLLECTED_AFTER", "Collected", "collect"]

COLLECTED_AFTER = timedelta(days=1)
"""How long copies must have lain without their entry: no enqueue takes that long to get to its transaction."""

_NAMED = 20


@dataclass(frozen=True, slots=True)
class Collected:
    """What was found, and removed unless it was only looked for.

    Attributes:
        count: Holdings that no entry claims, and that are none of `kept`.
        copies: Their files, finished or not.
        size: Their bytes.
        first: The first of them, at most 20.
        kept: Holdings that no entry claims and that are older than the first entry of the outbox. They stay.
        is_dry: Whether nothing was removed.
    """

    count: int = 0
    copies: int = 0
    size: int = 0
    first: tuple[Holding, ...] = ()
    kept: int = 0
    is_dry: bool = True


async def collect(store: EvidenceStore, outbox: Outbox, *, now: datetime, is_dry: bool = True) -> Collected:
    """Remove the holdings of this outbox that no entry claims and that nobody has written to for a day.

    Args:
        store: Whose holdings.
        outbox: Where their entries would be: the only one whose evidence is in this store.
        now: The time by the clock that dates the copies.
        is_dry: Only look.

    Raises:
        OutboxUnavailableError: The store or the outbox failed; what was removed is removed.
    """
    found = Collected(is_dry=is_dry)
    begins = [entry.enqueued_at for entry in await outbox.list_entries(limit=1)]
    async for holding in _unclaimed(store, outbox, now=now):
        if not begins or holding.changed_at < begins[0]:
            found = replace(found, kept=found.kept + 1)
            continue
        if not is_dry:
            await store.erase(holding.entry_id)
        found = replace(
            found,
            count=found.count + 1,
            copies=found.copies + holding.copies,
            size=found.size + holding.size,
            first=(*found.first, holding)[:_NAMED],
        )
    return found


async def _unclaimed(store: EvidenceStore, outbox: Outbox, *, now: datetime) -> AsyncIterator[Holding]:
    async with aclosing(store.holdings()) as holdings:
        async for holding in holdings:
            if now - holding.changed_at >= COLLECTED_AFTER and not await _may_be_claimed(outbox, holding.entry_id):
                yield holding


async def _may_be_claimed(outbox: Outbox, entry_id: str) -> bool:
    """Whether there is an entry with this id, or a transaction that is still open may commit one."""
    if await is_claimed(outbox, entry_id) or await outbox.is_awaited(entry_id):
        return True
    # Asked once more: the transaction may have been committed between the first question and the second.
    return await is_claimed(outbox, entry_id)
