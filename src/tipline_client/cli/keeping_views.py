"""What of holds and certificates is shown: names for JSON, and lines for people.

Pure: values in, mappings and lines out.
"""

from collections.abc import Sequence
from typing import Any

from tipline_client.cli.output import columns
from tipline_client.cli.views import instant
from tipline_client.delivery.certificate import Certificate
from tipline_client.delivery.hold import Conflict, Hold

__all__ = [
    "certificate_lines",
    "certificate_view",
    "conflict_lines",
    "conflict_view",
    "hold_lines",
    "hold_view",
]


def hold_view(hold: Hold) -> dict[str, Any]:
    """One hold."""
    return {
        "number": hold.id,
        "entryId": hold.entry_id,
        "regime": hold.regime,
        "part": hold.part.value,
        "reason": hold.reason,
        "beganAt": instant(hold.began_at),
        "endsAt": instant(hold.ends_at),
        "isLimit": hold.is_limit,
        "releasedAt": instant(hold.released_at),
    }


def hold_lines(holds: Sequence[Hold]) -> list[str]:
    """Holds for people."""
    rows = [
        (
            str(hold.id),
            hold.entry_id,
            hold.regime,
            hold.part.value,
            f"{'at most ' if hold.is_limit else ''}{instant(hold.ends_at)}",
            "" if hold.released_at is None else f"released {instant(hold.released_at)}",
        )
        for hold in holds
    ]
    return columns([("number", "entry", "regime", "part", "until", "state"), *rows]) if rows else ["no holds"]


def conflict_view(conflict: Conflict) -> dict[str, Any]:
    """Two regimes that contradict each other."""
    return {"entryId": conflict.hold.entry_id, "limit": hold_view(conflict.limit), "hold": hold_view(conflict.hold)}


def conflict_lines(conflicts: Sequence[Conflict]) -> list[str]:
    """The same for people; what to do about it is for counsel to say."""
    return [
        f"{conflict.hold.entry_id}: {conflict.limit.regime} allows to keep its {conflict.limit.part} until "
        f"{instant(conflict.limit.ends_at)} at most, {conflict.hold.regime} asks to keep it until "
        f"{instant(conflict.hold.ends_at)}"
        for conflict in conflicts
    ] or ["no conflicts"]


def certificate_view(certificate: Certificate) -> dict[str, Any]:
    """What was destroyed, by whom and why."""
    return {
        "entryId": certificate.entry_id,
        "idempotencyKey": certificate.idempotency_key,
        "profile": certificate.profile,
        "environment": certificate.environment.value,
        "state": certificate.state.value,
        "reportId": certificate.report_id,
        "actor": certificate.actor,
        "reason": certificate.reason,
        "request": certificate.request,
        "overriddenHolds": [hold_view(hold) for hold in certificate.overridden],
        "begunAt": instant(certificate.begun_at),
        "endedAt": instant(certificate.ended_at),
        "erased": list(certificate.erased),
        "storage": certificate.storage,
        "envelopeSha256": certificate.envelope_sha256,
        "files": [
            {
                "index": file.index,
                "size": file.size,
                "md5": file.md5,
                "sha1": file.sha1,
                "sha256": file.sha256,
                "isReference": file.is_reference,
            }
            for file in certificate.files
        ],
        "digestsMissingBecause": certificate.unread or None,
        "historyLink": certificate.history_link,
        "software": certificate.software,
    }


def certificate_lines(certificate: Certificate, *, kept: str) -> list[str]:
    """A certificate for people.

    Args:
        certificate: The certificate.
        kept: Where its signed form is.
    """
    filed = "" if certificate.report_id is None else f", report {certificate.report_id}"
    lines = [
        f"entry {certificate.entry_id} is destroyed ({certificate.environment}: {certificate.profile}{filed})",
        f"  key          {certificate.idempotency_key}",
        f"  by           {certificate.actor}: {certificate.reason}",
        *([f"  request      {certificate.request}"] if certificate.request else []),
        *(
            f"  overridden   {hold.regime} until {instant(hold.ends_at)}: {hold.reason}"
            for hold in certificate.overridden
        ),
        f"  key erased   {instant(certificate.begun_at)}",
        f"  complete     {instant(certificate.ended_at)}",
        f"  erased       {', '.join(certificate.erased)}",
        f"  storage      {certificate.storage}",
        *([f"  envelope     sha256 {certificate.envelope_sha256}"] if certificate.envelope_sha256 else []),
        *([f"  no digests   {certificate.unread}"] if certificate.unread else []),
    ]
    lines += [
        f"  file {file.index}       {file.size} bytes  sha256 {file.sha256}"
        + ("; a reference: its original was not touched" if file.is_reference else "")
        for file in certificate.files
    ]
    return [*lines, f"  certificate  {kept}"]
