"""Reports and evidence that are valid, for tests that do not care which: each call makes another one.

    factories.report()
    factories.report(incident_type="Online Enticement of Children for Sexual Acts")
    factories.evidence(name="mug.bin", publicly_available=True)

All of it is synthetic. Two reports differ, as two filings of equal reports are what a test wants to notice. Random
reports are made by `strategies`.
"""

import itertools
from datetime import UTC, datetime
from typing import Any

from tipline_client.evidence import Evidence
from tipline_client.models import IncidentSummary, InternetDetails, Person, PersonOrUserReported, Report, Reporter

__all__ = ["KEY_PREFIX", "evidence", "key", "report", "user_report"]

KEY_PREFIX = "test-case-"
"""What the keys of `key` begin with."""

_INCIDENT = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
_numbers = itertools.count(1)


def key() -> str:
    """An idempotency key that was not given before in this process."""
    return f"{KEY_PREFIX}{next(_numbers)}"


def report(
    *,
    incident_type: str = "Misleading Domain Name",
    incident_date_time: datetime = _INCIDENT,
    escalate: str | None = None,
    summary: dict[str, Any] | None = None,
    **fields: Any,
) -> Report:
    """A small valid report.

    Args:
        incident_type: One of the documented types.
        incident_date_time: When it happened, aware.
        escalate: Why it is urgent; such a report goes before others.
        summary: Further fields of the incident summary, or others in place of these.
        **fields: Any field of `Report`, in place of what is made up here.

    Raises:
        pydantic.ValidationError: A field is unknown or out of its form.
    """
    number = next(_numbers)
    told = {
        "incident_type": incident_type,
        "incident_date_time": incident_date_time,
        "incident_date_time_description": f"Synthetic report {number}",
        "escalate_to_high_priority": escalate,
        **(summary or {}),
    }
    made: dict[str, Any] = {
        "incident_summary": IncidentSummary.model_validate(told),
        "internet_details": [
            InternetDetails.model_validate({"webPageIncident": {"url": [f"https://www.example.com/page/{number}"]}})
        ],
        "reporter": Reporter(reporting_person=Person(first_name="Zoë", email=["safety@example.com"])),
    }
    return Report.model_validate(made | fields)


def user_report(*, screen_name: str | None = None, **fields: Any) -> Report:
    """A valid report about a user of a platform, with a capture of an address: all that an analyst looks for.

    Args:
        screen_name: Of the user; made up unless given.
        **fields: As for `report`.
    """
    number = next(_numbers)
    reported = {
        "personOrUserReportedPerson": {"email": [{"value": f"user-{number}@example.com"}]},
        "screenName": screen_name or f"sample_user_{number}",
        "ipCaptureEvent": [
            {"ipAddress": "192.0.2.10", "eventName": "Login", "dateTime": "2026-01-05T08:00:00Z", "port": 51000}
        ],
    }
    return report(**{"person_or_user_reported": PersonOrUserReported.model_validate(reported)} | fields)


def evidence(
    content: bytes | None = None, *, name: str | None = None, size: int | None = None, **claims: Any
) -> Evidence:
    """A small file that supports a report: bytes that look like nothing, each time others.

    Args:
        content: The bytes.
        name: The file's name.
        size: How many bytes are made up, when no content is given; 64 or so unless said.
        **claims: What is said of it, any field of `EvidenceDetails`; unless given, that it was viewed, that it is not
            publicly available, and its name.

    Raises:
        pydantic.ValidationError: A claim is unknown or out of its form.
        TypeError: Both content and size.
    """
    if content is not None and size is not None:
        raise TypeError("`content` has a size of its own; leave out one of both")
    number = next(_numbers)
    if content is None:
        pattern = f"synthetic evidence {number}: a mug, a gradient, nothing to see. ".encode()
        length = len(pattern) if size is None else size
        content = (pattern * (length // len(pattern) + 1))[:length]
    called = name or f"mug-{number}.bin"
    said: dict[str, Any] = {"file_viewed_by_esp": True, "publicly_available": False, "original_file_name": called}
    return Evidence.from_bytes(content, name=called, **(said | claims))
