"""Submissions into the outbox, each with its own result; one FILE is queued wholly or not at all.

A fault of one submission is a result. A fault of the installation (outbox, keys) ends the run, and what was not tried
any more says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tipline_client.cli.exit_codes import CommandError, ExitCode, exit_code_for
from tipline_client.cli.output import error_view, issue_view
from tipline_client.cli.reporting import issue_lines
from tipline_client.cli.submissions import Prepared, SubmissionFile
from tipline_client.cli.views import entry_view
from tipline_client.client import AsyncTiplineClient
from tipline_client.delivery.entry import Entry
from tipline_client.errors import ConfigurationError, OutboxUnavailableError, ReportInvalidError, TiplineError

__all__ = ["Queued", "queue_all", "queued_lines", "queued_view", "worst"]

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
        """What this submission alone would end in."""
        return ExitCode.OK if self.error is None else exit_code_for(self.error)


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
            results.append(await _queue(client, file, prepared))
            has_stopped = isinstance(results[-1].error, (OutboxUnavailableError, ConfigurationError))
    return results


async def _queue(client: AsyncTiplineClient, file: SubmissionFile, prepared: Prepared) -> Queued:
    submission = prepared.submission
    if submission is None or not prepared.is_acceptable:
        return Queued(prepared, error=ReportInvalidError(prepared.issues))
    if not file.is_acceptable:
        error = CommandError("not queued, since another line of the file has errors", hint="Correct that line.")
        return Queued(prepared, error=error)
    try:
        enqueued = await client.enqueue_once(
            submission.report, evidence=prepared.evidence(), idempotency_key=submission.idempotency_key
        )
    except TiplineError as error:
        return Queued(prepared, error=error)
    return Queued(prepared, enqueued.entry, enqueued.is_new)


def queued_view(queued: Queued) -> dict[str, Any]:
    """The result as JSON."""
    submission = queued.prepared.submission
    is_named = submission is not None and submission.idempotency_key is not None
    return {
        "file": queued.prepared.source,
        "queued": queued.entry is not None,
        "isNew": queued.is_new,
        "keyFrom": "submission" if is_named else "content",
        **(entry_view(queued.entry) if queued.entry else {}),
        "issues": [issue_view(issue) for issue in queued.prepared.issues],
        **({"error": error_view(queued.error)} if queued.error else {}),
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
    verb = "queued" if queued.is_new else f"in the outbox already, {entry.state}"
    lines = [f"{source}: {verb} for {entry.environment}", f"  entry  {entry.id}"]
    lines.append(f"  key    {entry.idempotency_key}{derived}")
    lines += [f"  warning: {issue.path}: {issue.message}" for issue in queued.prepared.issues]
    return lines
