"""Does the JSON form keep everything, and is it always the same?"""

import json
from typing import Any

import pytest
from hypothesis import given, settings

from tipline_client.models import FileDetails, Report, Submission
from tipline_client.testing.strategies import file_details, reports, submissions

pytestmark = pytest.mark.slow


def keys_by_python_name(model: Any, value: Any) -> Any:
    """The JSON form with the Python spelling of every name of the outermost element."""
    wires = {field.alias: name for name, field in type(model).model_fields.items()}
    return {wires[key]: held for key, held in value.items()}


@given(report=reports(valid=False, newer=True))
def test_any_report_through_json_form(report: Report) -> None:
    """The report built from its JSON form equals the report."""
    assert report == Report.model_validate(report.to_json_dict())


@given(details=file_details(valid=False))
def test_any_file_details_through_json_form(details: FileDetails) -> None:
    """The file details built from their JSON form equal the file details."""
    assert details == FileDetails.model_validate(details.to_json_dict())


@given(submission=submissions(valid=False, newer=True))
def test_any_submission_through_json_bytes(submission: Submission) -> None:
    """A submission survives being written to bytes and read again, and its bytes are then the same."""
    written = json.dumps(submission.to_json_dict())

    again = Submission.model_validate(json.loads(written))

    assert submission == again
    assert written == json.dumps(again.to_json_dict())


@settings(max_examples=30)
@given(report=reports(valid=True))
def test_report_in_either_spelling(report: Report) -> None:
    """Python's spelling of the names is read like the wire's."""
    form = report.to_json_dict()

    assert report == Report.model_validate(keys_by_python_name(report, form))
