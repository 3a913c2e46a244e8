"""The reporter of the settings, which stands in many submissions: it is read anew in each, and never changed."""

from copy import deepcopy
from typing import Any

import pytest

from tipline_client.cli.submissions import FileRules
from tipline_client.validation.intake import read_submission

SUBMISSION = {
    "report": {
        "incidentSummary": {"incidentType": "Misleading Domain Name", "incidentDateTime": "2026-01-05T08:30:00Z"},
        "internetDetails": [{"webPageIncident": {"url": ["https://www.example.com/"]}}],
    }
}
PERSON = {"firstName": "Zoë", "email": ["safety@example.com"]}


@pytest.mark.parametrize(
    "reporter",
    [
        {"reportingPerson": PERSON, "legalUrl": "https://www.example.com/legal"},
        {"reportingPerson": {**PERSON, "lastName": 5}},
        {"reportingPerson": {"email": [{"value": "safety@example.com", "typ": "Work"}]}},
        {},
    ],
)
def test_fault_of_the_settings_in_every_submission(reporter: dict[str, Any]) -> None:
    """What is wrong with it is refused in the second submission as in the first, and the settings stay as they are."""
    before = deepcopy(reporter)

    results = [read_submission(SUBMISSION, profile=FileRules(), reporter=reporter) for _ in range(2)]

    assert before == reporter
    assert results[0].issues == results[1].issues
    assert [False, False] == [result.is_acceptable for result in results]


def test_reporter_as_a_whole() -> None:
    """A good one stands in every submission."""
    results = [read_submission(SUBMISSION, profile=FileRules(), reporter={"reportingPerson": PERSON}) for _ in range(2)]

    assert [True, True] == [result.is_acceptable for result in results]
