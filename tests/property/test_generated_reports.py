"""Do the strategies generate what they promise: every element, and valid reports that validation accepts?"""

from hypothesis import HealthCheck, given, settings

from tipline_client.delivery.environment import Environment
from tipline_client.errors import Severity
from tipline_client.models import (
    FileDetails,
    IntendedRecipient,
    PersonOrUserReported,
    Report,
    Submission,
    Victim,
    WireModel,
)
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


def test_every_field_is_generated() -> None:
    """Among some hundred instances, every field of every class is said at least once."""
    every = {
        (model.__name__, field) for model in reachable(Report) | reachable(FileDetails) for field in model.model_fields
    }

    said = {
        saying
        for model in (Report, PersonOrUserReported, IntendedRecipient, Victim, FileDetails)
        for saying in said_in(model)
    }

    assert set() == every - said


def said_in(model: type[WireModel]) -> set[tuple[str, str]]:
    """Class and field of everything that some instances say, in them and inside them."""
    said: set[tuple[str, str]] = set()

    def look(value: object) -> None:
        if isinstance(value, WireModel):
            said.update(
                (type(value).__name__, name) for name, held in value if held is not None and held not in ((), False)
            )
            look(tuple(held for _, held in value))
        elif isinstance(value, tuple):
            for held in value:
                look(held)

    @settings(max_examples=100, database=None, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(instance=instances(model, valid=False, newer=True))
    def collect(instance: WireModel) -> None:
        look(instance)

    collect()
    return said
