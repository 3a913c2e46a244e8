"""What the factories make is valid, and never the same twice."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from tipline_client.delivery.environment import Environment
from tipline_client.errors import Severity
from tipline_client.evidence import Evidence
from tipline_client.evidence.origins import BytesOrigin
from tipline_client.models import Report, Submission
from tipline_client.profiles.encode import encode
from tipline_client.testing import factories
from tipline_client.validation import validate


class Rules:
    """An endpoint of tests."""

    environment = Environment.MOCK
    newer_elements = frozenset[tuple[str, str]]()


@pytest.mark.parametrize("make", [factories.report, factories.user_report])
def test_report_of_a_factory(make: Callable[[], Report]) -> None:
    """It has no error, and the next one differs from it."""
    report, other = make(), make()

    issues = validate(Submission(report=report), Rules())

    assert [] == [issue for issue in issues if issue.severity is Severity.ERROR]
    assert encode(report, "report").xml != encode(other, "report").xml


def test_whole_submission_of_a_factory() -> None:
    """A report about a user, with evidence, lacks nothing that an analyst would miss."""
    evidence = {"path": "mug.bin", "details": factories.evidence().details}

    issues = validate(Submission.model_validate({"report": factories.user_report(), "evidence": [evidence]}), Rules())

    assert [] == list(issues)


def test_report_as_the_test_wants_it() -> None:
    """What is given stands in the place of what is made up."""
    moment = datetime(2026, 2, 3, 4, 5, tzinfo=UTC)

    report = factories.report(
        incident_type="Child Sex Trafficking",
        incident_date_time=moment,
        escalate="It cannot wait",
        summary={"platform": "Example Chat"},
        internet_details=[{"emailIncident": {"emailAddress": ["sample@example.com"]}}],
    )

    summary = report.incident_summary
    assert ("Child Sex Trafficking", moment) == (summary.incident_type, summary.incident_date_time)
    assert "It cannot wait" == summary.escalate_to_high_priority
    assert "Example Chat" == summary.platform
    assert report.internet_details[0].web_page_incident is None


def test_report_about_a_user() -> None:
    """The screen name can be given."""
    reported = factories.user_report(screen_name="sample").person_or_user_reported

    assert "sample" == reported[0].screen_name


def test_field_that_there_is_not() -> None:
    """A misspelt field is refused, as by the models."""
    with pytest.raises(ValidationError):
        factories.report(reporters=None)


def content_of(evidence: Evidence) -> bytes:
    assert isinstance(evidence.origin, BytesOrigin)
    with evidence.origin.open() as file:
        return file.read()


def test_evidence_of_a_factory() -> None:
    """Each file has other bytes, of the size that was asked for, or just those that were given."""
    made = [factories.evidence(), factories.evidence(), factories.evidence(size=1_000), factories.evidence(b"mug")]

    contents = [content_of(one) for one in made]

    assert 4 == len(set(contents))
    assert (1_000, b"mug") == (len(contents[2]), contents[3])
    assert [True] * 4 == [one.details.file_viewed_by_esp for one in made]


def test_claims_about_evidence() -> None:
    """Claims and name are the test's to choose; content and size are not both."""
    one = factories.evidence(name="a.bin", file_viewed_by_esp=False, publicly_available=True)

    assert ("a.bin", False, True) == (one.name, one.details.file_viewed_by_esp, one.details.publicly_available)
    with pytest.raises(TypeError, match="leave out one"):
        factories.evidence(b"mug", size=3)


def test_keys() -> None:
    """No key is given twice."""
    assert 100 == len({factories.key() for _ in range(100)})
