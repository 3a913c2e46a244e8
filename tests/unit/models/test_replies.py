"""The endpoint's two documents as values."""

import pytest
from pydantic import ValidationError

from tipline_client.models import ReportDoneResponse, ReportResponse


def test_reply_to_an_upload() -> None:
    """All parts of a reply are kept; ids leave as text."""
    form = {
        "responseCode": 0,
        "responseDescription": "Success",
        "reportId": "9007199254740993",
        "fileId": "01234567",
        "hash": "d41d8cd98f00b204e9800998ecf8427e",
    }

    reply = ReportResponse.model_validate(form)

    assert reply.report_id == 9007199254740993
    assert reply.file_id == "01234567"
    assert form == reply.to_json_dict()


def test_reply_without_ids() -> None:
    """A refusal needs a code and a description alone."""
    reply = ReportResponse(response_code=4100, response_description="")

    assert (reply.report_id, reply.file_id, reply.hash) == (None, None, None)


@pytest.mark.parametrize("files", [{}, {"fileId": []}, {"fileId": ["a", "b"]}])
def test_acknowledgement(files: dict[str, list[str]]) -> None:
    """An acknowledgement names the report and any number of files."""
    done = ReportDoneResponse.model_validate({"responseCode": 0, "reportId": 4564654, "files": files})

    assert tuple(files.get("fileId", [])) == done.files.file_id


def test_acknowledgement_without_report_id() -> None:
    """An acknowledgement of nothing is none."""
    with pytest.raises(ValidationError) as caught:
        ReportDoneResponse.model_validate({"responseCode": 0, "files": {}})

    assert [error["loc"] for error in caught.value.errors()] == [("reportId",)]
