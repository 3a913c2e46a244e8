"""From an entry of the outbox to what is sent for it: the signature checked, the documents written.

Nothing of a row is believed that the signature does not cover: the row's own columns must say what the payload says.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from tipline_client.delivery.entry import Entry
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.envelope import TrustedKeys
from tipline_client.envelope.payload import SubmissionPayload, open_sealed
from tipline_client.errors import EnvelopeError, ReportInvalidError
from tipline_client.models import FileDetails, Report
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.encode import encode

__all__ = ["Job", "open_job", "verified_payload"]


@dataclass(frozen=True, slots=True)
class Job:
    """One entry, verified and ready to send.

    Attributes:
        payload: What was signed.
        envelope_sha256: Digest of the signed bytes.
        report_xml: The `report` document.
    """

    payload: SubmissionPayload
    envelope_sha256: str
    report_xml: bytes = field(repr=False)
    _newer: frozenset[tuple[str, str]]

    @property
    def manifest(self) -> tuple[ManifestItem, ...]:
        """The evidence, in order."""
        return self.payload.manifest

    def details_xml(self, item: ManifestItem, *, report_id: int, file_id: str) -> bytes:
        """The `fileDetails` document of one uploaded file.

        Raises:
            EnvelopeError: The signed details cannot be read by this release.
        """
        details: Mapping[str, Any] = {"reportId": report_id, "fileId": file_id, **item.details}
        try:
            return encode(FileDetails.model_validate(details), "fileDetails", newer=self._newer).xml
        except (ValidationError, ReportInvalidError):
            raise EnvelopeError(
                f"evidence[{item.index}]: the signed details do not fit this release's models"
            ) from None


def verified_payload(entry: Entry, *, trusted: TrustedKeys) -> SubmissionPayload:
    """What was signed for an entry, if the signature is good and the row says the same.

    Args:
        entry: The row.
        trusted: Whose signatures are believed.

    Raises:
        EnvelopeError: The bytes are not signed by a trusted key, or the row's columns are not what was signed.
    """
    payload = open_sealed(entry.envelope, trusted=trusted)
    row = {
        "id": (entry.id, payload.entry_id),
        "idempotency key": (entry.idempotency_key, payload.idempotency_key),
        "profile": (entry.profile, payload.profile),
        "environment": (entry.environment, payload.environment),
        "time of knowledge": (entry.known_at, payload.known_at),
        "content digest": (entry.content_digest, payload.content_digest),
    }
    altered = [column for column, (stored, signed) in row.items() if stored != signed]
    if altered:
        verb = "differs" if len(altered) == 1 else "differ"
        raise EnvelopeError(f"the row's {', '.join(altered)} {verb} from what was signed: the row was altered")
    return payload


def open_job(entry: Entry, *, trusted: TrustedKeys, profile: EndpointProfile) -> Job:
    """Verify an entry's envelope and write its documents.

    Args:
        entry: The row.
        trusted: Whose signatures are believed.
        profile: Where it is about to be sent.

    Raises:
        EnvelopeError: The bytes are not signed by a trusted key, are not this entry's, were sealed for another
            endpoint or environment, or the row says that the entry was filed before. Nothing may be sent.
    """
    payload = verified_payload(entry, trusted=trusted)
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
    return Job(payload, hashlib.sha256(entry.envelope).hexdigest(), xml, profile.newer_elements)
