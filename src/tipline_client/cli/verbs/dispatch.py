"""`tipline dispatch`: deliver what is queued, until stopped or until nothing is left to do."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from tipline_client.cli.distrusted import distrusted_hint
from tipline_client.cli.durations import read_duration
from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.incidents import ANSWERS_AGAIN
from tipline_client.cli.opening import with_client
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.output import Output
from tipline_client.cli.queueing import say_where
from tipline_client.cli.stopping import stopping_on_signals
from tipline_client.cli.suspects import Suspects, find_suspects, suspects_lines, suspects_view
from tipline_client.cli.views import failure_view, instant
from tipline_client.cli.waiting import (
    OldestFailure,
    denial_hint,
    failure_sentence,
    find_oldest_failure,
    oldest_failure_line,
    oldest_failure_view,
    waiting_line,
)
from tipline_client.client import AsyncDispatcher, AsyncTiplineClient
from tipline_client.delivery.entry import OutboxCounts
from tipline_client.delivery.outcomes import Failure, Outcome
from tipline_client.delivery.states import State
from tipline_client.dispatch import DispatchSummary
from tipline_client.errors import ConfigurationError, OutboxError
from tipline_client.outbox import Lane, Outbox

__all__ = ["dispatch"]

_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_LOOKED_AT = 1000
"""How many of the entries that still wait are looked at and verified at the end."""


@dataclass(frozen=True, slots=True)
class _End:
    """How the run ended, and what is left."""

    summary: DispatchSummary
    counts: OutboxCounts
    failure: OldestFailure
    given_up: list[tuple[str, Failure | None]]
    suspects: Suspects


def dispatch(
    *,
    drain: bool = False,
    patience: str = "60s",
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Deliver what is queued, until it is stopped: by Ctrl-C, or by SIGTERM, as `systemctl stop` and `kill` send it.

    What is under way ends first, and a second signal ends at once; either way nothing is lost, and the next dispatcher
    goes on. It ends with 0 then, with 4 if an entry was given up in this run, and at a second signal with 130.

    With --drain it ends when nothing is left to do: 0 when nothing waits, 3 when something does, 4 when an entry was
    given up in this run, 5 when the endpoint refuses the account, 7 when something waits that nobody will deliver,
    since its row was altered.

    Example: tipline dispatch --drain

    Args:
        drain: End when nothing is left to do.
        patience: With --drain: how long to wait when all that is left waits for its next try, or for the endpoint, such
            as 90s or 5min; a bare number is of seconds.
        options: Shared options.
    """
    waits = _patience(patience)
    session = options.start()
    output = session.output
    for_how_long = waits if drain else None
    end = with_client(session.settings, partial(_run, patience=for_how_long, output=output))
    refused = [failure.text for _, failure in end.given_up if failure is not None]
    hint = distrusted_hint(refused, trusted=session.settings.place.keys().trusted()) if refused else []
    output.finish(_view(end), [*_lines(end), *hint])
    return _exit_code(end, is_drain=drain)


def _patience(text: str) -> timedelta:
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=float(text))
    try:
        return read_duration(text, what=f"--patience {text}")
    except ConfigurationError as error:
        raise CommandError(str(error), hint="Write 90s or 5min; see `tipline dispatch --help`.") from None


async def _run(client: AsyncTiplineClient, *, patience: timedelta | None, output: Output) -> _End:
    dispatcher = AsyncDispatcher(client)
    profile = client.profile
    lane = Lane(profile.name, profile.environment)
    async with stopping_on_signals(dispatcher, output):
        say_where(output, profile)
        output.note(f"dispatching to {profile.name} ({profile.environment}) at {profile.host}")
        summary = await (dispatcher.run() if patience is None else dispatcher.drain(patience=patience))
    outbox = client.outbox
    failure = await find_oldest_failure(outbox, environment=profile.environment, most=_LOOKED_AT, lane=lane)
    return _End(
        summary,
        await outbox.count(lane=lane),
        failure,
        [await _given_up(outbox, entry_id) for entry_id in summary.given_up],
        await find_suspects(outbox, reader=client.reader(), most=_LOOKED_AT),
    )


async def _given_up(outbox: Outbox, entry_id: str) -> tuple[str, Failure | None]:
    try:
        return entry_id, (await outbox.get(entry_id)).last_failure
    except OutboxError:
        # Its row is damaged beyond showing, or its id is; the alarm has the reason.
        return entry_id, None


def _exit_code(end: _End, *, is_drain: bool) -> ExitCode:
    summary = end.summary
    if summary.outcomes.get(Outcome.REJECTED):
        return ExitCode.GIVEN_UP
    if not is_drain:
        return ExitCode.OK
    is_denied = summary.incident is not None and summary.incident.is_denial and not summary.is_on_trial
    if summary.waiting and is_denied:
        return ExitCode.CONFIGURATION
    if end.suspects.count:
        return ExitCode.NOT_VERIFIED
    return ExitCode.WAITING if summary.waiting else ExitCode.OK


def _view(end: _End) -> dict[str, Any]:
    summary, counts = end.summary, end.counts
    incident = summary.incident
    return {
        "outcomes": {outcome.value: summary.outcomes.get(outcome, 0) for outcome in Outcome},
        "givenUp": [{"id": entry_id, "error": failure_view(failure)} for entry_id, failure in end.given_up],
        "waiting": summary.waiting,
        "oldestWaiting": instant(counts.oldest_waiting),
        "longestKnown": instant(counts.longest_known),
        "nextTry": instant(counts.next_available),
        "lastError": oldest_failure_view(end.failure),
        "lastErrorNotLookedAt": end.failure.not_looked_at,
        "openAlarms": counts.open_alarms,
        "altered": suspects_view(end.suspects),
        "incident": None
        if incident is None
        else {
            "since": instant(incident.since),
            "error": failure_view(incident.failure),
            "isOnTrial": summary.is_on_trial,
        },
    }


def _lines(end: _End) -> list[str]:
    summary, counts = end.summary, end.counts
    done = [f"{number} {outcome.value.replace('_', ' ')}" for outcome, number in summary.outcomes.items() if number]
    lines = [f"tries: {', '.join(done) or 'none'}; waiting: {summary.waiting}"]
    lines += [
        f"given up: entry {entry_id}: {failure_sentence(failure) if failure else 'its row cannot be read back'}"
        for entry_id, failure in end.given_up
    ]
    if unnamed := max(0, summary.outcomes.get(Outcome.REJECTED, 0) - len(end.given_up)):
        lines.append(in_words_of_host(f"and {unnamed} given up before those: tipline dead-letter list"))
    if summary.incident is not None:
        failure = summary.incident.failure
        since = f"endpoint unusable since {instant(summary.incident.since)}: {failure_sentence(failure)}"
        lines.append(f"{since}; {ANSWERS_AGAIN}" if summary.is_on_trial else since)
        if not summary.is_on_trial and (hint := denial_hint(failure)) is not None:
            lines.append(f"hint: {hint}; the entries stay queued")
    if summary.waiting:
        lines.append(waiting_line(counts, now=datetime.now(UTC)))
        if (failure_line := oldest_failure_line(end.failure)) is not None:
            lines.append(f"oldest error: {failure_line}")
    if counts.by_state[State.HELD]:
        lines.append(
            in_words_of_host(f"{counts.by_state[State.HELD]} held until a person lets them go: tipline release")
        )
    lines += suspects_lines(end.suspects)
    if counts.open_alarms:
        lines.append(in_words_of_host(f"{counts.open_alarms} open alarm(s): tipline alarm list"))
    return lines
