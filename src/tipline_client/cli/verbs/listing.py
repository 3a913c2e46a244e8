"""`tipline list`: entries of the outbox, a bounded page in the order of their enqueueing."""

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.opening import LANES, with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.output import columns
from tipline_client.cli.views import entry_view, failure_text, moment_of
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.states import State
from tipline_client.outbox import Outbox, Stray, Strays

__all__ = ["Limit", "entry_table", "list_entries", "page"]

_UNLISTED = 1000
"""How many of the entries that no dispatcher serves are looked at: only among them is what no list can hold."""
Limit = Annotated[int, Parameter(validator=Number(gte=1, lte=10_000))]


def list_entries(
    *,
    state: tuple[State, ...] = (),
    limit: Limit = 100,
    after: str | None = None,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """List entries, oldest first; with an endpoint named, those of its environment.

    Example: tipline list --state queued --state leased

    Args:
        state: Only entries in this state. Repeatable.
        limit: How many at most.
        after: The last id of the page before.
        options: Shared options.
    """
    session = options.start()
    lane = session.settings.lane

    async def look(outbox: Outbox) -> tuple[list[Entry], Strays]:
        environment = lane[1] if lane else None
        entries = await page(outbox, states=state or None, environment=environment, limit=limit, after=after)
        return entries, await outbox.strays(LANES, limit=_UNLISTED)

    entries, strays = with_outbox(session.settings, look, only_looks=True)
    lines = entry_table(entries)
    if len(entries) == limit:
        lines.append(f"there may be more: --after {entries[-1].id}")
    session.output.finish([entry_view(entry) for entry in entries], lines)
    for stray in strays.first:
        if not _is_listable(stray):
            place = f"{stray.environment}, {stray.state}"[:60]
            session.output.note(f"not listed: entry {stray.entry_id}, whose row was altered ({place})")
    if unseen := strays.count - len(strays.first):
        session.output.note(f"{unseen} more entries that no dispatcher serves were not looked at")
    return ExitCode.OK


def _is_listable(stray: Stray) -> bool:
    return stray.environment in set(Environment) and stray.state in set(State)


async def page(
    outbox: Outbox,
    *,
    states: tuple[State, ...] | None,
    environment: Environment | None,
    limit: int,
    after: str | None,
) -> list[Entry]:
    """One page of entries."""
    return await outbox.list_entries(states=states, environment=environment, limit=limit, after=after)


def _report(entry: Entry) -> str:
    if entry.filed_by_hand_as is None or entry.report_id is not None:
        return str(entry.report_id or "-")
    return f"{entry.filed_by_hand_as} (by hand)"


def entry_table(entries: list[Entry]) -> list[str]:
    """Entries as lines."""
    if not entries:
        return ["no entries"]
    head = ("id", "key", "state", "where", "report", "tries", "enqueued", "last error")
    rows = [
        (
            entry.id,
            entry.idempotency_key,
            entry.state.value if entry.contradiction is None else f"{entry.state} (altered)",
            entry.environment.value,
            _report(entry),
            str(entry.attempts),
            moment_of(entry, "enqueued_at") or "-",
            entry.contradiction or failure_text(entry.last_failure),
        )
        for entry in entries
    ]
    return columns([head, *rows])
