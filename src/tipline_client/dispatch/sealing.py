"""From a checked submission and the sums of its files to one signed, sealed entry, and to the key that its content has.

Pure but for signature and seal. Nothing here reads a file or asks the outbox.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tipline_client._version import __version__
from tipline_client.delivery.entry import NewEntry
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.dispatch.reader import content_tag
from tipline_client.envelope import RecordKeys, SigningKey
from tipline_client.envelope.payload import SubmissionPayload, content_digest, seal
from tipline_client.evidence import Digests, Evidence, safe_name
from tipline_client.evidence.store import StoredEvidence
from tipline_client.models import Report, Submission, Substitution, find_substitutions
from tipline_client.profiles import EndpointProfile
from tipline_client.vault import DataKey, Kind

__all__ = ["derive_key", "manifest_item", "sealed_entry"]

_NOT_COPIED = "not-copied"
"""The place of a file that was only digested."""


def derive_key(report: Report, evidence: Sequence[ManifestItem], *, records: RecordKeys) -> str:
    """An idempotency key from the content: the same report with the same files gives the same key, in one outbox.

    Who reports is left out: a reporter that a setting fills in may change, and what was filed under the old one must
    not be filed again.
    """
    return _derived(report.to_json_dict(), evidence, records)


def _derived(report: Mapping[str, Any], evidence: Sequence[ManifestItem], records: RecordKeys) -> str:
    case = {name: value for name, value in report.items() if name != "reporter"}
    return f"content:{content_tag(records, content_digest(case, evidence))}"


def manifest_item(
    item: Evidence, index: int, sums: Digests | StoredEvidence, *, locator: str = _NOT_COPIED
) -> ManifestItem:
    """What is known of one file; without a locator it can be compared, and must not be sealed."""
    return ManifestItem(
        index=index,
        name=safe_name(item.name),
        size=sums.size,
        md5=sums.md5,
        sha1=sums.sha1,
        sha256=sums.sha256,
        locator=locator,
        details=item.details.to_json_dict(),
        reference=sums.reference if isinstance(sums, StoredEvidence) else None,
    )


def sealed_entry(
    submission: Submission,
    manifest: Sequence[ManifestItem],
    *,
    signer: SigningKey,
    records: RecordKeys,
    key: DataKey,
    wrapped_key: str,
    profile: EndpointProfile,
    now: datetime,
) -> NewEntry:
    """The signed and sealed entry of a checked submission, with a checkpoint that nobody has sealed yet."""
    report = submission.report.to_json_dict()
    digest = content_digest(report, manifest)
    tag = content_tag(records, digest)
    idempotency_key = submission.idempotency_key or _derived(report, manifest, records)
    payload = SubmissionPayload(
        entry_id=key.entry_id,
        idempotency_key=idempotency_key,
        profile=profile.name,
        environment=profile.environment,
        report=report,
        manifest=tuple(manifest),
        substitutions=_substitutions(submission),
        content_digest=digest,
        sealed_at=now,
        software=f"tipline-client {__version__}",
        known_at=submission.known_at,
    )
    return NewEntry(
        id=key.entry_id,
        profile=profile.name,
        environment=profile.environment,
        idempotency_key=idempotency_key,
        content_digest=tag,
        envelope=key.seal(seal(payload, signer=signer).to_bytes(), kind=Kind.ENVELOPE),
        data_key=wrapped_key,
        known_at=submission.known_at,
        is_escalated=payload.is_escalated,
    )


def _substitutions(submission: Submission) -> tuple[Substitution, ...]:
    """The characters that will be replaced, with paths from the root of the submission."""
    found = [replace(item, path=f"report.{item.path}") for item in find_substitutions(submission.report)]
    for index, item in enumerate(submission.evidence):
        prefix = f"evidence[{index}].details."
        found += [replace(each, path=prefix + each.path) for each in find_substitutions(item.details)]
    return tuple(found)
