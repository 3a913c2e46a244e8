"""A submission with one planted word in every text, name and byte, so that a search finds whatever gets out."""

import hashlib

from tests.support.stage import Stage
from tipline_client.delivery.entry import Entry
from tipline_client.dispatch.enqueueing import enqueue
from tipline_client.evidence import Evidence
from tipline_client.models import Report

__all__ = ["MARK", "QUOTING", "enqueue_marked", "marked_bytes", "marked_evidence", "marked_report", "marks"]

MARK = "Marzipanmug"
"""Stands in every text, name, byte and secret; no part of this package says it by itself."""

QUOTING = f"Validation failed {MARK}\n[3,7] - cvc-complex-type.2.4.a: '{MARK}' found at 'lastName'. {MARK * 200}"
"""What an endpoint says that quotes the report."""


def marked_report() -> Report:
    """A report with the word wherever words may stand."""
    return Report.model_validate(
        {
            "incidentSummary": {
                "incidentType": "Misleading Domain Name",
                "platform": MARK,
                "escalateToHighPriority": MARK,
                "incidentDateTime": "2026-01-05T08:30:00Z",
                "incidentDateTimeDescription": MARK,
            },
            "internetDetails": [{"webPageIncident": {"url": [f"https://example.com/{MARK}"], "additionalInfo": MARK}}],
            "reporter": {"reportingPerson": {"firstName": MARK, "email": [f"{MARK}@example.com"]}},
            "personOrUserReported": {"screenName": MARK, "espIdentifier": MARK, "additionalInfo": MARK},
            "additionalInfo": MARK,
        }
    )


def marked_bytes(number: int) -> bytes:
    """What evidence file `number` holds."""
    return f"{MARK} {number}".encode() * 9


def marked_evidence() -> list[Evidence]:
    """Two files with the word in their bytes, names and details."""
    return [
        Evidence.from_bytes(
            marked_bytes(number),
            name=f"{MARK}-{number}.bin",
            original_file_name=f"{MARK}.bin",
            additional_info=[MARK],
        )
        for number in range(2)
    ]


def marks() -> list[bytes]:
    """What must not be found: the word, in several forms, and the digests of what was sent."""
    found = [MARK.encode(), MARK.lower().encode(), MARK.encode("utf-16-le"), MARK.encode().hex().encode()]
    for number in range(2):
        for algorithm in ("md5", "sha1", "sha256"):
            digest = hashlib.new(algorithm, marked_bytes(number), usedforsecurity=False)
            found += [digest.digest(), digest.hexdigest().encode()]
    return found


async def enqueue_marked(stage: Stage, report: Report | None = None, *, key: str | None = "case-leak") -> Entry:
    """The submission, queued."""
    enqueued = await enqueue(
        report or marked_report(),
        marked_evidence(),
        idempotency_key=key,
        outbox=stage.outbox,
        store=stage.store,
        keys=stage.keys,
        vault=stage.vault,
        profile=stage.profile,
        clock=stage.clock,
    )
    return enqueued.entry
