"""The receipt: what was filed, when, with which evidence, and in the endpoint's own words.

A plain value. Its signed form is made and opened by `tipline_client.envelope`; this one is what a program reads.
"""

from dataclasses import dataclass
from datetime import datetime

from tipline_client.delivery.acknowledgement import FileSet
from tipline_client.delivery.checkpoint import SuspectedOrphan
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.steps import Step

__all__ = ["RECEIPT_VERSION", "Receipt", "ReceiptExchange", "ReceiptFile", "ReplacedCharacter"]

RECEIPT_VERSION = 1


@dataclass(frozen=True, slots=True)
class ReceiptFile:
    """One evidence file as it was filed.

    Attributes:
        index: Its place in the submission.
        file_id: The endpoint's id for it.
        size: Bytes sent.
        md5: Our digest of them.
        sha1: Likewise.
        sha256: Likewise.
        endpoint_md5: The endpoint's digest of what it received; `None` when it gave none.
        is_described: Whether its details were accepted.
    """

    index: int
    file_id: str
    size: int
    md5: str
    sha1: str
    sha256: str
    endpoint_md5: str | None = None
    is_described: bool = False


@dataclass(frozen=True, slots=True)
class ReceiptExchange:
    """One call and what came back.

    Attributes:
        step: Which call.
        sent_at: When.
        index: Which evidence file, for upload and fileinfo.
        answered_at: When the reply was read; `None` without one.
        http_status: Likewise.
        code: The endpoint's code, where a usable one came.
        request_id: The endpoint's `Request-ID`.
        request_sha256: Digest of the request's body; `None` when nothing tells that it was sent to its end.
        reply_sha256: Digest of the reply's body; `None` without a reply.
    """

    step: Step
    sent_at: datetime
    index: int | None = None
    answered_at: datetime | None = None
    http_status: int | None = None
    code: int | None = None
    request_id: str | None = None
    request_sha256: str | None = None
    reply_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ReplacedCharacter:
    """A character that XML cannot carry and that was sent as U+FFFD.

    Attributes:
        path: Where, in wire names.
        code_point: Which, such as 11 for U+000B.
        count: How often at that place.
    """

    path: str
    code_point: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the signed record of a filing says.

    Attributes:
        version: Of this format.
        entry_id: Our id of the entry.
        idempotency_key: The caller's name for the report.
        profile: Which profile delivered it.
        environment: Where it counts.
        report_id: The endpoint's number.
        acknowledged_at: When its answer was read.
        code: 0, or 5102 when the endpoint said that it had been finished before.
        sealed_at: When the submission was signed.
        envelope_sha256: Digest of the signed submission.
        files: What was attached.
        file_set: How the endpoint's list of files compares with ours.
        reported_file_ids: The endpoint's list; `None` when it gave none.
        exchanges: Every call, with times, codes, request ids and digests of what was sent and received.
        orphans: Reports that may have been opened on the way; they lapse unfiled.
        replaced: Characters that could not be sent as they were.
        reply_base64: The endpoint's raw acknowledgement document: the notification of receipt.
        reply_sha256: Its digest.
        software: What made this receipt.
        known_at: When the reporter came to know of it, if that was said when it was queued.
        history_link: The link of the newest line of the entry's history when the receipt was made; it stands for all
            lines before it. `None` in receipts of before there were histories.
    """

    version: int
    entry_id: str
    idempotency_key: str
    profile: str
    environment: Environment
    report_id: int
    acknowledged_at: datetime
    code: int
    sealed_at: datetime
    envelope_sha256: str
    files: tuple[ReceiptFile, ...]
    file_set: FileSet
    reported_file_ids: tuple[str, ...] | None
    exchanges: tuple[ReceiptExchange, ...]
    orphans: tuple[SuspectedOrphan, ...]
    replaced: tuple[ReplacedCharacter, ...]
    reply_base64: str
    reply_sha256: str
    software: str
    known_at: datetime | None = None
    history_link: str | None = None

    @property
    def file_ids(self) -> tuple[str, ...]:
        """The endpoint's ids of the attached files, in the order of the evidence."""
        return tuple(file.file_id for file in self.files)

    def __repr__(self) -> str:
        return f"Receipt(report_id={self.report_id}, entry_id={self.entry_id!r}, environment={self.environment})"
