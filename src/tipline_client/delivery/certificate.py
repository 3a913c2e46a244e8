"""The certificate of a destruction: who destroyed what, when, why, and how the storage was cleaned after it.

A plain value. Its signed form is made and opened by `tipline_client.envelope`. It holds digests and no content, so it
outlives what it speaks of.
"""

from dataclasses import dataclass, field
from datetime import datetime

from tipline_client.delivery.environment import Environment
from tipline_client.delivery.hold import Hold
from tipline_client.delivery.states import State

__all__ = ["CERTIFICATE_VERSION", "ERASED", "Certificate", "DestroyedFile", "Destruction"]

CERTIFICATE_VERSION = 1

ERASED = ("data key", "evidence copies", "envelope", "endpoint replies")
"""What a destruction erases, in this order."""


@dataclass(frozen=True, slots=True)
class DestroyedFile:
    """One evidence file of what was destroyed.

    Attributes:
        index: Its place in the submission.
        size: Bytes.
        md5: Digest of them.
        sha1: Likewise.
        sha256: Likewise.
        is_reference: Whether it was only referred to: its bytes lie where they were handed in from, and were not
            touched. `None` if that could not be read any more, and in certificates of before this was said.
    """

    index: int
    size: int
    md5: str
    sha1: str
    sha256: str
    is_reference: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What the signed record of a destruction says; before its end, what that record is going to say.

    Attributes:
        version: Of this format.
        entry_id: Our id of the entry.
        idempotency_key: The caller's name for the report.
        profile: For which profile it was queued.
        environment: Where it counted.
        content_digest: The keyed digest of the content, as the entry's row has it.
        state: How the entry had ended.
        report_id: The number of the filed report, if it was filed.
        actor: Who destroyed it, in that person's own words.
        reason: Why.
        request: The legal request that allowed it while a hold ran, if one did.
        overridden: The holds that ran and were ended by it.
        envelope_sha256: Digest of the signed submission; `None` if it could not be read any more.
        files: The evidence that belonged to it.
        unread: Why digests are missing; empty when none is.
        begun_at: When the key was erased, by the outbox's clock.
        ended_at: When everything was; `None` while it is under way.
        erased: What was erased, in this order.
        storage: What was done so that the storage keeps no old copy.
        history_link: The link of the newest line of the entry's history then.
        software: What made this certificate.
    """

    version: int
    entry_id: str
    idempotency_key: str
    profile: str
    environment: Environment
    content_digest: str
    state: State
    report_id: int | None
    actor: str
    reason: str
    request: str | None
    overridden: tuple[Hold, ...] = ()
    envelope_sha256: str | None
    files: tuple[DestroyedFile, ...]
    unread: str = ""
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    erased: tuple[str, ...] = ()
    storage: str = ""
    history_link: str = ""
    software: str

    def __repr__(self) -> str:
        return f"Certificate(entry_id={self.entry_id!r}, report_id={self.report_id}, ended_at={self.ended_at})"


@dataclass(frozen=True, slots=True)
class Destruction:
    """How far the destruction of an entry has got.

    Attributes:
        entry_id: Whose.
        begun_at: When the key was erased.
        plan: What the certificate is going to say, sealed.
        overridden: The holds that ran then.
        emptied_at: When the sealed rows were emptied.
        certificate: The signed certificate, sealed; with it the destruction is done.
    """

    entry_id: str
    begun_at: datetime
    plan: bytes = field(repr=False)
    overridden: tuple[Hold, ...] = field(default=(), repr=False)
    emptied_at: datetime | None = None
    certificate: bytes | None = field(default=None, repr=False)

    @property
    def is_done(self) -> bool:
        """Whether nothing of it is left to do."""
        return self.certificate is not None
