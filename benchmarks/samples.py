"""What is measured: a typical report, one with every element, and a picture's worth of random bytes."""

import random
from typing import Any

from tipline_client.models import EvidenceDetails, InternetDetails, Report, WireModel
from tipline_client.models.outline import FieldOutline, Kind, outline

__all__ = ["evidence_bytes", "evidence_details", "maximal", "typical"]

_TYPICAL: dict[str, Any] = {
    "incidentSummary": {
        "incidentType": "Misleading Words or Digital Images on the Internet",
        "platform": "Example Photo Share",
        "incidentDateTime": "2026-01-15T09:30:00Z",
        "incidentDateTimeDescription": "Time of the upload request.",
    },
    "internetDetails": [
        {"webPageIncident": {"url": "https://photos.example.com/album/1001", "additionalInfo": "A coffee mug."}}
    ],
    "reporter": {
        "reportingPerson": {
            "firstName": "Zoë",
            "lastName": "Müller",
            "phone": {"value": "555-0100", "type": "Work", "countryCallingCode": "+1"},
            "email": "safety@example.com",
            "address": {"type": "Business", "city": "Springfield", "state": "IL", "country": "US"},
        },
        "legalURL": "https://www.example.com/legal",
    },
    "personOrUserReported": {
        "espIdentifier": "user-1001",
        "screenName": "sample_user",
        "ipCaptureEvent": [
            {"ipAddress": "192.0.2.10", "eventName": "Login", "dateTime": "2026-01-15T09:20:00Z", "port": 51000},
            {"ipAddress": "2001:db8::10", "eventName": "Upload", "dateTime": "2026-01-15T09:30:00Z", "port": 51001},
        ],
        "accountPermanentlyDisabled": {"value": True, "disabledDate": "2026-01-15T10:00:00Z"},
    },
}


def typical(number: int = 0) -> Report:
    """A report as a photo platform files it; `number` makes each one different."""
    return Report.model_validate({**_TYPICAL, "additionalInfo": f"Sample report number {number}."})


def maximal() -> Report:
    """A report in which every element and attribute of the schema of November 2025 is said once."""
    return Report.model_validate(_filled(Report))


_BY_NAME = {"countryCallingCode": "+1", "extension": "12", "state": "IL", "country": "US", "countryCode": "US"}
_BY_NAME |= {"fleaCountry": "US", "ipAddress": "192.0.2.10"}
_BY_KIND = {
    Kind.TRUTH: True,
    Kind.FLAG: True,
    Kind.WHOLE: 42,
    Kind.DEGREES: 12.5,
    Kind.INSTANT: "2026-01-15T09:30:00Z",
    Kind.DATE: "2000-01-31",
}


def _filled(model: type[WireModel]) -> dict[str, Any]:
    return {field.wire: _value(field) for field in outline(model) if field.newer is None}


def _value(field: FieldOutline) -> Any:
    if field.model is InternetDetails:
        return [{child.wire: _value(child)} for child in outline(InternetDetails)]
    if field.model is not None:
        return _filled(field.model)
    if field.kind is Kind.WORD:
        return field.words[0] if field.words else _BY_NAME[field.wire]
    if field.kind is Kind.TEXT:
        is_url = field.wire.lower().endswith("url")
        return _BY_NAME.get(field.wire, "https://www.example.com/" if is_url else "A coffee mug.")
    return _BY_KIND[field.kind]


def evidence_details() -> EvidenceDetails:
    """What is said of a file."""
    return EvidenceDetails(original_file_name="coffee-mug.jpg", file_viewed_by_esp=True, publicly_available=False)


def evidence_bytes(size: int = 100 * 1024, *, seed: int = 1) -> bytes:
    """Random bytes of the size of a small picture."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - filler, the same in every run
