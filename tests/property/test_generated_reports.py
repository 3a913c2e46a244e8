"""Do the strategies generate what they promise: every element, and valid reports that validation accepts?"""

import pytest
from hypothesis import given, settings

from tipline_client.delivery.environment import Environment
from tipline_client.errors import Severity
from tipline_client.models import FileDetails, Report, Submission, WireModel
from tipline_client.models.outline import outline
from tipline_client.testing.strategies import instances, submissions
from tipline_client.validation import validate


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


@pytest.mark.parametrize("model", sorted(reachable(Report) | reachable(FileDetails), key=str))
def test_every_field_is_generated(model: type[WireModel]) -> None:
    """Among some dozens of instances, every field of the class is given at least once."""
    given_fields: set[str] = set()

    @settings(max_examples=120, database=None, derandomize=True)
    @given(instance=instances(model, valid=False, newer=True))
    def collect(instance: WireModel) -> None:
        given_fields.update(instance.model_fields_set)

    collect()

    assert set(model.model_fields) == given_fields
