"""Reading a submission: strict JSON, every refusal in our words, and all of them at once."""

import json
import string
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    found,
    issues_of,
)
from tipline_client.errors import ReportInvalidError, Severity
from tipline_client.models import Report, Reporter
from tipline_client.validation import ReadResult, raise_on_errors, read_submission, validate_report


def read(data: Any, **options: Any) -> ReadResult:
    return read_submission(data, profile=Endpoint(), now=NOW, **options)


def errors_of(result: ReadResult) -> list[tuple[str, str]]:
    return [(issue.rule, issue.path) for issue in result.issues if issue.severity is Severity.ERROR]


# JSON


def test_json_text() -> None:
    """Text and bytes are read alike."""
    text = json.dumps(COMPLETE)

    results = [read(text), read(text.encode()), read(COMPLETE)]

    assert all(result.is_acceptable for result in results)
    assert results[0] == results[1] == results[2]


def test_byte_order_mark() -> None:
    """A byte-order mark at the beginning is passed over."""
    result = read(b"\xef\xbb\xbf" + json.dumps(COMPLETE).encode())

    assert result.is_acceptable


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (b"", "json-syntax"),
        (b'{"report": {', "json-syntax"),
        (b"{} {}", "json-syntax"),
        (b"{'report': 1}", "json-syntax"),
        (json.dumps(COMPLETE).encode("utf-16"), "json-not-utf8"),
        ("[" * 100_000, "input-too-deep"),
        ("[]", "object-expected"),
        ("null", "object-expected"),
        ('"report"', "object-expected"),
    ],
)
def test_input_that_is_no_submission(data: bytes | str, rule: str) -> None:
    """One issue says why nothing could be read."""
    result = read(data)

    assert result.submission is None
    assert [(rule, "submission")] == found(result.issues)


def test_input_larger_than_the_caller_allows() -> None:
    """The size is counted in bytes of UTF-8, for text as for bytes."""
    text = json.dumps({"idempotencyKey": "Ä" * 60}, ensure_ascii=False)

    results = [read(text, max_bytes=100), read(text.encode(), max_bytes=100)]

    assert [errors_of(result) for result in results] == [[("input-too-large", "submission")]] * 2


def test_syntax_error_without_content() -> None:
    """The message names line and column and nothing of the text."""
    (issue,) = read('{"report":\n  "sample_user" oops}').issues

    assert "line 2, column 17" in issue.message
    assert "sample_user" not in issue.message


def test_name_given_twice_in_json() -> None:
    """Each repeated name is an issue at its own path; no one of its values is believed."""
    text = json.dumps(COMPLETE).replace('"screenName":', '"screenName": "sample_other", "screenName":')

    result = read(text)

    assert [("name-given-twice", f"{REPORTED}.screenName")] == found(result.issues)
    assert result.submission is None


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "9223372036854775808", "9" * 5000])
def test_number_that_nobody_can_hold(number: str) -> None:
    """Numbers that are not finite or need more than 64 bits are named by their place."""
    text = json.dumps(COMPLETE).replace("51000", number)

    result = read(text)

    assert ("number-unusable", f"{REPORTED}.ipCaptureEvent[0].port") in errors_of(result)


def test_nesting_deeper_than_any_submission() -> None:
    """Input that nests without end is refused at the place where it becomes absurd, even as Python objects."""
    endless: dict[str, Any] = {}
    endless["report"] = endless

    result = read(endless)

    assert "input-too-deep" in {issue.rule for issue in result.issues}


# Names


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

    assert found(issues) == [("unknown-name", REPORTER)]
    assert "user1001" not in str(issues)


def test_misspelt_name_of_something_required() -> None:
    """Only the spelling is reported; that the right name is missing follows from it."""
    edits = {"report.reporter": GONE, "report.reportr": COMPLETE["report"]["reporter"]}

    issues = issues_of(edits)

    assert found(issues) == [("unknown-name", "report.reportr")]


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


# Values


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


# All of them


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

    assert found(issues) == [
        ("required-missing", "report.incidentSummary"),
        ("url-not-absolute", "report.reporter.legalURL"),
    ]


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


# Reports by themselves


def test_typed_report() -> None:
    """A typed report is checked like a submission without evidence."""
    report = Report.model_validate(COMPLETE["report"])

    issues = validate_report(report, Endpoint(), now=NOW)

    assert found(issues) == [("evidence-missing", "evidence")]


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


# Anything at all

NAMES = st.sampled_from(
    ["report", "evidence", "details", "incidentSummary", "incidentDateTime", "incidentType", "reporter", "value"]
    + ["reportingPerson", "reporting_person", "email", "personOrUserReported", "ipCaptureEvent", "originalFileHash"]
    + ["internetDetails", "webPageIncident", "url", "hashType", "fileAnnotations", "potentialMeme", "victim"],
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2026-01-05T08:30:00Z", "Child Sex Tourism", "\ud800", "A1"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(string.printable, max_size=5), inner, max_size=5)
    ),
    max_leaves=30,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES, ANYTHING, max_size=4), ANYTHING)
def test_anything_at_all(data: dict[str, Any], report: Any) -> None:
    """Whatever is handed in, the answer is a list of issues: nothing is raised, and a refusal has an error."""
    result = read({**data, "report": report})

    assert (result.submission is None) <= any(issue.severity is Severity.ERROR for issue in result.issues)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60) | ANYTHING.map(json.dumps))
def test_any_bytes_or_text(data: bytes | str) -> None:
    """Whatever the bytes are, the answer is a list of issues."""
    result = read(data)

    assert result.submission is None
    assert result.issues


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_one_value_of_a_good_submission_replaced(data: st.DataObject) -> None:
    """Damage in one place is found, or harmless; in neither case does it raise or hide the submission's form."""
    paths = [SUMMARY, REPORTER, REPORTED, DETAILS, f"{REPORTED}.ipCaptureEvent[0]", f"{SUMMARY}.incidentDateTime"]
    path = data.draw(st.sampled_from(paths))

    result = read(changed({path: data.draw(ANYTHING)}))

    assert (result.submission is None) == any(issue.path.startswith(path) for issue in result.issues) or result.issues
