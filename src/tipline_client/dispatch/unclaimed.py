"""Which evidence is kept for no entry: copies that a killed enqueue, a lost answer or a restored outbox left behind.

An entry is written after its copies, so a process killed in between leaves copies that nobody will ever send. They may
be the only ones of their kind, so here they are only told of; `collecting` removes them, when somebody asks for that.
Nothing here reads a file.
"""

from bisect import insort
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tipline_client.errors import EntryNotFoundError
from tipline_client.evidence.store import EvidenceStore, Holding
from tipline_client.outbox.contract import Outbox, UnreadableRowError

__all__ = ["MARGIN", "UnclaimedEvidence", "find_unclaimed", "is_claimed"]

MARGIN = timedelta(hours=1)
"""How long copies may wait for their entry: whatever was written to since may belong to an enqueue under way."""

_NAMED = 20


@dataclass(frozen=True, slots=True)
class UnclaimedEvidence:
    """What was found among the holdings that were looked at.

    Attributes:
        count: Holdings that no entry of the outbox claims.
        copies: Their files, finished or not.
        size: Their bytes.
        drafts: How many of them hold a file that is not finished.
        oldest: Those that lie there longest, at most 20.
        looked_at: Holdings that an entry was looked for.
        is_complete: Whether all were looked at that are old enough.
    """

    count: int = 0
    copies: int = 0
    size: int = 0
    drafts: int = 0
    oldest: tuple[Holding, ...] = ()
    looked_at: int = 0
    is_complete: bool = True


async def find_unclaimed(
    store: EvidenceStore, outbox: Outbox, *, now: datetime, margin: timedelta = MARGIN, most: int | None = None
) -> UnclaimedEvidence:
    """Look for each holding's entry, one by its id after the other. Nothing is changed.

    A holding that was written to less than `margin` ago, or at a time that is yet to come, is passed over: its entry
    may not be there yet. Longer than that, only a source that gives no byte for all this time, or a caller that leaves
    a transaction of its own open, keeps an enqueue from ending; then what is told here may still become an entry.

    Args:
        store: Whose holdings.
        outbox: Where their entries ought to be.
        now: The time by the clock that dates the copies.
        margin: How long a holding may be without its entry.
        most: How many entries are looked for at most; without it, as many as it takes.

    Raises:
        OutboxUnavailableError: The store or the outbox cannot be read.
    """
    found = UnclaimedEvidence()
    oldest: list[Holding] = []
    async with aclosing(store.holdings()) as holdings:
        async for holding in holdings:
            if now - holding.changed_at < margin:
                continue
            if found.looked_at == most:
                found = replace(found, is_complete=False)
                break
            found = replace(found, looked_at=found.looked_at + 1)
            if not await is_claimed(outbox, holding.entry_id):
                found = _with(found, holding)
                insort(oldest, holding, key=lambda each: each.changed_at)
                del oldest[_NAMED:]
    return replace(found, oldest=tuple(oldest))


async def is_claimed(outbox: Outbox, entry_id: str) -> bool:
    """Whether an outbox has an entry with this id, whatever is left of its row."""
    try:
        await outbox.get(entry_id)
    except EntryNotFoundError:
        return False
    except UnreadableRowError:
        # There is a row, whatever is left of it.
        return True
    return True


def _with(found: UnclaimedEvidence, holding: Holding) -> UnclaimedEvidence:
    return replace(
        found,
        count=found.count + 1,
        copies=found.copies + holding.copies,
        size=found.size + holding.size,
        drafts=found.drafts + holding.has_draft,
    )
