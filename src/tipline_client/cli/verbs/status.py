"""`tipline status`: what is in the outbox, in numbers, and what waits since when."""

from datetime import UTC, datetime
from typing import Any

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.opening import with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.settings import Settings
from tipline_client.cli.views import failure_text, failure_view, instant, span
from tipline_client.delivery.entry import Entry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.states import State
from tipline_client.outbox import Outbox

__all__ = ["status"]


def status(*, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """Show how many entries are in each state, since when the oldest waits and why, and which alarms are open.

    Ends with 0, whatever waits. With an endpoint named, of its environment alone.

    Example: tipline status

    Args:
        options: Shared options.
    """
    session = options.start()
    settings = session.settings
    environments = [settings.lane[1]] if settings.lane else list(Environment)

    async def look(outbox: Outbox) -> list[tuple[Environment, OutboxCounts, Entry | None]]:
        found = []
        for environment in environments:
            counts = await outbox.count(environment=environment)
            waiting = [State.QUEUED, State.LEASED, State.HELD]
            oldest = await outbox.list_entries(states=waiting, environment=environment, limit=1)
            found.append((environment, counts, oldest[0] if oldest else None))
        return found

    found = with_outbox(settings, look)
    shown = [item for item in found if settings.lane or any(item[1].by_state.values())]
    session.output.finish(
        {
            "home": str(settings.home),
            "endpoint": settings.endpoint,
            "waiting": sum(counts.waiting for _, counts, _ in found),
            "openAlarms": sum(counts.open_alarms for _, counts, _ in found),
            "environments": {environment.value: _view(counts, oldest) for environment, counts, oldest in found},
        },
        [_headline(settings), *(line for item in shown for line in _lines(*item))],
    )
    return ExitCode.OK


def _headline(settings: Settings) -> str:
    return f"home {settings.home}, endpoint {settings.endpoint or 'not named'}"


def _view(counts: OutboxCounts, oldest: Entry | None) -> dict[str, Any]:
    return {
        "states": {state.value: number for state, number in counts.by_state.items()},
        "waiting": counts.waiting,
        "oldestWaiting": instant(counts.oldest_waiting),
        "oldestEntryId": None if oldest is None else oldest.id,
        "oldestError": None if oldest is None else failure_view(oldest.last_failure),
        "nextTry": instant(counts.next_available),
        "openAlarms": counts.open_alarms,
    }


def _lines(environment: Environment, counts: OutboxCounts, oldest: Entry | None) -> list[str]:
    lines = [f"{environment}:"]
    lines += [f"  {state.value.replace('_', ' '):<13} {number}" for state, number in counts.by_state.items() if number]
    if counts.oldest_waiting is not None:
        lines.append(f"  oldest waits  {span(datetime.now(UTC) - counts.oldest_waiting)}")
    if counts.next_available is not None:
        lines.append(f"  next try      {instant(counts.next_available)}")
    if oldest is not None and oldest.last_failure is not None:
        lines.append(f"  last error    {failure_text(oldest.last_failure)}")
    if counts.open_alarms:
        lines.append(f"  open alarms   {counts.open_alarms}: tipline alarm list")
    return lines
