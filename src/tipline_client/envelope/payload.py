"""What is signed when a submission is queued, and how it is believed again before anything is sent.

The payload binds report, evidence digests, profile, environment and idempotency key together, so that none of them can
be exchanged in the queue. Nothing here knows how a report becomes XML or where evidence lies.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from tipline_client.delivery.environment import Environment
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.strict_json import read_json, read_members, write_json
from tipline_client.envelope import types
from tipline_client.envelope.dsse import MAX_PAYLOAD, Envelope, sign, verify
from tipline_client.envelope.keys import SigningKey, TrustedKeys
from tipline_client.errors import EnvelopeError
from tipline_client.models.substitution import Substitution

__all__ = ["PAYLOAD_VERSION", "SubmissionPayload", "content_digest", "open_sealed", "seal"]

PAYLOAD_VERSION = 1
"""Version of the payload's form; a reader refuses every other."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", re.ASCII)
_KINDS: Mapping[str, type] = {
    "version": int,
    "entryId": str,
    "idempotencyKey": str,
    "profile": str,
    "environment": str,
    "report": dict,
    "manifest": list,
    "substitutions": list,
    "contentDigest": str,
    "sealedAt": str,
    "software": str,
}
_OPTIONAL_KINDS: Mapping[str, type] = {"knownAt": str}
_SUBSTITUTION_KINDS: Mapping[str, type] = {"path": str, "codePoint": int, "count": int}


def content_digest(report: Mapping[str, Any], manifest: Sequence[ManifestItem]) -> str:
    """Equal for the same content: report, and per file its name, digests and details, in order.

    Ids, times of sealing or knowing, and places of storage do not count, so handing in the same report again gives the
    same digest.

    Args:
        report: The report's JSON in the wire's names.
        manifest: Its evidence.

    Returns:
        SHA-256 in lower-case hexadecimal.
    """
    evidence = [
        {
            "name": item.name,
            "size": item.size,
            "md5": item.md5,
            "sha1": item.sha1,
            "sha256": item.sha256,
            "details": item.details,
        }
        for item in manifest
    ]
    return hashlib.sha256(write_json({"report": report, "evidence": evidence})).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionPayload:
    """A submission as it is signed.

    Attributes:
        entry_id: The outbox's id of it.
        idempotency_key: The caller's name for the same report.
        profile: The profile's name.
        environment: Where it may be filed, and nowhere else.
        report: The report's JSON in the wire's names.
        manifest: Its evidence, in order.
        substitutions: Characters that XML cannot carry and that are replaced when it is sent.
        content_digest: See `content_digest`.
        sealed_at: When it was signed, with a zone.
        software: Name and version of what sealed it.
        known_at: When the reporter came to know of it, with a zone, if the caller said so. It is not sent.
        version: The payload's form.

    Raises:
        EnvelopeError: Another version, a time without a zone, a manifest out of order, or a digest that does not fit.
    """

    entry_id: str
    idempotency_key: str = field(repr=False)
    profile: str
    environment: Environment
    report: Mapping[str, Any] = field(repr=False)
    manifest: tuple[ManifestItem, ...] = field(repr=False)
    substitutions: tuple[Substitution, ...] = field(repr=False)
    content_digest: str
    sealed_at: datetime
    software: str
    known_at: datetime | None = None
    version: int = PAYLOAD_VERSION

    def __post_init__(self) -> None:
        if self.version != PAYLOAD_VERSION:
            raise EnvelopeError("payload: version is not one that this release reads")
        empty = [name for name in ("entry_id", "idempotency_key", "profile", "software") if not getattr(self, name)]
        if empty:
            raise EnvelopeError(f"payload: {', '.join(empty)} empty")
        if self.sealed_at.utcoffset() is None:
            raise EnvelopeError("payload: sealed_at has no zone")
        if self.known_at is not None and self.known_at.utcoffset() is None:
            raise EnvelopeError("payload: known_at has no zone")
        if [item.index for item in self.manifest] != list(range(len(self.manifest))):
            raise EnvelopeError("payload: manifest is out of order")
        if self.content_digest != content_digest(self.report, self.manifest):
            raise EnvelopeError("payload: contentDigest does not fit report and manifest")

    @property
    def is_escalated(self) -> bool:
        """Whether the report says why it is urgent, so that it goes before others."""
        summary = self.report.get("incidentSummary")
        return isinstance(summary, Mapping) and summary.get("escalateToHighPriority") is not None

    def to_bytes(self) -> bytes:
        """The payload as JSON; these are the bytes that are signed."""
        return write_json(
            {
                "version": self.version,
                "entryId": self.entry_id,
                "idempotencyKey": self.idempotency_key,
                "profile": self.profile,
                "environment": self.environment.value,
                "report": self.report,
                "manifest": [item.to_json() for item in self.manifest],
                "substitutions": [
                    {"path": item.path, "codePoint": item.code_point, "count": item.count}
                    for item in self.substitutions
                ],
                "contentDigest": self.content_digest,
                "sealedAt": _write_instant(self.sealed_at),
                "software": self.software,
                **({} if self.known_at is None else {"knownAt": _write_instant(self.known_at)}),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a payload whose signature was verified.

        Raises:
            EnvelopeError: Another version, or a member that is missing, unknown or out of its form, by name.
        """
        document = read_json(data, what="payload", limit=MAX_PAYLOAD)
        # First of all: another version may have other members, and that is what the reader should hear.
        if isinstance(document, dict) and document.get("version", PAYLOAD_VERSION) != PAYLOAD_VERSION:
            raise EnvelopeError("payload: version is not one that this release reads")
        members = read_members(document, what="payload", kinds=_KINDS, optional=_OPTIONAL_KINDS)
        if members["environment"] not in {item.value for item in Environment}:
            raise EnvelopeError("payload: environment is unknown")
        return cls(
            entry_id=members["entryId"],
            idempotency_key=members["idempotencyKey"],
            profile=members["profile"],
            environment=Environment(members["environment"]),
            report=members["report"],
            manifest=tuple(ManifestItem.from_json(item, index=at) for at, item in enumerate(members["manifest"])),
            substitutions=tuple(_read_substitution(item, at) for at, item in enumerate(members["substitutions"])),
            content_digest=members["contentDigest"],
            sealed_at=_read_instant(members["sealedAt"], name="sealedAt"),
            software=members["software"],
            known_at=_read_instant(members["knownAt"], name="knownAt") if "knownAt" in members else None,
            version=members["version"],
        )


def seal(payload: SubmissionPayload, *, signer: SigningKey) -> Envelope:
    """Sign a submission.

    Raises:
        EnvelopeError: It is larger than an envelope may be.
    """
    return sign(payload.to_bytes(), payload_type=types.SUBMISSION, signer=signer)


def open_sealed(envelope: bytes, *, trusted: TrustedKeys, threshold: int = 1) -> SubmissionPayload:
    """Read a submission from the queue, only if enough trusted keys signed exactly these bytes.

    Args:
        envelope: What `seal(...).to_bytes()` gave.
        trusted: The keys that are believed.
        threshold: How many different trusted keys must have signed.

    Raises:
        EnvelopeError: Altered, malformed, signed by nobody trusted, another type or version.
    """
    verified = verify(
        Envelope.from_bytes(envelope), trusted=trusted, payload_type=types.SUBMISSION, threshold=threshold
    )
    return SubmissionPayload.from_bytes(verified.payload)


def _read_substitution(value: object, index: int) -> Substitution:
    what = f"substitutions[{index}]"
    members = read_members(value, what=what, kinds=_SUBSTITUTION_KINDS)
    if not 0 <= members["codePoint"] <= 0x10FFFF or members["count"] < 1:
        raise EnvelopeError(f"{what}: codePoint or count out of range")
    return Substitution(members["path"], members["codePoint"], members["count"])


def _write_instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _read_instant(text: str, *, name: str) -> datetime:
    if _INSTANT.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    raise EnvelopeError(f"payload: {name} is not an instant in UTC")
