"""Suspected orphans as they are shown: reports that unanswered submits may have opened, and when these lapse.

Only what has not lapsed is looked for; how many there are is counted in a bounded look. Nothing is changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.views import instant, span
from tipline_client.delivery.checkpoint import SuspectedOrphan
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.environment import Environment
from tipline_client.outbox import Outbox

__all__ = ["OpenOrphans", "find_open_orphans", "orphan_view", "orphan_words", "orphans_line", "still_open"]


@dataclass(frozen=True, slots=True)
class OpenOrphans:
    """The suspected orphans that have not lapsed, in numbers.

    Attributes:
        count: How many were found.
        last_lapses_at: When the last of them is gone; `None` when there are none.
        is_whole: Whether every entry that has one was looked at.
    """

    count: int = 0
    last_lapses_at: datetime | None = None
    is_whole: bool = True


async def find_open_orphans(outbox: Outbox, *, environment: Environment, now: datetime, most: int) -> OpenOrphans:
    """Count what has not lapsed by now.

    Args:
        outbox: Where to look.
        environment: In which environment.
        now: The moment.
        most: How many entries are looked at.
    """
    entries = await outbox.list_entries(environment=environment, orphaned_at=now, limit=most + 1)
    found = still_open(entries[:most], now=now)
    last = max((orphan.lapses_at for orphan in found), default=None)
    return OpenOrphans(len(found), last, is_whole=len(entries) <= most)


def still_open(entries: Iterable[Entry], *, now: datetime) -> Sequence[SuspectedOrphan]:
    """Those of these entries that have not lapsed."""
    return [orphan for entry in entries for orphan in entry.checkpoint.orphans if not orphan.has_lapsed(now)]


def orphan_view(orphan: SuspectedOrphan, *, now: datetime) -> dict[str, Any]:
    """One of them as JSON."""
    return {
        "since": instant(orphan.since),
        "lapsesAt": instant(orphan.lapses_at),
        "hasLapsed": orphan.has_lapsed(now),
        "reportId": orphan.report_id,
    }


def orphan_words(orphan: SuspectedOrphan, *, now: datetime) -> str:
    """Whether it has lapsed by now, or how long that takes."""
    return "yes" if orphan.has_lapsed(now) else f"in {span(orphan.lapses_at - now)}"


def orphans_line(found: OpenOrphans) -> str:
    """Their number for people."""
    number = f"{found.count}" if found.is_whole else f"at least {found.count}"
    return in_words_of_host(f"{number} suspected, the last lapses {instant(found.last_lapses_at)}: tipline orphans")
