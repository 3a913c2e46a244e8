"""Do the strategies generate what they promise: every element, and valid reports that validation accepts?"""

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis.errors import NoSuchExample

from tipline_client.delivery.environment import Environment
from tipline_client.errors import Severity
from tipline_client.models import FileDetails, Report, Submission, WireModel
from tipline_client.models.outline import outline
from tipline_client.testing.strategies import instances, submissions
from tipline_client.validation import validate

pytestmark = pytest.mark.slow


class Rules:
    """An endpoint in production that has every newer element."""

    environment = Environment.PRODUCTION
    newer_elements = frozenset(
        {
            ("reportAnnotations", "informational"),
            ("reportAnnotations", "potentialAggravatingFactors"),
            ("reportAnnotations", "instrumentalUse"),
            ("person", "ageAssertionDiscrepancy"),
            ("associatedAccount", "ageAssertionDiscrepancy"),
        }
    )


@given(submission=submissions(valid=True, newer=True))
def test_valid_submission_under_validation(submission: Submission) -> None:
    """A submission generated as valid has no error, though it may have warnings."""
    issues = validate(submission, Rules())

    assert [] == [issue for issue in issues if issue.severity is Severity.ERROR]


def reachable(model: type[WireModel]) -> set[type[WireModel]]:
    """A class and every class inside it."""
    inner = {field.model for field in outline(model) if field.model is not None}
    return {model}.union(*(reachable(one) for one in inner))


def fields_given(value: object) -> set[tuple[str, str]]:
    """Class and name of every field that was given in a value and inside it."""
    if isinstance(value, tuple):
        return {pair for held in value for pair in fields_given(held)}
    if not isinstance(value, WireModel):
        return set()
    own = {(type(value).__name__, name) for name in value.model_fields_set}
    return own.union(*(fields_given(held) for _, held in value))


def can_be_given(model: type[WireModel], name: str) -> bool:
    """Whether some instance of the class is given the field; looks until one is."""
    patient = settings(max_examples=2000, database=None, phases=[Phase.generate], deadline=None)
    try:
        find(instances(model, valid=False, newer=True), lambda one: name in one.model_fields_set, settings=patient)
    except NoSuchExample:
        return False
    return True


def test_every_field_is_generated() -> None:
    """Every field of every class is given in some instance: soon in the reports, or at last in its own class."""
    classes = reachable(Report) | reachable(FileDetails)
    every = {(model, name) for model in classes for name in model.model_fields}
    found: set[tuple[str, str]] = set()

    @settings(max_examples=80, database=None)
    @given(report=instances(Report, valid=False, newer=True), details=instances(FileDetails, valid=False))
    def collect(report: Report, details: FileDetails) -> None:
        found.update(fields_given(report), fields_given(details))

    collect()
    never = {(model, name) for model, name in every if (model.__name__, name) not in found}

    assert {pair for pair in never if not can_be_given(*pair)} == set()
