"""Where an issue points when one item stands for an array, and what is not worth refusing a report for."""

import json
from typing import Any

import pytest

from tests.unit.validation.samples import COMPLETE, NOW, changed, read
from tipline_client.errors import Severity
from tipline_client.profiles import cybertipline_testing
from tipline_client.validation import ReadResult, read_submission

PROFILE = cybertipline_testing(username="tester", password="synthetic")
REPORTED = "report.personOrUserReported[0]"


def _read(replaced: str, by: str) -> ReadResult:
    report: dict[str, Any] = dict(COMPLETE["report"])
    (report["personOrUserReported"],) = report["personOrUserReported"]
    text = json.dumps({**COMPLETE, "report": report})
    assert replaced in text
    return read_submission(text.replace(replaced, by), profile=PROFILE, now=NOW)


@pytest.mark.parametrize(
    ("replaced", "by", "rule", "path"),
    [
        (
            '"screenName":',
            '"screenName": "other", "screenName":',
            "name-given-twice",
            f"{REPORTED}.screenName",
        ),
        (
            '"personOrUserReportedPerson":',
            '"personOrUserReportedPerson": {}, "personOrUserReportedPerson":',
            "name-given-twice",
            f"{REPORTED}.personOrUserReportedPerson",
        ),
        ('"port": 51000', '"port": 1e999', "number-unusable", f"{REPORTED}.ipCaptureEvent[0].port"),
        (
            '"screenName":',
            '"priorCTReports": 9223372036854775808, "screenName":',
            "number-unusable",
            f"{REPORTED}.priorCTReports[0]",
        ),
    ],
)
def test_single_item_that_json_cannot_settle(replaced: str, by: str, rule: str, path: str) -> None:
    """The path counts the item as the first, and nothing is said to be missing that was merely unreadable."""
    result = _read(replaced, by)

    assert [(rule, path)] == [(issue.rule, issue.path) for issue in result.issues]


@pytest.mark.parametrize(
    ("place", "value", "rule"),
    [
        ("report.reporter.contactPerson", {"email": [{"value": "", "type": "Work"}]}, "contact-text-blank"),
        ("report.reporter.contactPerson", {"phone": [{"value": " ", "extension": "1"}]}, "contact-text-blank"),
        ("evidence[0].details.originalFileHash", [{"value": "", "hashType": "MD5"}], "file-hash-blank"),
    ],
)
def test_blank_that_no_document_forbids(place: str, value: object, rule: str) -> None:
    """What the schema takes and no documented rule refuses is warned of and keeps no report from being filed."""
    result = read(changed({place: value}))

    assert {rule: Severity.WARNING} == {issue.rule: issue.severity for issue in result.issues if issue.rule == rule}
    assert result.is_acceptable
