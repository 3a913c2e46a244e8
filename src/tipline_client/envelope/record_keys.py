"""What this installation's secret does for records that outlive the content: it seals them, and keys their digests.

A keyed digest tells whoever has the secret whether two texts are the same, and nobody else which text it is.
"""

import hmac
from enum import StrEnum
from typing import Final

from tipline_client.errors import EnvelopeError
from tipline_client.vault.boxes import Box, derive
from tipline_client.vault.broken import SealBrokenError

__all__ = ["Record", "RecordKeys", "Tagged"]

_RECORDS: Final = b"tipline-client records v1"
_TAGS: Final = b"tipline-client keyed digests v1"


class Record(StrEnum):
    """What is sealed; one kind never passes for another."""

    RECEIPT = "receipt"
    CERTIFICATE = "certificate"
    DESTRUCTION = "destruction"
    """What a certificate is going to say, written down before the content is gone."""


class Tagged(StrEnum):
    """What a keyed digest is of."""

    CONTENT = "content"
    REPLY = "reply"


class RecordKeys:
    """Seals records and keys digests. Its repr shows nothing.

    Args:
        secret: The installation's secret, 32 bytes.
    """

    __slots__ = ("_box", "_tags")

    def __init__(self, secret: bytes) -> None:
        self._box = Box(derive(secret, purpose=_RECORDS))
        self._tags = derive(secret, purpose=_TAGS)

    def seal(self, document: bytes, *, kind: Record, entry_id: str) -> bytes:
        """Seal a record of an entry."""
        return self._box.seal(document, context=_context(kind, entry_id))

    def open(self, sealed: bytes, *, kind: Record, entry_id: str) -> bytes:
        """A record of an entry.

        Raises:
            EnvelopeError: It is none of this entry's, or was altered, or another installation sealed it.
        """
        try:
            return self._box.open(sealed, context=_context(kind, entry_id))
        except SealBrokenError as error:
            reason = str(error)
        raise EnvelopeError(f"entry {entry_id}: its {kind} does not open: {reason}")

    def tag(self, text: bytes, *, of: Tagged) -> str:
        """The keyed digest of a text: 64 hexadecimal digits."""
        return hmac.new(self._tags, f"{of}\n".encode() + text, "sha256").hexdigest()

    def __repr__(self) -> str:
        return "RecordKeys()"


def _context(kind: Record, entry_id: str) -> bytes:
    return f"{kind}\n{entry_id}".encode()
