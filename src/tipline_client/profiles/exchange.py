"""One HTTP call and its reply as plain values: what profiles build and read, and transport carries."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.steps import Step

__all__ = ["Call", "NoReply", "Reply", "StreamedBody"]


@dataclass(frozen=True, slots=True)
class StreamedBody:
    """A body that is produced while it is sent.

    Attributes:
        length: Exactly how many bytes will come.
        chunks: Starts a fresh pass over them. It may raise `EvidenceError` before the last chunk, which leaves the
            request incomplete on purpose.
    """

    length: int
    chunks: Callable[[], AsyncGenerator[bytes, None]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request.

    Attributes:
        step: Which call of the protocol.
        method: `GET` or `POST`.
        path: Below the profile's base URL, with a leading slash.
        content_type: Of the body; `None` without one.
        body: Bytes, or a body that streams.
    """

    step: Step
    method: str
    path: str
    content_type: str | None = None
    body: bytes | StreamedBody = b""

    def __repr__(self) -> str:
        return f"Call({self.step})"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back whole.

    Attributes:
        status: The HTTP status.
        body: The bytes, at most the profile's cap.
        is_oversized: Whether there were more bytes than the cap; the rest was not read.
        request_id: The `Request-ID` header, whatever its case.
        request_sha256: Digest of the body sent, lower-case hex.
    """

    status: int
    body: bytes
    is_oversized: bool = False
    request_id: str | None = None
    request_sha256: str | None = None

    def __repr__(self) -> str:
        return f"Reply(status={self.status}, {len(self.body)} bytes, request_id={self.request_id!r})"


@dataclass(frozen=True, slots=True)
class NoReply:
    """No whole reply came back.

    Attributes:
        kind: `UNSENT` when the request certainly did not reach the endpoint, else `UNANSWERED`.
        reason: Why, as a fixed phrase.
    """

    kind: AnswerKind
    reason: str
