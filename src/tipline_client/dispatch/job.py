"""From an entry that was opened to what is sent for it: is it meant for this endpoint, and its documents written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from tipline_client.delivery.entry import Entry
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.dispatch.reader import OpenedEntry
from tipline_client.envelope import SubmissionPayload
from tipline_client.errors import EnvelopeError, ReportInvalidError
from tipline_client.models import FileDetails, Report
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.encode import encode
from tipline_client.profiles.places import SentDocument

__all__ = ["Job", "job_of"]


@dataclass(frozen=True, slots=True)
class Job:
    """One entry, verified and ready to send.

    Attributes:
        payload: What was signed.
        report: The `report` document.
    """

    payload: SubmissionPayload
    report: SentDocument = field(repr=False)
    _newer: frozenset[tuple[str, str]]

    @property
    def manifest(self) -> tuple[ManifestItem, ...]:
        """The evidence, in order."""
        return self.payload.manifest

    def details(self, item: ManifestItem, *, report_id: int, file_id: str) -> SentDocument:
        """The `fileDetails` document of one uploaded file; written anew it is the same to the byte.

        Raises:
            EnvelopeError: The signed details cannot be read by this release.
        """
        details: Mapping[str, Any] = {"reportId": report_id, "fileId": file_id, **item.details}
        try:
            model = FileDetails.model_validate(details)
            xml = encode(model, "fileDetails", newer=self._newer).xml
        except (ValidationError, ReportInvalidError):
            raise EnvelopeError(
                f"evidence[{item.index}]: the signed details do not fit this release's models"
            ) from None
        return SentDocument(xml, model, f"evidence[{item.index}].details")


def job_of(entry: Entry, opened: OpenedEntry, *, profile: EndpointProfile) -> Job:
    """Write the documents of an entry that was opened and verified.

    Args:
        entry: The row.
        opened: What it holds.
        profile: Where it is about to be sent.

    Raises:
        EnvelopeError: It was sealed for another endpoint or environment, the row says that the entry was filed before,
            or its documents cannot be written for this endpoint. Nothing may be sent.
    """
    payload = opened.payload
    if (payload.profile, payload.environment) != (profile.name, profile.environment):
        raise EnvelopeError(f"sealed for {payload.profile} ({payload.environment}), not for {profile.name}")
    if entry.has_receipt:
        raise EnvelopeError("the outbox holds an acknowledgement of this entry, yet its state says it is not filed")
    try:
        report = Report.model_validate(payload.report)
        xml = encode(report, "report", newer=profile.newer_elements).xml
    except ValidationError:
        raise EnvelopeError("the signed report does not fit this release's models") from None
    except ReportInvalidError:
        raise EnvelopeError(
            "the signed report has elements that this endpoint's schema is no longer known to have",
            hint="Fetch the endpoint's schema again with `tipline schema fetch`, then requeue.",
        ) from None
    return Job(payload, SentDocument(xml, report, "report"), profile.newer_elements)
