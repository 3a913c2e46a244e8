"""Small reports to begin from, as JSON forms. All of it is invented."""

from typing import Any

CONTENT = "hazel-coffee-mug-4711"
"""Planted text: wherever it turns up outside the report, content has leaked."""


def report_form(**more: Any) -> dict[str, Any]:
    """The smallest useful report, with more at its top."""
    return {
        "incidentSummary": {"incidentType": "Misleading Domain Name", "incidentDateTime": "2026-01-15T09:30:00Z"},
        "reporter": {"reportingPerson": {"email": "safety@example.com"}},
        **more,
    }


def file_form(**more: Any) -> dict[str, Any]:
    """The smallest details of an uploaded file, with more."""
    return {"reportId": "4564654", "fileId": "0123456789abcdef0123456789abcdef", **more}
