"""Whatever is handed in is answered with issues: nothing is raised."""

import json
import string
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.validation.samples import (
    DETAILS,
    REPORTED,
    REPORTER,
    SUMMARY,
    changed,
    errors_of,
    read,
)

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
