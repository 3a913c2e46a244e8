"""Rules of structure that the schema itself makes: one kind of incident, one form of the meme mark, ids in front."""

from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.models.samples import file_form, report_form
from tipline_client.models import Details, EvidenceDetails, FileDetails, InternetDetails, Report, Submission


@pytest.mark.parametrize("kinds", [{}, {"webPageIncident": {}, "emailIncident": {}}])
def test_other_than_one_kind_of_incident(kinds: dict[str, Any]) -> None:
    """None or two kinds in one element are refused, with the way out."""
    with pytest.raises(ValidationError, match="repeat internetDetails") as caught:
        InternetDetails.model_validate(kinds)

    assert caught.value.errors()[0]["type"] == "exactly_one_child"


@pytest.mark.parametrize("kind", sorted(field.alias or "" for field in InternetDetails.model_fields.values()))
def test_each_kind_of_incident_alone(kind: str) -> None:
    """Each kind is accepted alone, even empty."""
    details = InternetDetails.model_validate({kind: {}})

    assert {kind: {}} == details.to_json_dict()


@pytest.mark.parametrize("form", [{}, {"nameValuePair": []}, {"nameValuePair": None}])
def test_metadata_without_a_pair(form: dict[str, Any]) -> None:
    """Metadata with nothing in it is refused."""
    with pytest.raises(ValidationError) as caught:
        Details.model_validate(form)

    assert [error["loc"] for error in caught.value.errors()] == [("nameValuePair",)]


@pytest.mark.parametrize("mark", [True, False])
def test_meme_marked_in_both_forms(mark: bool) -> None:
    """The old and the new form of the meme mark exclude each other."""
    with pytest.raises(ValidationError) as caught:
        EvidenceDetails.model_validate({"potentialMeme": mark, "fileAnnotations": {"viral": True}})

    assert caught.value.errors()[0]["type"] == "meme_marked_twice"


def test_two_ip_events_on_one_file() -> None:
    """A file has one IP event at most."""
    with pytest.raises(ValidationError) as caught:
        EvidenceDetails.model_validate({"ipCaptureEvent": [{"ipAddress": "192.0.2.1"}, {"ipAddress": "192.0.2.2"}]})

    assert [error["loc"] for error in caught.value.errors()] == [("ipCaptureEvent",)]


def test_ids_of_file_details_come_first() -> None:
    """File details are evidence details with two ids in front of them."""
    names = list(FileDetails.model_fields)

    assert ["report_id", "file_id", *EvidenceDetails.model_fields] == names
    assert isinstance(FileDetails.model_validate(file_form()), EvidenceDetails)


def test_submission_from_json_form() -> None:
    """A submission is a report, its evidence, and the caller's name for it."""
    form = {
        "idempotencyKey": "case-4711",
        "report": report_form(),
        "evidence": [{"path": "mug.jpg", "details": {"originalFileName": "mug.jpg"}}, {"path": "mug.jpg"}],
    }

    submission = Submission.model_validate(form)

    assert submission.report == Report.model_validate(report_form())
    assert submission.evidence[1].details == EvidenceDetails()
    assert submission == Submission.model_validate(submission.to_json_dict())
