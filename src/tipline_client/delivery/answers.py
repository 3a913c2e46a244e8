"""What the endpoint's reply to one call means, as plain values.

Reading bytes into an `Answer` belongs to the profile's dialect; what to do about one belongs to dispatch. This module
only names the kinds, so that both speak of the same ones.
"""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Answer", "AnswerKind", "Scope"]


class Scope(StrEnum):
    """Whose failure it is: this entry's, or everybody's at this endpoint."""

    ENTRY = "entry"
    ENDPOINT = "endpoint"


class AnswerKind(StrEnum):
    """What one reply, or the lack of one, says about the call."""

    SUCCESS = "success"
    NOT_STORED = "not_stored"
    """A documented fault which says that nothing was kept of the call."""
    SERVER_ERROR = "server_error"
    """A documented fault which leaves open what was kept."""
    DENIED = "denied"
    """Credentials or permissions: nothing was done, for this entry or any other."""
    NOT_OURS = "not_ours"
    """This account may not update this report."""
    INVALID = "invalid"
    """The document or request breaks a rule; repeating the same bytes cannot help."""
    MALFORMED_FILE = "malformed_file"
    """The upload arrived damaged; nothing was kept."""
    NO_REPORT = "no_report"
    NO_FILE = "no_file"
    RETRACTED = "retracted"
    FINISHED = "finished"
    OUTAGE = "outage"
    """A gateway or server failure without a code of the endpoint: the call may or may not have been done."""
    UNUSABLE = "unusable"
    """A reply that proves nothing: not one of the two documents, contradicting ours, or with an unknown code."""
    UNANSWERED = "unanswered"
    """The request left, or began to leave, and no whole reply came back."""
    UNSENT = "unsent"
    """Certain not to have reached the endpoint."""

    @property
    def scope(self) -> Scope:
        """Whose failure this kind is."""
        return Scope.ENDPOINT if self in _ENDPOINT_KINDS else Scope.ENTRY


_ENDPOINT_KINDS = {AnswerKind.DENIED, AnswerKind.OUTAGE, AnswerKind.UNANSWERED, AnswerKind.UNSENT}


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply as read, or the lack of one.

    Attributes:
        kind: What it says about the call.
        code: The endpoint's `responseCode`, where a usable one came.
        http_status: The HTTP status, where a response came at all.
        report_id: The report id that the endpoint named.
        file_id: The id of an uploaded file.
        file_hash: The endpoint's MD5 of an uploaded file, lower-case.
        file_ids: The files that a finished report holds by the endpoint's account; `None` when it gave no list.
        request_id: The endpoint's `Request-ID`.
        reason: A fixed phrase of ours, free of content, saying why the kind was chosen.
        findings: What of the endpoint's validator is safe to show: position, rule, element names of the schema.
        paths: Where in the submission they are, as far as that is certain, in the wire's names.
        request_sha256: Digest of the body sent, lower-case hex.
        record_tag: A keyed digest of the record that is kept of this reply, once there is one.
        body: The raw reply. Content: kept for the record, never shown or logged.
    """

    kind: AnswerKind
    reason: str
    code: int | None = None
    http_status: int | None = None
    report_id: int | None = None
    file_id: str | None = None
    file_hash: str | None = None
    file_ids: tuple[str, ...] | None = None
    request_id: str | None = None
    findings: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    request_sha256: str | None = None
    record_tag: str | None = None
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Answer({self.kind}, code={self.code}, http_status={self.http_status}, request_id={self.request_id!r})"
