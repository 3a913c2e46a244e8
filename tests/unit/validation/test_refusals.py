"""Refused names and values: each in our words, at its path, with the way out."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.unit.validation.samples import (
    COMPLETE,
    DETAILS,
    GONE,
    REPORTED,
    REPORTER,
    SUMMARY,
    changed,
    errors_of,
    found,
    issues_of,
    read,
)


def test_bare_report() -> None:
    """A report that is not wrapped is recognised, and its own issues are found under the right paths."""
    data = changed({f"{SUMMARY}.incidentDateTime": "2027-01-01T00:00:01Z"})["report"]

    result = read(data)

    assert result.submission is None
    assert [("bare-report", "report"), ("incident-time-in-future", f"{SUMMARY}.incidentDateTime")] == errors_of(result)
    assert '{"report": {...}}' in result.issues[0].message


@pytest.mark.parametrize(
    ("edits", "path", "nearest"),
    [
        ({"evidnce": []}, "evidnce", "evidence"),
        ({"report.reporter.legalUrl": "https://www.example.com"}, "report.reporter.legalUrl", "legalURL"),
        ({f"{REPORTED}.displayname": ["mug"]}, f"{REPORTED}.displayname", "displayName"),
        ({f"{DETAILS}.originalHash": "x"}, f"{DETAILS}.originalHash", "originalFileHash"),
    ],
)
def test_unknown_name(edits: dict[str, Any], path: str, nearest: str) -> None:
    """The issue stands at the unknown name and gives the nearest right one."""
    (issue,) = issues_of(edits)

    assert ("unknown-name", path) == (issue.rule, issue.path)
    assert f"Did you mean {nearest}?" in issue.message


def test_several_unknown_names() -> None:
    """Each unknown name is an issue of its own, and what stands beside them is still checked."""
    edits = {f"{REPORTER}.nickName": 1, f"{REPORTER}.shoeSize": 2, f"{REPORTER}.lastName": 3}

    issues = issues_of(edits)

    assert {
        ("unknown-name", f"{REPORTER}.nickName"),
        ("unknown-name", f"{REPORTER}.shoeSize"),
        ("text-expected", f"{REPORTER}.lastName"),
    } == set(found(issues))


def test_unknown_name_that_is_content() -> None:
    """Text that slipped into the place of a name is not repeated."""
    issues = issues_of({f"{REPORTER}": {"user1001 at example": 1, "email": ["safety@example.com"]}})

    assert [("unknown-name", REPORTER)] == found(issues)
    assert "user1001" not in str(issues)


def test_misspelt_name_of_something_required() -> None:
    """Only the spelling is reported; that the right name is missing follows from it."""
    edits = {"report.reporter": GONE, "report.reportr": COMPLETE["report"]["reporter"]}

    issues = issues_of(edits)

    assert [("unknown-name", "report.reportr")] == found(issues)


def test_names_in_pythons_spelling() -> None:
    """Paths are in wire names, whichever spelling was used."""
    data = {
        "report": {
            "incident_summary": {"incident_type": "Mugs", "incident_date_time": "2026-01-05T08:30:00Z"},
            "reporter": {"reporting_person": {"email": "safety@example.com", "first_name": 1}},
            "person_or_user_reported": {"prior_ct_reports": ["x"], "ip_capture_event": {"ip_address": 5}},
        },
    }

    result = read(data)

    assert [
        ("not-one-of", f"{SUMMARY}.incidentType"),
        ("text-expected", f"{REPORTER}.firstName"),
        ("text-expected", f"{REPORTED}.ipCaptureEvent[0].ipAddress"),
        ("report-id-expected", f"{REPORTED}.priorCTReports[0]"),
    ] == errors_of(result)


@pytest.mark.parametrize(
    ("incident_type", "said"),
    [
        (
            "Online Enticement of Children for Sexual Act",
            "Did you mean 'Online Enticement of Children for Sexual Acts'?",
        ),
        ("qqq", "Allowed: 'Child Pornography"),
    ],
)
def test_word_that_is_not_in_the_list(incident_type: str, said: str) -> None:
    """The nearest right word is named, and the list where it is short."""
    (issue,) = issues_of({f"{SUMMARY}.incidentType": incident_type})

    assert said in issue.message


def test_state_in_small_letters() -> None:
    """The right form is named without printing the whole list."""
    (issue,) = issues_of({f"{REPORTER}.address": [{"state": "il"}]})

    assert "Did you mean 'IL'?" in issue.message
    assert len(issue.message) < 200


@pytest.mark.parametrize(
    ("text", "is_refused"),
    [("m" * 100, False), ("m" * 101, True), ("\U0001f375" * 50, False), ("\U0001f375" * 50 + "m", True)],
)
def test_length_counted_in_utf16_units(text: str, is_refused: bool) -> None:
    """A character beyond the basic plane counts as two."""
    rules = [issue.rule for issue in issues_of({f"{REPORTER}.firstName": text})]

    assert is_refused == ("too-long" in rules)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("2026-01-05T08:30:00", "zone-missing"),
        ("2026-01-05 08:30:00Z", "instant-expected"),
        ("2026-01-05T08:30Z", "instant-expected"),
        ("2026-02-30T08:30:00Z", "instant-expected"),
        ("2026-01-05", "instant-expected"),
        (1767601800, "instant-expected"),
        (None, "instant-expected"),
        (datetime(2026, 1, 5, 8, 30), "zone-missing"),  # noqa: DTZ001 -- a naive time is the situation
        (datetime(2025, 3, 30, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")), "instant-in-gap"),
    ],
)
def test_time_that_is_no_instant(value: object, rule: str) -> None:
    """Naive, malformed and non-existing times are refused, each for its own reason; none is guessed."""
    issues = issues_of({f"{SUMMARY}.incidentDateTime": value})

    assert [(rule, f"{SUMMARY}.incidentDateTime")] == found(issues)


@pytest.mark.parametrize("value", [0, 1, "true", "", None, {}])
def test_flag_that_is_no_boolean(value: object) -> None:
    """Only true and false are taken for a flag."""
    issues = issues_of({f"{SUMMARY}.reportAnnotations": {"spam": value}})

    assert [("boolean-expected", f"{SUMMARY}.reportAnnotations.spam")] == found(issues)


@pytest.mark.parametrize(
    ("edits", "path"),
    [
        ({f"{REPORTED}.accountPermanentlyDisabled": [True]}, f"{REPORTED}.accountPermanentlyDisabled"),
        ({"report.reporter": [COMPLETE["report"]["reporter"]]}, "report.reporter"),
        ({f"{SUMMARY}.incidentDateTime": ["2026-01-05T08:30:00Z"]}, f"{SUMMARY}.incidentDateTime"),
    ],
)
def test_array_for_a_single_element(edits: dict[str, Any], path: str) -> None:
    """An array where one value may stand is named as such, not as a wrong type."""
    issues = issues_of(edits)

    assert [("single-occurrence", path)] == found(issues)


def test_attributes_on_the_wrong_element() -> None:
    """Attributes that belong elsewhere are unknown names where they stand."""
    edits = {
        "report.lawEnforcement": {"agencyName": "Sample Agency", "fleaCountry": "DE"},
        f"{REPORTED}.associatedAccount": [{"accountType": "Linked"}, {"type": "Linked", "thirdPartyUser": True}],
        f"{DETAILS}.details": [{"nameValuePair": [{"name": "a", "value": "b", "type": "EXIF"}]}],
    }

    errors = errors_of(read(changed(edits)))

    assert [
        ("unknown-name", "report.lawEnforcement.fleaCountry"),
        ("unknown-name", f"{REPORTED}.associatedAccount[0].accountType"),
        ("unknown-name", f"{REPORTED}.associatedAccount[1].thirdPartyUser"),
        ("unknown-name", f"{DETAILS}.details[0].nameValuePair[0].type"),
        ("required-missing", f"{REPORTED}.associatedAccount[0].type"),
    ] == sorted(errors, key=lambda error: error[0], reverse=True)


@pytest.mark.parametrize("name", ["fileId", "file_id", "reportId", "report_id"])
def test_id_that_the_endpoint_gives(name: str) -> None:
    """Whoever fills in an id of `fileDetails` is told whose it is, and of no element that resembles it."""
    [issue] = issues_of({f"{DETAILS}.{name}": "4711"})

    assert "The endpoint gives it" in issue.message
    assert "Did you mean" not in issue.message


@pytest.mark.parametrize("key", [4711, "k" * 256, ["case-4711"]])
def test_key_that_is_none(key: object) -> None:
    """The caller's own key has rules and a way out of its own, and no schema for a source."""
    [issue] = issues_of({"idempotencyKey": key})

    assert ("idempotencyKey", "form of a submission file") == (issue.path, issue.source)
    assert "leave it out" in issue.message
    assert "additionalInfo" not in issue.message
