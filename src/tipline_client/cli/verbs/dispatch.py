"""`tipline dispatch`: deliver what is queued, until stopped or until nothing is left to do."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.opening import with_client
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.output import Output
from tipline_client.cli.stopping import stopping_on_signals
from tipline_client.cli.views import failure_text, failure_view, instant, span
from tipline_client.client import AsyncTiplineClient
from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.entry import OutboxCounts
from tipline_client.delivery.outcomes import Outcome
from tipline_client.dispatch import DispatchSummary

__all__ = ["dispatch"]


def dispatch(
    *,
    drain: bool = False,
    patience: float = 60,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Deliver what is queued, until SIGINT or SIGTERM; what is under way then ends first, a second signal ends at once.

    With --drain it ends when nothing is left to do: 0 when nothing waits, 3 when something does, 4 when an entry was
    given up in this run, 5 when the endpoint refuses the credentials.

    Example: tipline dispatch --drain

    Args:
        drain: End when nothing is left to do.
        patience: With --drain: seconds to wait when all that is left waits for its next try, or for the endpoint.
        options: Shared options.
    """
    if patience < 0:
        raise CommandError("--patience is negative")
    session = options.start()
    output = session.output
    for_how_long = timedelta(seconds=min(patience, 10**9)) if drain else None
    summary, counts = with_client(session.settings, partial(_run, patience=for_how_long, output=output))
    output.finish(_view(summary, counts), _lines(summary, counts))
    return _exit_code(summary, is_drain=drain)


async def _run(
    client: AsyncTiplineClient, *, patience: timedelta | None, output: Output
) -> tuple[DispatchSummary, OutboxCounts]:
    conductor = client.conductor()
    profile = client.profile
    async with stopping_on_signals(conductor, output):
        output.note(f"dispatching to {profile.name} ({profile.environment}) at {profile.host}")
        summary = await (conductor.run() if patience is None else conductor.drain(patience=patience))
    return summary, await client.outbox.count(environment=profile.environment)


def _exit_code(summary: DispatchSummary, *, is_drain: bool) -> ExitCode:
    if summary.outcomes.get(Outcome.REJECTED):
        return ExitCode.GIVEN_UP
    if not is_drain or not summary.waiting:
        return ExitCode.OK
    is_denied = summary.incident is not None and summary.incident.failure.kind == AnswerKind.DENIED.value
    return ExitCode.CONFIGURATION if is_denied else ExitCode.WAITING


def _view(summary: DispatchSummary, counts: OutboxCounts) -> dict[str, Any]:
    incident = summary.incident
    return {
        "outcomes": {outcome.value: summary.outcomes.get(outcome, 0) for outcome in Outcome},
        "waiting": summary.waiting,
        "oldestWaiting": instant(counts.oldest_waiting),
        "nextTry": instant(counts.next_available),
        "openAlarms": counts.open_alarms,
        "incident": None
        if incident is None
        else {"since": instant(incident.since), "error": failure_view(incident.failure)},
    }


def _lines(summary: DispatchSummary, counts: OutboxCounts) -> list[str]:
    done = [f"{number} {outcome.value.replace('_', ' ')}" for outcome, number in summary.outcomes.items() if number]
    lines = [f"tries: {', '.join(done) or 'none'}; waiting: {summary.waiting}"]
    oldest = f", oldest {span(datetime.now(UTC) - counts.oldest_waiting)}" if counts.oldest_waiting else ""
    if summary.incident is not None:
        failure = summary.incident.failure
        lines.append(
            f"endpoint unusable since {instant(summary.incident.since)}: {failure_text(failure)}; "
            f"{summary.waiting} waiting{oldest}"
        )
        if failure.kind == AnswerKind.DENIED.value:
            lines.append("hint: check TIPLINE_USERNAME and TIPLINE_PASSWORD; the entries stay queued")
    elif summary.waiting:
        next_try = f", next try {instant(counts.next_available)}" if counts.next_available else ""
        lines.append(f"{summary.waiting} waiting{oldest}{next_try}")
    if counts.open_alarms:
        lines.append(f"{counts.open_alarms} open alarm(s): tipline alarm list")
    return lines
