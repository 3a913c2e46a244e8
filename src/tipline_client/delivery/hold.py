"""A preservation obligation: what must be kept, since when, until when, and because of what.

Plain values. Which law asks for which of them is written in `regimes`; nothing here knows a store.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["BY_HAND", "Conflict", "Hold", "HoldTerms", "Part", "find_conflicts"]

BY_HAND = "by_hand"
"""Stands for the regime of a hold that a person opened."""


class Part(StrEnum):
    """What of a filing is to be kept."""

    CONTENT = "content"
    """The report, the evidence and the endpoint's words."""
    REFERENCE = "reference"
    """That it was filed, when, and under which number: row, history and receipt, which are never removed."""


@dataclass(frozen=True, slots=True)
class HoldTerms:
    """What a hold is opened with.

    Attributes:
        regime: The name of the regime.
        part: What is to be kept.
        reason: The rule, with its source.
        began_at: Since when.
        ends_at: Until when.
        is_limit: Whether that is the latest moment at which it may still be kept, instead of the earliest at which it
            may be destroyed.
    """

    regime: str
    part: Part
    reason: str
    began_at: datetime
    ends_at: datetime
    is_limit: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold of an entry, as it stood when it was read.

    Attributes:
        id: The outbox's number for it.
        entry_id: Whose.
        regime: The name of the regime.
        part: What is to be kept.
        reason: The rule, with its source.
        began_at: Since when.
        ends_at: Until when, as extended.
        is_limit: Whether that is the latest moment at which it may still be kept, instead of the earliest at which it
            may be destroyed.
        released_at: When a person ended it, or when what it held was destroyed.
    """

    id: int
    entry_id: str
    regime: str
    part: Part
    reason: str
    began_at: datetime
    ends_at: datetime
    is_limit: bool = False
    released_at: datetime | None = None

    def binds(self, now: datetime) -> bool:
        """Whether it forbids to destroy the content at this moment."""
        return self.part is Part.CONTENT and not self.is_limit and self.released_at is None and now < self.ends_at


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two regimes that cannot both be followed: a person has to decide, with counsel.

    Attributes:
        limit: What says that it may not be kept so long.
        hold: What says that it must be.
    """

    limit: Hold
    hold: Hold


def find_conflicts(holds: Iterable[Hold]) -> tuple[Conflict, ...]:
    """Each limit with each hold of the same part that outlasts it; released ones conflict with nothing."""
    open_ = [hold for hold in holds if hold.released_at is None]
    return tuple(
        Conflict(limit, hold)
        for limit in open_
        if limit.is_limit
        for hold in open_
        if not hold.is_limit and (hold.entry_id, hold.part) == (limit.entry_id, limit.part)
        if limit.ends_at < hold.ends_at
    )
