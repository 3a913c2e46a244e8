"""Single submissions into the outbox, each with its own result.

A fault of one submission is a result. A fault of the installation (outbox, keys) ends the run, and what was not tried
any more says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tipline_client.cli.exit_codes import CommandError, ExitCode, exit_code_for
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.output import Output, error_view, issue_view
from tipline_client.cli.reporting import issue_lines
from tipline_client.cli.submissions import Prepared, SubmissionFile
from tipline_client.cli.views import entry_view
from tipline_client.client import AsyncTiplineClient
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.states import State
from tipline_client.errors import ConfigurationError, OutboxUnavailableError, ReportInvalidError, TiplineError
from tipline_client.profiles import EndpointProfile

__all__ = ["Queued", "found_before", "queue_all", "queued_lines", "queued_view", "say_where", "worst"]

_WORST_FIRST = (
    ExitCode.OUTBOX_UNAVAILABLE,
    ExitCode.CONFIGURATION,
    ExitCode.NOT_VERIFIED,
    ExitCode.BAD_INPUT,
    ExitCode.GIVEN_UP,
    ExitCode.INTERRUPTED,
    ExitCode.WAITING,
)


@dataclass(frozen=True, slots=True)
class Queued:
    """What became of one submission.

    Attributes:
        prepared: The submission as read.
        entry: Its entry, if it is in the outbox.
        is_new: Whether this run made the entry.
        error: Why there is none.
    """

    prepared: Prepared
    entry: Entry | None = None
    is_new: bool = False
    error: TiplineError | None = None

    @property
    def exit_code(self) -> ExitCode:
        """What this submission alone would end in; nobody will file what was given up or withdrawn before."""
        if self.error is not None:
            return exit_code_for(self.error)
        if self.entry is not None and self.entry.contradiction is not None:
            return ExitCode.NOT_VERIFIED
        is_over = self.entry is not None and self.entry.state in {State.DEAD_LETTER, State.RETRACTED}
        return ExitCode.GIVEN_UP if is_over else ExitCode.OK


def worst(codes: Sequence[ExitCode]) -> ExitCode:
    """The code that a person should hear about first."""
    return next((code for code in _WORST_FIRST if code in codes), ExitCode.OK)


async def queue_all(client: AsyncTiplineClient, files: Sequence[SubmissionFile]) -> list[Queued]:
    """Queue every submission of the acceptable files."""
    results: list[Queued] = []
    has_stopped = False
    for file in files:
        for prepared in file.submissions:
            if has_stopped:
                error = CommandError("not tried, since the one before failed", hint="Run the same command again.")
                results.append(Queued(prepared, error=error))
                continue
            results.append(await _queue(client, prepared))
            has_stopped = isinstance(results[-1].error, (OutboxUnavailableError, ConfigurationError))
    return results


async def _queue(client: AsyncTiplineClient, prepared: Prepared) -> Queued:
    submission = prepared.submission
    if submission is None or not prepared.is_acceptable:
        return Queued(prepared, error=ReportInvalidError(prepared.issues))
    try:
        enqueued = await client.enqueue_once(
            submission.report,
            evidence=prepared.evidence(),
            idempotency_key=submission.idempotency_key,
            known_at=submission.known_at,
        )
    except TiplineError as error:
        return Queued(prepared, error=error)
    return Queued(prepared, enqueued.entry, enqueued.is_new)


def queued_view(queued: Queued, *, now: Entry | None = None, environment: Environment) -> dict[str, Any]:
    """The result as JSON.

    Args:
        queued: What became of the submission.
        now: Its entry as it stands by now, if it was delivered since.
        environment: Where a filing would count.
    """
    submission = queued.prepared.submission
    entry = now or queued.entry
    is_named = submission is not None and submission.idempotency_key is not None
    return {
        "file": queued.prepared.source,
        "environment": environment.value,
        "filesForReal": environment is Environment.PRODUCTION,
        "queued": entry is not None and not entry.state.is_terminal,
        "isNew": queued.is_new,
        "state": None,
        "keyFrom": "submission" if is_named else "content",
        **(entry_view(entry) if entry else {}),
        "issues": [issue_view(issue) for issue in queued.prepared.issues],
        **({"error": error_view(queued.error, with_issues=False)} if queued.error else {}),
    }


def queued_lines(queued: Queued) -> list[str]:
    """The result for people."""
    source, entry = queued.prepared.source, queued.entry
    if entry is None:
        if isinstance(queued.error, ReportInvalidError):
            return [*issue_lines(queued.prepared), f"{source}: nothing was queued"]
        hint = [f"  hint: {queued.error.hint}"] if queued.error and queued.error.hint else []
        return [f"{source}: nothing was queued: {queued.error}", *hint]
    submission = queued.prepared.submission
    derived = "" if submission and submission.idempotency_key else " (derived from the content)"
    stands = f"queued for {entry.environment}" if queued.is_new else found_before(entry)
    lines = [f"{source}: {stands}", f"  entry  {entry.id}"]
    lines.append(f"  key    {entry.idempotency_key}{derived}")
    lines += [f"  warning: {issue.path}: {issue.message}" for issue in queued.prepared.issues]
    return lines


def found_before(entry: Entry) -> str:
    """How an entry stood that was in the outbox before this run."""
    words = f"in the outbox already, for {entry.environment}: "
    if entry.contradiction is not None:
        return f"{words}{entry.contradiction}; nothing was queued; do not file it again before the outbox is put right"
    if entry.state is State.ACKNOWLEDGED and entry.report_id is not None:
        return f"{words}filed as report {entry.report_id}; nothing was queued again"
    return words + _unfiled(entry)


def _unfiled(entry: Entry) -> str:
    if entry.state is State.FILED_BY_HAND:
        return f"filed by hand as report {entry.filed_by_hand_as}; nothing was queued again"
    if entry.state is State.DEAD_LETTER:
        return in_words_of_host(
            f"given up before; nothing was queued again; `tipline dead-letter show {entry.id}` says why"
        )
    if entry.state is State.RETRACTED:
        return "withdrawn before; nothing was queued again"
    if entry.filed_by_hand_as is not None:
        return f"filed by hand as report {entry.filed_by_hand_as}, what was opened is taken back; nothing was queued"
    return f"{entry.state}; nothing was queued twice"


def say_where(output: Output, profile: EndpointProfile) -> None:
    """Say loudly, on standard error, that what follows is filed for real, if it is."""
    if profile.environment is Environment.PRODUCTION:
        output.note(f"PRODUCTION: every report is filed for real at {profile.host}, and acted upon")
