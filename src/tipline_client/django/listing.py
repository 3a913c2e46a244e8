"""One page of entries as the admin shows it: ids, states, numbers, times and codes. No content, and no free text.

What an endpoint says in words may quote a report, so an error is shown by its class, step and code alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tipline_client.cli.opening import find_entry, with_outbox
from tipline_client.cli.settings import Settings
from tipline_client.delivery.entry import Entry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.states import State
from tipline_client.errors import EntryNotFoundError
from tipline_client.outbox import Outbox

__all__ = ["PAGE", "Page", "Row", "Wanted", "look"]

PAGE: Final = 100
"""How many entries a page has."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown.

    Attributes:
        state: Only entries in this state.
        environment: Only entries of this one.
        name: Only the entry with this id or idempotency key, whatever else is said.
        after: The last id of the page before.
    """

    state: State | None = None
    environment: Environment | None = None
    name: str = ""
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One entry."""

    id: str
    key: str
    state: str
    environment: str
    attempts: int
    enqueued_at: datetime | None
    last_error: str
    report_id: str


@dataclass(frozen=True, slots=True)
class Page:
    """What was found.

    Attributes:
        rows: In the order of their enqueueing.
        after: What to ask the next page with; `None` where there is none.
        counts: How many are in each state, and how many alarms are open; of one environment, if one is wanted.
        is_first_again: Whether this is the first page since there is no such entry as `Wanted.after`.
    """

    rows: tuple[Row, ...]
    after: str | None
    counts: OutboxCounts
    is_first_again: bool = False


def look(settings: Settings, wanted: Wanted) -> Page:
    """Find what is wanted.

    Raises:
        ConfigurationError: There is no home, or the database has no tables of this version.
        OutboxUnavailableError: The outbox cannot be opened.
    """

    async def ask(outbox: Outbox) -> Page:
        counts = await outbox.count(environment=wanted.environment)
        if wanted.name:
            return Page(tuple(map(_row, await _named(outbox, wanted.name, settings))), None, counts)
        is_first_again = False
        try:
            found = await _listed(outbox, wanted, after=wanted.after)
        except EntryNotFoundError:
            # The link was kept for long, or changed: it is no fault of the outbox's.
            is_first_again, found = True, await _listed(outbox, wanted, after=None)
        shown = found[:PAGE]
        return Page(tuple(map(_row, shown)), shown[-1].id if len(found) > PAGE else None, counts, is_first_again)

    return with_outbox(settings, ask, only_looks=True)


async def _listed(outbox: Outbox, wanted: Wanted, *, after: str | None) -> list[Entry]:
    return await outbox.list_entries(
        states=[wanted.state] if wanted.state else None, environment=wanted.environment, limit=PAGE + 1, after=after
    )


async def _named(outbox: Outbox, name: str, settings: Settings) -> list[Entry]:
    try:
        return [await find_entry(outbox, name, settings=settings)]
    except EntryNotFoundError:
        return []


def _row(entry: Entry) -> Row:
    return Row(
        id=entry.id,
        key=entry.idempotency_key,
        state=entry.state.value if entry.contradiction is None else f"{entry.state} (altered)",
        environment=entry.environment.value,
        attempts=entry.attempts,
        enqueued_at=None if "enqueued_at" in entry.unreadable else entry.enqueued_at,
        last_error=_class_of(entry.last_failure),
        # As text: no locale puts a separator into it.
        report_id=str(entry.report_id or entry.filed_by_hand_as or ""),
    )


def _class_of(failure: Failure | None) -> str:
    if failure is None:
        return ""
    step = f" at {failure.step}" if failure.step else ""
    code = f", code {failure.code}" if failure.code is not None else ""
    return f"{failure.kind}{step}{code}"
