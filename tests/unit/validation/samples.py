"""A submission that no rule has anything to say about, and how to change it in one place.

All of it is invented; addresses are those reserved for documentation.
"""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tipline_client.delivery.environment import Environment
from tipline_client.errors import Issue, Severity
from tipline_client.validation import ReadResult, read_submission
from tipline_client.validation.shape import parse_path

NOW = datetime(2026, 1, 20, 12, 0, tzinfo=UTC)
GONE: Final = object()

REPORTED = "report.personOrUserReported[0]"
DETAILS = "evidence[0].details"
REPORTER = "report.reporter.reportingPerson"
SUMMARY = "report.incidentSummary"

COMPLETE: Mapping[str, Any] = {
    "idempotencyKey": "case-4711",
    "report": {
        "incidentSummary": {
            "incidentType": "Misleading Domain Name",
            "incidentDateTime": "2026-01-05T08:30:00Z",
        },
        "internetDetails": [{"webPageIncident": {"url": ["https://www.example.com/page"]}}],
        "reporter": {
            "reportingPerson": {"firstName": "Zoë", "lastName": "Müller", "email": ["safety@example.com"]},
        },
        "personOrUserReported": [
            {
                "personOrUserReportedPerson": {"email": ["user1001@example.net"]},
                "espIdentifier": "user-1001",
                "screenName": "sample_user",
                "ipCaptureEvent": [
                    {"ipAddress": "192.0.2.10", "dateTime": "2026-01-05T08:00:00Z", "port": 51000},
                ],
            },
        ],
    },
    "evidence": [
        {
            "path": "mug.jpg",
            "details": {
                "originalFileName": "coffee-mug.jpg",
                "fileViewedByEsp": True,
                "publiclyAvailable": False,
            },
        },
    ],
}


@dataclass(frozen=True)
class Endpoint:
    """The least that the rules ask of a profile."""

    environment: Environment = Environment.MOCK
    newer_elements: frozenset[tuple[str, str]] = frozenset()


def changed(edits: Mapping[str, Any]) -> dict[str, Any]:
    """The complete submission with other values at some paths; `GONE` takes a value away."""
    data = copy.deepcopy(dict(COMPLETE))
    for path, value in edits.items():
        *above, last = parse_path(path)
        holder: Any = data
        for segment in above:
            holder = holder.setdefault(segment, {}) if isinstance(holder, dict) else holder[segment]
        if value is GONE:
            del holder[last]
        else:
            holder[last] = value
    return data


def issues_of(
    edits: Mapping[str, Any],
    *,
    environment: Environment = Environment.MOCK,
    newer: frozenset[tuple[str, str]] = frozenset(),
    now: datetime = NOW,
) -> tuple[Issue, ...]:
    """What is found in the complete submission with `edits`."""
    return read_submission(changed(edits), profile=Endpoint(environment, newer), now=now).issues


def found(issues: tuple[Issue, ...]) -> list[tuple[str, str]]:
    """Rule and path of each issue."""
    return [(issue.rule, issue.path) for issue in issues]


def read(data: Any, **options: Any) -> ReadResult:
    """What is read at the mock at the usual moment."""
    return read_submission(data, profile=Endpoint(), now=NOW, **options)


def errors_of(result: ReadResult) -> list[tuple[str, str]]:
    """Rule and path of each error."""
    return [(issue.rule, issue.path) for issue in result.issues if issue.severity is Severity.ERROR]
