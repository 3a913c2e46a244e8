"""Whatever is handed in is answered with issues: nothing is raised."""

import json
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.validation.samples import (
    COMPLETE,
    DETAILS,
    NOW,
    REPORTED,
    REPORTER,
    SUMMARY,
    Endpoint,
    changed,
    errors_of,
    found,
    read,
)
from tipline_client.models import Submission
from tipline_client.models.substitution import find_substitutions
from tipline_client.testing.strategies import submissions
from tipline_client.validation import validate

pytestmark = pytest.mark.slow

OUTER_NAMES = ["report", "evidence", "details", "reporter", "reportingPerson", "personOrUserReported", "victim"]
INNER_NAMES = ["incidentSummary", "incidentDateTime", "incidentType", "ipCaptureEvent", "originalFileHash", "hashType"]
OTHER_NAMES = ["reporting_person", "value", "email", "internetDetails", "webPageIncident", "url", "potentialMeme"]
NAMES = st.sampled_from(OUTER_NAMES + INNER_NAMES + OTHER_NAMES)
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

    assert result.submission is not None or errors_of(result)


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

    places = [place for _, place in errors_of(result)]
    assert result.submission is not None or any(place.startswith(path) or path.startswith(place) for place in places)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(submissions(valid=False, newer=True))
def test_any_submission_as_json(submission: Submission) -> None:
    """Read from its JSON form, a submission is the same and has the same issues as when it is typed."""
    result = read(json.dumps(submission.to_json_dict()))

    assert submission == result.submission
    assert validate(submission, Endpoint(), now=NOW) == result.issues


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(submissions(valid=False, newer=True))
def test_any_characters_that_xml_cannot_carry(submission: Submission) -> None:
    """There is one warning for each substitution that the writer will make."""
    expected = sum(1 for _ in find_substitutions(submission))

    issues = validate(submission, Endpoint(), now=NOW)

    assert expected == sum(1 for issue in issues if issue.rule == "character-replaced")


def test_name_that_is_no_text() -> None:
    """Python objects may hold names that are no text; they are unknown names."""
    data: dict[Any, Any] = {**COMPLETE, 5: "mug"}

    result = read(data)

    assert [("unknown-name", "submission")] == found(result.issues)
