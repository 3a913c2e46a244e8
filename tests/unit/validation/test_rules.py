"""Every rule: what breaks it, what does not, and what its issue says."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.validation.rule_cases import HASHES, IP, LONG, MD5, PERSON, RULE_CASES, TYPE_CASES, Case
from tests.unit.validation.samples import (
    DETAILS,
    GONE,
    NOW,
    REPORTED,
    REPORTER,
    SUMMARY,
    Endpoint,
    changed,
    found,
    issues_of,
)
from tipline_client.delivery.environment import Environment
from tipline_client.errors import Severity
from tipline_client.models import Submission
from tipline_client.validation import read_submission, rules_outside, rules_reference, validate
from tipline_client.validation.catalogue import RULES

TEXT_RULES = {"json-syntax", "json-continued", "json-not-utf8", "input-too-large", "input-too-deep", "number-unusable"}
# Found by tests of their own: the input has no place for them, or no JSON can say them.
ELSEWHERE = TEXT_RULES | {"bare-report", "instant-in-gap", "submissions-in-an-array", "value-unusable"}
ELSEWHERE |= {rule.id for rule in rules_outside.RULES}


def test_complete_submission() -> None:
    """A submission that lacks nothing has no issue, so that each case below shows its own change alone."""
    issues = issues_of({})

    assert () == issues


@pytest.mark.parametrize("case", RULE_CASES + TYPE_CASES, ids=lambda case: case.rule)
def test_rule_broken(case: Case) -> None:
    """The rule is found at its path."""
    issues = issues_of(case.edits, environment=case.environment)

    assert (case.rule, case.path) in found(issues)


@pytest.mark.parametrize("case", RULE_CASES + TYPE_CASES, ids=lambda case: case.rule)
def test_rule_broken_without_showing_content(case: Case) -> None:
    """No message holds a text that was handed in."""
    words_of_the_schema_and_of_json = {"Supplemental Reported", "true"}
    given = {text for text in _texts(case.edits) if len(text.strip()) > 3} - words_of_the_schema_and_of_json

    messages = " ".join(issue.message for issue in issues_of(case.edits, environment=case.environment))

    assert not {text for text in given if text in messages}


def test_every_rule_is_covered() -> None:
    """The tables break every rule of the reference."""
    broken = {case.rule for case in RULE_CASES + TYPE_CASES}

    expected = {rule.id for rule in rules_reference()}

    assert expected == broken | ELSEWHERE


def test_rule_ids() -> None:
    """Identifiers are unique and kebab-case."""
    ids = [rule.id for rule in rules_reference()]

    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule_id) for rule_id in ids)


def test_rule_words() -> None:
    """Every rule says what must hold and where it comes from; every warning says why it matters."""
    without = [rule.id for rule in RULES if not (rule.summary and rule.source and rule.message)]
    silent = [rule.id for rule in RULES if (rule.severity is Severity.WARNING) != bool(rule.why)]

    assert [] == without
    assert [] == silent


HOLDS = {
    "time just before the tolerance ends": (
        "incident-time-in-future",
        {f"{SUMMARY}.incidentDateTime": "2026-01-20T12:05:00Z"},
    ),
    "the only time is three seconds old": (
        "incident-time-is-now",
        {f"{SUMMARY}.incidentDateTime": "2026-01-20T11:59:57Z"},
    ),
    "midnight with a description": (
        "incident-time-at-midnight",
        {
            f"{SUMMARY}.incidentDateTime": "2026-01-05T00:00:00Z",
            f"{SUMMARY}.incidentDateTimeDescription": "Only the date is known.",
        },
    ),
    "midnight elsewhere": (
        "incident-time-at-midnight",
        {f"{SUMMARY}.incidentDateTime": "2026-01-05T00:00:00+01:00"},
    ),
    "escalation with a reason": (
        "escalation-reads-like-no",
        {f"{SUMMARY}.escalateToHighPriority": "No adult is at home."},
    ),
    "chat with a log file": (
        "chat-without-content",
        {"report.internetDetails[0]": {"chatImIncident": {}}, f"{DETAILS}.originalFileName": "Chat.CSV"},
    ),
    "chat with a file that is explained": (
        "chat-without-content",
        {"report.internetDetails[0]": {"chatImIncident": {}}, f"{DETAILS}.additionalInfo": ["The conversation."]},
    ),
    "path of a file with characters that are never sent": ("character-replaced", {"evidence[0].path": "mug\x01.jpg"}),
    "chat with content": ("chat-without-content", {"report.internetDetails[0]": {"chatImIncident": {"content": "hi"}}}),
    "named after a test": ("reporter-looks-like-placeholder", {f"{REPORTER}.lastName": "Testerman"}),
    "state and an empty other state": ("two-states", {f"{PERSON}.address": [{"state": "IL", "nonUsaState": ""}]}),
    "region of another country": (
        "region-not-a-state",
        {f"{REPORTED}.estimatedLocation": {"region": "Bavaria", "countryCode": "DE"}},
    ),
    "age within two years": (
        "age-contradicts-birth-date",
        {f"{PERSON}.age": 17, f"{PERSON}.dateOfBirth": "2010-02-01"},
    ),
    "age within two years, the birthday still to come": (
        "age-contradicts-birth-date",
        {f"{PERSON}.age": 13, f"{PERSON}.dateOfBirth": "2010-01-06"},
    ),
    "age within two years, on the birthday": (
        "age-contradicts-birth-date",
        {f"{PERSON}.age": 18, f"{PERSON}.dateOfBirth": "2010-01-05"},
    ),
    "e-mail that is blank and bare": ("contact-text-blank", {f"{PERSON}.email": [" "]}),
    "account disabled with dates": (
        "account-state-contradiction",
        {f"{REPORTED}.accountPermanentlyDisabled": {"value": True, "disabledDate": "2026-01-05T09:00:00Z"}},
    ),
    "reenabled in the future": (
        "event-time-in-future",
        {f"{REPORTED}.accountTemporarilyDisabled": {"value": True, "reenabledDate": "2027-01-05T09:00:00Z"}},
    ),
    "URL of 3000 characters": (
        "url-not-absolute",
        {"report.internetDetails[0].webPageIncident.url": [f"https://www.example.com/{'m' * 2976}"]},
    ),
    "URL in another script": (
        "url-with-spaces",
        {"report.internetDetails[0].webPageIncident.url": ["https://www.example.com/Ä/чашка?a=1&b=2#c"]},
    ),
    "URL of another scheme": (
        "url-not-absolute",
        {"report.internetDetails[0].webPageIncident.url": ["magnet:?xt=urn:mug"]},
    ),
    "URL into an app": (
        "url-not-absolute",
        {"report.internetDetails[0].webPageIncident.url": ["com.example.chat://room/7"]},
    ),
    "URL of digits alone": (
        "url-not-absolute",
        {"report.internetDetails[0].webPageIncident.url": ["tel:5550100"]},
    ),
    "IPv6 without port": ("ip-without-port", {f"{IP}.ipAddress": "2001:db8::10", f"{IP}.port": GONE}),
    "private address at the mock": ("ip-address-not-public", {f"{IP}.ipAddress": "10.0.0.1"}),
    "IP address of the file alone": (
        "ip-missing",
        {f"{REPORTED}.ipCaptureEvent": GONE, f"{DETAILS}.ipCaptureEvent": {"ipAddress": "192.0.2.10"}},
    ),
    "both viewed": ("exif-viewed-without-file-viewed", {f"{DETAILS}.exifViewedByEsp": True}),
    "supplemental with another mark": (
        "supplemental-potential-meme",
        {f"{DETAILS}.fileRelevance": "Supplemental Reported", f"{DETAILS}.fileAnnotations": {"viral": True}},
    ),
    "digests of two algorithms": (
        "file-hash-conflict",
        {HASHES: [{"value": MD5, "hashType": "MD5"}, {"value": "da39a3ee", "hashType": "PDQ"}]},
    ),
    "digest in capitals": ("file-hash-form", {HASHES: [{"value": MD5.upper(), "hashType": "MD5"}]}),
    "digest repeated in capitals": (
        "file-hash-conflict",
        {HASHES: [{"value": MD5, "hashType": "MD5"}, {"value": MD5.upper(), "hashType": "MD5"}]},
    ),
    "two digests of likeness, of which a file may have several": (
        "file-hash-conflict",
        {HASHES: [{"value": "da39a3ee", "hashType": "PDQ"}, {"value": "5e6b4b0d", "hashType": "PDQ"}]},
    ),
    "text of 3000 characters": ("text-over-3000", {"report.additionalInfo": LONG[:3000]}),
    "all e-mails reported": (
        "reported-person-email-missing",
        {PERSON: GONE, f"{REPORTED}.allEmailsReported": True},
    ),
    "phone number alone": (
        "reported-person-unidentified",
        {PERSON: {"phone": ["555-0100"]}, f"{REPORTED}.espIdentifier": GONE, f"{REPORTED}.screenName": GONE},
    ),
    "flags denied": ("boolean-expected", {f"{SUMMARY}.reportAnnotations": {"sextortion": False}}),
    "files not viewed": ("file-viewed-claim-missing", {f"{DETAILS}.fileViewedByEsp": False}),
}


@pytest.mark.parametrize(("rule", "edits"), HOLDS.values(), ids=HOLDS)
def test_rule_kept(rule: str, edits: Mapping[str, Any]) -> None:
    """What only looks like a breach is not reported as one."""
    rules = {issue.rule for issue in issues_of(edits)}

    assert rule not in rules


def test_newer_element_known_to_the_endpoint() -> None:
    """An element that the endpoint's own schema has is no issue."""
    edits = {f"{SUMMARY}.reportAnnotations": {"informational": True}}

    issues = issues_of(edits, newer=frozenset({("reportAnnotations", "informational")}))

    assert () == issues


@pytest.mark.parametrize(("is_known_to_differ", "found_there"), [(True, 0), (False, 1)])
def test_age_that_is_known_to_differ(is_known_to_differ: bool, found_there: int) -> None:
    """Whoever says that age and date of birth differ is not told so; whoever says that they do not, is."""
    edits = {
        f"{PERSON}.age": 30,
        f"{PERSON}.dateOfBirth": "2010-02-01",
        f"{PERSON}.ageAssertionDiscrepancy": is_known_to_differ,
    }

    issues = issues_of(edits, newer=frozenset({("person", "ageAssertionDiscrepancy")}))

    assert ["age-contradicts-birth-date"] * found_there == [issue.rule for issue in issues]


def test_newer_element_unknown_to_the_endpoint() -> None:
    """The issue names the way to learn the endpoint's schema, and blocks: a fact is never dropped in silence."""
    (issue,) = issues_of({f"{PERSON}.ageAssertionDiscrepancy": False})

    assert (issue.rule, issue.severity) == ("element-newer-than-schema", Severity.ERROR)
    assert "tipline schema fetch" in issue.message


def test_characters_that_xml_cannot_carry() -> None:
    """One warning for each character at each place, with its number and count."""
    edits = {f"{REPORTED}.displayName": ["mug", "a\x00b\x00\ud800", "ok \U0001f375\r\n\u202e"]}

    issues = [issue for issue in issues_of(edits) if issue.rule == "character-replaced"]

    assert [f"{REPORTED}.displayName[1]"] * 2 == [issue.path for issue in issues]
    assert ["U+0000 ", "U+D800 "] == [issue.message[:7] for issue in issues]
    assert "2 time(s)" in issues[0].message


@pytest.mark.parametrize("text", ["A & B <c>", "]]>", "007", "1e5", "true", "\u200fabc", "a\rb\nc", "\U0001f375" * 50])
def test_text_that_looks_like_something_else(text: str) -> None:
    """Text stays text and is sent without a remark."""
    data = changed({f"{REPORTED}.vehicleDescription": text})

    result = read_submission(data, profile=Endpoint(), now=NOW)

    assert result.issues == ()
    assert result.submission is not None
    assert text == result.submission.report.person_or_user_reported[0].vehicle_description


def test_clock_two_minutes_fast_at_the_sender() -> None:
    """The time is neither refused nor changed: it is a warning, and stays as it was given."""
    data = changed({f"{SUMMARY}.incidentDateTime": "2026-01-20T12:02:00Z"})

    result = read_submission(data, profile=Endpoint(), now=NOW)

    assert result.is_acceptable
    assert result.submission is not None
    assert datetime(2026, 1, 20, 12, 2, tzinfo=UTC) == result.submission.report.incident_summary.incident_date_time


def test_tolerance_of_clocks_set_by_the_caller() -> None:
    """Beyond the tolerance given, a future time is an error."""
    submission = Submission.model_validate(changed({f"{SUMMARY}.incidentDateTime": "2026-01-20T12:02:00Z"}))

    issues = validate(submission, Endpoint(), now=NOW, clock_skew=timedelta(minutes=1))

    assert ("incident-time-in-future", f"{SUMMARY}.incidentDateTime") in found(issues)


def test_now_without_zone() -> None:
    """A moment without a zone is refused rather than taken for local time."""
    submission = Submission.model_validate(changed({}))

    with pytest.raises(ValueError, match="zone"):
        validate(submission, Endpoint(), now=NOW.replace(tzinfo=None))


def test_order_of_issues() -> None:
    """Errors come first, then warnings, each in the order of the document."""
    edits: dict[str, Any] = {
        f"{DETAILS}.fileName": "mug.jpg",
        f"{DETAILS}.publiclyAvailable": GONE,
        f"{REPORTER}.email": GONE,
        f"{SUMMARY}.incidentDateTime": "2027-01-01T01:00:00Z",
        "report.additionalInfo": "",
        "report.internetDetails": GONE,
    }

    rules = [issue.rule for issue in issues_of(edits)]

    assert [
        "incident-time-in-future",
        "reporter-email-missing",
        "file-name-undocumented",
        "internet-details-missing",
        "empty-text",
        "publicly-available-claim-missing",
    ] == rules


def test_production_with_complete_submission() -> None:
    """In production the sample's invented addresses are pointed out, and nothing blocks."""
    issues = issues_of({}, environment=Environment.PRODUCTION)

    assert ["reporter-address-is-example", "ip-address-not-public"] == [issue.rule for issue in issues]


def _texts(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, Mapping):
        return {text for item in value.values() for text in _texts(item)}
    if isinstance(value, list):
        return {text for item in value for text in _texts(item)}
    return set()
