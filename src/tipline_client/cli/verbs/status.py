"""`tipline status`: what is in the outbox, in numbers, and what waits since when."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.incidents import PausedLane, find_paused_lanes, incident_line, incident_view
from tipline_client.cli.opening import LANES, with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.orphans import OpenOrphans, find_open_orphans, orphans_line
from tipline_client.cli.settings import Settings
from tipline_client.cli.suspects import Suspects, find_suspects, suspects_lines, suspects_view
from tipline_client.cli.views import failure_view, instant, span
from tipline_client.cli.waiting import OldestFailure, find_oldest_failure, oldest_failure_line, oldest_failure_view
from tipline_client.delivery.entry import Entry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.states import State
from tipline_client.dispatch.reader import Reader
from tipline_client.errors import ConfigurationError
from tipline_client.outbox import Outbox

__all__ = ["status"]

_LOOKED_AT = 1000
"""How many waiting entries are looked at and verified: enough to notice, and quick enough to be asked every minute."""


@dataclass(frozen=True, slots=True)
class _Found:
    environment: Environment
    counts: OutboxCounts
    oldest: Entry | None
    failure: OldestFailure
    orphans: OpenOrphans


def status(*, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """Show how many entries are in each state, since when the oldest waits and why, and what is paused or alarmed.

    Names what waits and nobody will deliver, since its row was altered. Ends with 0, whatever waits. With an endpoint
    named, the numbers are of its environment alone.

    Example: tipline status

    Args:
        options: Shared options.
    """
    session = options.start()
    settings = session.settings
    environments = [settings.lane[1]] if settings.lane else list(Environment)

    async def look(outbox: Outbox) -> tuple[list[_Found], list[PausedLane], Suspects, list[str]]:
        found = []
        for environment in environments:
            counts = await outbox.count(environment=environment)
            waiting = [State.QUEUED, State.LEASED, State.HELD]
            oldest = await outbox.list_entries(states=waiting, environment=environment, limit=1)
            failure = await find_oldest_failure(outbox, environment=environment, most=_LOOKED_AT)
            orphans = await find_open_orphans(outbox, environment=environment, now=datetime.now(UTC), most=_LOOKED_AT)
            found.append(_Found(environment, counts, oldest[0] if oldest else None, failure, orphans))
        paused = [lane for lane in await find_paused_lanes(outbox, LANES) if lane.lane.environment in environments]
        suspects = await find_suspects(outbox, reader=_reader(settings), most=_LOOKED_AT)
        return found, paused, suspects, await outbox.archive.unfinished()

    found, paused, suspects, cut_off = with_outbox(settings, look, only_looks=True)
    shown = [item for item in found if settings.lane or any(item.counts.by_state.values())]
    session.output.finish(
        {
            "home": str(settings.home),
            "endpoint": settings.endpoint,
            "waiting": sum(item.counts.waiting for item in found),
            "openAlarms": sum(item.counts.open_alarms for item in found),
            "environments": {item.environment.value: _view(item) for item in found},
            "incidents": [incident_view(lane) for lane in paused],
            "altered": suspects_view(suspects),
            "unfinishedDestructions": cut_off,
        },
        [
            _headline(settings),
            *(line for item in shown for line in _lines(item)),
            *map(incident_line, paused),
            *suspects_lines(suspects),
            *(in_words_of_host(f"destruction of {each} was cut off: tipline destroy --resume") for each in cut_off),
        ],
    )
    return ExitCode.OK


def _headline(settings: Settings) -> str:
    return f"home {settings.home}, endpoint {settings.endpoint or 'not named'}"


def _reader(settings: Settings) -> Reader | None:
    try:
        return settings.place.reader()
    except ConfigurationError:
        # `doctor` says so; the numbers are wanted all the same.
        return None


def _view(found: _Found) -> dict[str, Any]:
    counts, oldest = found.counts, found.oldest
    return {
        "states": {state.value: number for state, number in counts.by_state.items()},
        "waiting": counts.waiting,
        "oldestWaiting": instant(counts.oldest_waiting),
        "longestKnown": instant(counts.longest_known),
        "oldestEntryId": None if oldest is None else oldest.id,
        "oldestError": None if oldest is None else failure_view(oldest.last_failure),
        "lastError": oldest_failure_view(found.failure),
        "lastErrorNotLookedAt": found.failure.not_looked_at,
        "nextTry": instant(counts.next_available),
        "openAlarms": counts.open_alarms,
        "suspectedOrphans": {
            "notLapsed": found.orphans.count,
            "lastLapsesAt": instant(found.orphans.last_lapses_at),
            "areAllCounted": found.orphans.is_whole,
        },
    }


def _lines(found: _Found) -> list[str]:
    counts = found.counts
    lines = [f"{found.environment}:" if any(counts.by_state.values()) else f"{found.environment}: no entry yet"]
    lines += [f"  {state.value.replace('_', ' '):<13} {number}" for state, number in counts.by_state.items() if number]
    if counts.oldest_waiting is not None:
        lines.append(f"  oldest waits  {span(datetime.now(UTC) - counts.oldest_waiting)}")
    if counts.longest_known not in (None, counts.oldest_waiting):
        lines.append(f"  longest known {span(datetime.now(UTC) - counts.longest_known)}")
    if counts.next_available is not None:
        lines.append(f"  next try      {instant(counts.next_available)}")
    if (failure := oldest_failure_line(found.failure)) is not None:
        lines.append(f"  last error    {failure}")
    if counts.by_state[State.HELD]:
        lines.append(
            in_words_of_host("  held          until a person lets them go: tipline list --state held, tipline release")
        )
    if found.orphans.count:
        lines.append(f"  orphans       {orphans_line(found.orphans)}")
    if counts.open_alarms:
        lines.append(in_words_of_host(f"  open alarms   {counts.open_alarms}: tipline alarm list"))
    return lines
