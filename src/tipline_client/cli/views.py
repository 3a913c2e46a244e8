"""What of an entry, receipt or alarm is shown: names for JSON, and lines for people. No report content.

Pure: values in, mappings and lines out.
"""

from datetime import datetime, timedelta
from typing import Any, Literal

from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.outcomes import Attempt, Failure
from tipline_client.delivery.receipt import Receipt

__all__ = [
    "alarm_view",
    "attempt_view",
    "checkpoint_view",
    "entry_view",
    "failure_text",
    "failure_view",
    "instant",
    "moment_of",
    "receipt_lines",
    "receipt_view",
    "span",
]


def instant(moment: datetime | None) -> str | None:
    """A moment as ISO 8601 in UTC."""
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def span(duration: timedelta) -> str:
    """A duration for people: `3 h 12 min`."""
    seconds = max(int(duration.total_seconds()), 0)
    for size, unit, below, small in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // below} {small}"
    return f"{seconds} s"


def failure_view(failure: Failure | None) -> dict[str, Any] | None:
    """Why the last try did not end in an acknowledgement."""
    if failure is None:
        return None
    return {
        "class": failure.kind,
        "text": failure.text,
        "scope": failure.scope.value,
        "step": None if failure.step is None else failure.step.value,
        "code": failure.code,
        "requestId": failure.request_id,
        "paths": list(failure.paths),
    }


def failure_text(failure: Failure | None, *, with_paths: bool = True) -> str:
    """The same in a line.

    Args:
        failure: What went wrong, if something did.
        with_paths: Whether with the paths that the endpoint refused; not where they stand beside it.
    """
    if failure is None:
        return "-"
    where = f"{failure.step}: " if failure.step else ""
    code = f"code {failure.code}"
    code = f" ({code})" if failure.code is not None and code not in failure.text else ""
    return f"{where}{failure.summary if with_paths else failure.text}{code}"


def entry_view(entry: Entry) -> dict[str, Any]:
    """One row of the outbox."""
    return {
        "id": entry.id,
        "idempotencyKey": entry.idempotency_key,
        "state": entry.state.value,
        "environment": entry.environment.value,
        "profile": entry.profile,
        "reportId": entry.report_id,
        "filedByHandAs": entry.filed_by_hand_as,
        "attempts": entry.attempts,
        "isEscalated": entry.is_escalated,
        "enqueuedAt": moment_of(entry, "enqueued_at"),
        "knownAt": instant(entry.known_at),
        "availableAt": moment_of(entry, "available_at"),
        "acknowledgedAt": instant(entry.acknowledged_at),
        "isDestroyed": entry.is_destroyed,
        "withdrawalReason": entry.withdrawal_reason,
        "lastError": failure_view(entry.last_failure),
        "unreadable": list(entry.unreadable),
        "contradiction": entry.contradiction,
    }


def moment_of(entry: Entry, column: Literal["enqueued_at", "available_at"]) -> str | None:
    """A moment of an entry as ISO 8601 in UTC; none where the row's cannot be read."""
    return None if column in entry.unreadable else instant(getattr(entry, column))


def checkpoint_view(checkpoint: Checkpoint) -> dict[str, Any]:
    """How far an entry has got at the endpoint."""
    intent, retraction = checkpoint.intent, checkpoint.retraction
    return {
        "reportId": checkpoint.report_id,
        "intent": None
        if intent is None
        else {"step": intent.step.value, "index": intent.index, "since": instant(intent.since)},
        "files": [
            {
                "index": file.index,
                "fileId": file.file_id,
                "isConfirmed": file.is_confirmed,
                "isDescribed": file.is_described,
            }
            for file in checkpoint.files
        ],
        "retraction": None
        if retraction is None
        else {"aim": retraction.aim.value, "error": failure_view(retraction.failure)},
        "finishSent": checkpoint.finish_sent,
        "reportsOpened": checkpoint.reports_opened,
        "suspectedOrphans": len(checkpoint.orphans),
        "lapsesAt": instant(checkpoint.lapses_at),
    }


def attempt_view(attempt: Attempt) -> dict[str, Any]:
    """One leased try."""
    return {
        "startedAt": instant(attempt.started_at),
        "endedAt": instant(attempt.ended_at),
        "outcome": attempt.outcome.value,
        "counts": attempt.burns,
        "error": failure_view(attempt.failure),
    }


def alarm_view(alarm: Alarm) -> dict[str, Any]:
    """Something that a person must close."""
    return {
        "number": alarm.id,
        "entryId": alarm.entry_id,
        "kind": alarm.kind.value,
        "text": alarm.text,
        "raisedAt": instant(alarm.raised_at),
        "closedAt": instant(alarm.closed_at),
        "closedNote": alarm.closed_note,
    }


def receipt_view(receipt: Receipt) -> dict[str, Any]:
    """What was filed. The endpoint's raw words are in the exported receipt; here stands their digest."""
    return {
        "entryId": receipt.entry_id,
        "idempotencyKey": receipt.idempotency_key,
        "profile": receipt.profile,
        "environment": receipt.environment.value,
        "reportId": receipt.report_id,
        "knownAt": instant(receipt.known_at),
        "acknowledgedAt": instant(receipt.acknowledged_at),
        "code": receipt.code,
        "sealedAt": instant(receipt.sealed_at),
        "envelopeSha256": receipt.envelope_sha256,
        "files": [
            {
                "index": file.index,
                "fileId": file.file_id,
                "size": file.size,
                "md5": file.md5,
                "sha1": file.sha1,
                "sha256": file.sha256,
                "endpointMd5": file.endpoint_md5,
                "isDescribed": file.is_described,
            }
            for file in receipt.files
        ],
        "fileSet": receipt.file_set.value,
        "calls": [
            {
                "step": call.step.value,
                "index": call.index,
                "sentAt": instant(call.sent_at),
                "answeredAt": instant(call.answered_at),
                "httpStatus": call.http_status,
                "code": call.code,
                "requestId": call.request_id,
                "requestSha256": call.request_sha256,
                "replySha256": call.reply_sha256,
            }
            for call in receipt.exchanges
        ],
        "suspectedOrphans": len(receipt.orphans),
        "replaced": [
            {"path": item.path, "codePoint": item.code_point, "count": item.count} for item in receipt.replaced
        ],
        "replySha256": receipt.reply_sha256,
        "software": receipt.software,
    }


def receipt_lines(receipt: Receipt, *, kept: str) -> list[str]:
    """A receipt for people.

    Args:
        receipt: The receipt.
        kept: Where its signed form is.
    """
    lines = [
        f"report {receipt.report_id} is filed ({receipt.environment}: {receipt.profile})",
        f"  acknowledged  {instant(receipt.acknowledged_at)}",
        *([f"  known since   {instant(receipt.known_at)}"] if receipt.known_at else []),
        f"  key           {receipt.idempotency_key}",
        f"  entry         {receipt.entry_id}",
    ]
    lines += [
        f"  file {file.index}        {file.file_id}  {file.size} bytes  sha256 {file.sha256}" for file in receipt.files
    ]
    if receipt.files:
        lines.append(f"  set of files  {receipt.file_set}")
    if receipt.replaced:
        lines.append(f"  replaced      {sum(item.count for item in receipt.replaced)} character(s) XML cannot carry")
    return [*lines, f"  receipt       {kept}"]
