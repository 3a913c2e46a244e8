"""`tipline orphans`: reports that may be open at the endpoint and that nobody can finish, and when they lapse."""

from datetime import UTC, datetime

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.opening import with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.orphans import orphan_view, orphan_words, still_open
from tipline_client.cli.output import columns
from tipline_client.cli.verbs.listing import Limit
from tipline_client.cli.views import instant
from tipline_client.delivery.entry import Entry
from tipline_client.outbox import Outbox

__all__ = ["list_orphans"]

_HEAD = ("entry", "key", "state", "where", "since", "lapses at", "lapsed")


def list_orphans(*, limit: Limit = 100, after: str | None = None, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """List suspected orphans: reports that unanswered submits may have opened. None of them can be filed; they lapse.

    Shown is each entry with one that has not lapsed by now, in the order of queueing, with all that it has on record;
    with an endpoint named, those of its environment. `tipline show` tells those of one entry, lapsed or not.

    Example: tipline orphans

    Args:
        limit: How many entries at most.
        after: The last entry's id of the page before.
        options: Shared options.
    """
    session = options.start()
    lane, now = session.settings.lane, datetime.now(UTC)

    async def look(outbox: Outbox) -> list[Entry]:
        environment = lane[1] if lane else None
        return await outbox.list_entries(environment=environment, orphaned_at=now, limit=limit, after=after)

    entries = with_outbox(session.settings, look, only_looks=True)
    found = [(entry, orphan) for entry in entries for orphan in entry.checkpoint.orphans]
    rows = [
        (
            entry.id,
            entry.idempotency_key,
            entry.state.value,
            entry.environment.value,
            instant(orphan.since) or "-",
            instant(orphan.lapses_at) or "-",
            orphan_words(orphan, now=now),
        )
        for entry, orphan in found
    ]
    lines = columns([_HEAD, *rows]) if rows else ["no suspected orphans that have not lapsed"]
    if rows:
        lines.append(f"{len(still_open(entries, now=now))} of {len(rows)} not lapsed; none of them can be filed")
    if len(entries) == limit:
        lines.append(f"there may be more: --after {entries[-1].id}")
    session.output.finish(
        [
            {
                "entryId": entry.id,
                "idempotencyKey": entry.idempotency_key,
                "state": entry.state.value,
                "environment": entry.environment.value,
                **orphan_view(orphan, now=now),
            }
            for entry, orphan in found
        ],
        lines,
    )
    for entry in entries:
        if "checkpoint" in entry.unreadable:
            session.output.note(f"not listed: what entry {entry.id} has, whose row was altered")
    return ExitCode.OK
