"""Is a submission acceptable: every rule at once, as a list of issues.

Runs the checks of the catalogue on a submission that exists. How one is read from JSON is not known here.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from tipline_client.errors import Issue, ReportInvalidError, Severity
from tipline_client.models import Submission
from tipline_client.validation.catalogue import CHECKS
from tipline_client.validation.rule import EndpointRules, Finding
from tipline_client.validation.shape import document_order
from tipline_client.validation.subject import Subject

__all__ = ["CLOCK_SKEW", "find", "in_order", "raise_on_errors", "validate"]

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of this machine's clock a moment of the past may seem to lie."""


def validate(
    submission: Submission,
    profile: EndpointRules,
    *,
    now: datetime | None = None,
    clock_skew: timedelta = CLOCK_SKEW,
) -> tuple[Issue, ...]:
    """Every issue of a submission.

    Args:
        submission: A report with its evidence.
        profile: The endpoint it is meant for: its environment, and what its schema is known to have.
        now: The present moment, aware; the system's clock by default.
        clock_skew: Up to so far in the future, an incident time is a warning and beyond it an error. No time is ever
            changed.

    Returns:
        Errors first, then warnings, each in the order of the document. Without an error the submission is acceptable.

    Raises:
        ValueError: `now` has no zone.
    """
    findings = find(submission, profile, now=now, clock_skew=clock_skew)
    return in_order(finding.as_issue() for finding in findings)


def find(
    submission: Submission, profile: EndpointRules, *, now: datetime | None, clock_skew: timedelta
) -> tuple[Finding, ...]:
    """What the rules find, with the places that each finding rests on."""
    moment = datetime.now(UTC) if now is None else now
    if moment.utcoffset() is None:
        raise ValueError("now has no zone: give an aware datetime")
    subject = Subject(submission, profile=profile, now=moment.astimezone(UTC), clock_skew=clock_skew)
    return tuple(finding for check in CHECKS for finding in check(subject))


def in_order(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Errors first, then warnings, each in the order of the document; nothing twice."""
    return tuple(
        sorted(
            dict.fromkeys(issues),
            key=lambda issue: (issue.severity is not Severity.ERROR, document_order(issue.path, Submission)),
        )
    )


def raise_on_errors(issues: Sequence[Issue]) -> None:
    """Refuse a submission that has an error.

    Raises:
        ReportInvalidError: At least one issue is an error; it carries all of them, warnings too.
    """
    if any(issue.severity is Severity.ERROR for issue in issues):
        raise ReportInvalidError(issues)
