"""What a caller hands in: a report with its evidence and the caller's own name for it.

The shape of a submission file. Whether the files exist, and what they contain, is not known here.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from tipline_client.models.base import WireModel
from tipline_client.models.file_details import EvidenceDetails
from tipline_client.models.report import Report
from tipline_client.models.scalars import Instant, Many, Text255, WireText
from tipline_client.models.xml_facts import NotSent

__all__ = ["EvidenceItem", "EvidenceMode", "IdempotencyKey", "Submission"]

EvidenceMode = Literal["copy", "reference"]
"""Whether a file is copied when it is queued, or read again from where it lies when it is sent."""


def _not_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "text that is not blank expected, or leave it out")
    return value


IdempotencyKey = Annotated[Text255, AfterValidator(_not_blank)]
"""The caller's name for "the same report": handing in twice under one key files once."""


class EvidenceItem(WireModel):
    """One file of evidence, with what is known of it."""

    path: Annotated[WireText | None, NotSent()] = None
    """Where the file lies, relative to the submission file."""
    url: Annotated[WireText | None, NotSent()] = None
    """Where the file lies in an object store, instead of `path`."""
    mode: Annotated[EvidenceMode | None, NotSent()] = None
    """Whether it is copied, as by default, or only referred to and read again when it is sent."""
    details: EvidenceDetails = EvidenceDetails()
    """What the hotline is told about it."""


class Submission(WireModel):
    """A report with its evidence, as handed in."""

    idempotency_key: Annotated[IdempotencyKey | None, NotSent()] = None
    """The caller's name for this report."""
    known_at: Annotated[Instant | None, NotSent()] = None
    """When the reporter came to know of it. It is kept and signed, and never sent."""
    report: Report
    """The report."""
    evidence: Many[EvidenceItem] = ()
    """Files that support it."""
