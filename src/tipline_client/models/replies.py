"""What the endpoint answers: its two documents, as values.

These are the schema's shapes. How real bytes that stray from them are read, and what an answer means, is decided where
replies are read.
"""

from typing import Annotated

from annotated_types import Ge, Le

from tipline_client.models.base import WireModel
from tipline_client.models.scalars import FileId, Many, ReportId, WholeNumber, WireText

__all__ = ["Files", "ReportDoneResponse", "ReportResponse", "ResponseCode"]

ResponseCode = Annotated[WholeNumber, Ge(-(2**31)), Le(2**31 - 1)]
"""The endpoint's code: 0 is success, anything else is not."""


class ReportResponse(WireModel):
    """The answer to every call but the last, and to every refusal."""

    response_code: ResponseCode
    """0 for success."""
    response_description: WireText
    """Words for people. On a refusal it may quote the report: never for a log."""
    report_id: ReportId | None = None
    """The report that the call was about."""
    file_id: FileId | None = None
    """The file just uploaded."""
    hash: WireText | None = None
    """MD5 of the bytes that the endpoint received, in hexadecimal digits."""


class Files(WireModel):
    """The files that were filed with a report."""

    file_id: Many[FileId] = ()
    """Their ids."""


class ReportDoneResponse(WireModel):
    """The acknowledgement: the report has been filed."""

    response_code: ResponseCode
    """0 for success."""
    report_id: ReportId
    """The report that was filed."""
    files: Files
    """What was filed with it."""
