"""Reading a submission: all issues at once, at the places of the input, and no repaired submission."""

from typing import Any

import pytest

from tests.unit.validation.samples import (
    COMPLETE,
    DETAILS,
    GONE,
    NOW,
    REPORTED,
    REPORTER,
    SUMMARY,
    Endpoint,
    changed,
    errors_of,
    found,
    issues_of,
    read,
)
from tipline_client.errors import ReportInvalidError
from tipline_client.models import Report, Reporter
from tipline_client.validation import raise_on_errors, validate_report


def test_faults_of_every_kind_at_once() -> None:
    """Names, types, required values, rules and warnings are found in one go, at positions of the input."""
    edits: dict[str, Any] = {
        f"{SUMMARY}.incidentDateTime": "2026-01-05T08:30:00",
        f"{REPORTER}.email": GONE,
        f"{REPORTER}.frstName": "Zoë",
        f"{REPORTED}.ipCaptureEvent": [{"port": 0}, {"ipAddress": 5}, {"ipAddress": "mug", "port": 1}],
        f"{REPORTED}.profileUrl": [7, "no url"],
        f"{DETAILS}.fileViewedByEsp": "yes",
        f"{DETAILS}.exifViewedByEsp": True,
        f"{DETAILS}.publiclyAvailable": GONE,
    }

    result = read(changed(edits))

    assert result.submission is None
    assert [
        ("zone-missing", f"{SUMMARY}.incidentDateTime"),
        ("reporter-email-missing", f"{REPORTER}.email"),
        ("unknown-name", f"{REPORTER}.frstName"),
        ("text-expected", f"{REPORTED}.profileUrl[0]"),
        ("url-with-spaces", f"{REPORTED}.profileUrl[1]"),
        ("required-missing", f"{REPORTED}.ipCaptureEvent[0].ipAddress"),
        ("out-of-range", f"{REPORTED}.ipCaptureEvent[0].port"),
        ("text-expected", f"{REPORTED}.ipCaptureEvent[1].ipAddress"),
        ("boolean-expected", f"{DETAILS}.fileViewedByEsp"),
        ("ip-address-malformed", f"{REPORTED}.ipCaptureEvent[2].ipAddress"),
        ("ip-without-time", f"{REPORTED}.ipCaptureEvent[2].dateTime"),
        ("publicly-available-claim-missing", f"{DETAILS}.publiclyAvailable"),
    ] == found(result.issues)


def test_required_part_missing() -> None:
    """What is missing is named, and the rest of the report is still checked."""
    issues = issues_of({"report.incidentSummary": GONE, "report.reporter.legalURL": "n/a"})

    assert [
        ("required-missing", "report.incidentSummary"),
        ("url-not-absolute", "report.reporter.legalURL"),
    ] == found(issues)


def test_report_missing() -> None:
    """An object without a report says so, and what is known of the evidence is checked."""
    result = read({"evidence": [{"details": {"fileName": "mug.jpg"}}]})

    assert [("required-missing", "report"), ("file-name-undocumented", f"{DETAILS}.fileName")] == errors_of(result)


def test_repaired_submission() -> None:
    """A submission that was made readable by leaving something out is never handed out."""
    result = read(changed({f"{REPORTER}.nickName": "Zo"}))

    assert result.submission is None
    assert not result.is_acceptable


def test_rule_broken_in_readable_submission() -> None:
    """The submission is handed out beside its errors, and is not acceptable."""
    result = read(changed({f"{REPORTER}.email": GONE}))

    assert result.submission is not None
    assert not result.is_acceptable


def test_absence_that_follows_from_a_refusal() -> None:
    """What was given in a wrong form is not reported as missing too."""
    edits = {"report.internetDetails": 5, "evidence": {"pth": "mug.jpg", "details": 7}, f"{REPORTER}.email": [{}]}

    errors = found(issues_of(edits))

    assert [
        ("object-expected", "report.internetDetails[0]"),
        ("required-missing", f"{REPORTER}.email[0]"),
        ("object-expected", f"{DETAILS}"),
        ("unknown-name", "evidence[0].pth"),
    ] == errors


def test_reporter_from_configuration() -> None:
    """A reporter from configuration stands in where the report names none, and only there."""
    configured = Reporter.model_validate({"reportingPerson": {"email": ["desk@example.com"]}})

    absent = read(changed({"report.reporter": GONE}), reporter=configured).submission
    present = read(changed({}), reporter=configured).submission

    assert absent is not None
    assert present is not None
    assert configured == absent.report.reporter
    assert present.report.reporter.reporting_person.first_name == "Zoë"


def test_typed_report() -> None:
    """A typed report is checked like a submission without evidence."""
    report = Report.model_validate(COMPLETE["report"])

    issues = validate_report(report, Endpoint(), now=NOW)

    assert [("evidence-missing", "evidence")] == found(issues)


def test_untyped_report() -> None:
    """A mapping is read first, and its refusals are issues."""
    issues = validate_report({**COMPLETE["report"], "mug": 1}, Endpoint(), now=NOW)

    assert ("unknown-name", "report.mug") in found(issues)


def test_raise_on_errors() -> None:
    """An error raises with all issues, warnings too; warnings alone do not."""
    issues = issues_of({f"{REPORTER}.email": GONE, "evidence": GONE})
    warnings = issues_of({"evidence": GONE})

    raise_on_errors(warnings)
    with pytest.raises(ReportInvalidError) as caught:
        raise_on_errors(issues)

    assert issues == caught.value.issues
