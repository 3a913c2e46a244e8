"""One reply of the endpoint as it came, with what it answered: what a receipt's digests are taken from.

The bytes are content of evidential value. They are kept sealed, never logged, and shown to nobody by themselves.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from tipline_client.delivery.jsonable import from_json, to_json
from tipline_client.delivery.steps import Step
from tipline_client.errors import EnvelopeError

__all__ = ["RawReply"]


@dataclass(frozen=True, slots=True)
class RawReply:
    """A reply, and the call that it answered.

    Attributes:
        step: Which call.
        sent_at: When it was sent; with step and index it names the exchange.
        index: Which evidence file, for upload and fileinfo.
        http_status: The status of the reply.
        request_sha256: Digest of the request's body, lower-case hex; `None` when it was not sent to its end.
        body: The reply's body, as far as it was read.
    """

    step: Step
    sent_at: datetime
    index: int | None = None
    http_status: int | None = None
    request_sha256: str | None = None
    body: bytes = field(default=b"", repr=False)

    @property
    def sha256(self) -> str:
        """Digest of the reply's body, lower-case hex."""
        return hashlib.sha256(self.body).hexdigest()

    def to_bytes(self) -> bytes:
        """The form that is sealed and kept: one line of JSON, then the body as it is."""
        return to_json(replace(self, body=b"")).encode() + b"\n" + self.body

    @classmethod
    def from_bytes(cls, document: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            EnvelopeError: It is no such record.
        """
        head, _, body = document.partition(b"\n")
        try:
            return replace(from_json(cls, head), body=body)
        except ValueError as error:
            reason = str(error)
        raise EnvelopeError(f"the record of a reply cannot be read: {reason}")
