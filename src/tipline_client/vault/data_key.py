"""The key of one submission: what it seals is readable as long as the key is, and by nobody once it is erased.

It exists in memory alone; what is stored is its wrapped form, see `wrapping`.
"""

import secrets
from enum import StrEnum
from typing import Self

from tipline_client.errors import EnvelopeError
from tipline_client.vault.boxes import KEY_BYTES, Box, derive
from tipline_client.vault.broken import SealBrokenError

__all__ = ["DataKey", "Kind"]

_DOCUMENTS = b"tipline-client documents v1"
_FILES = b"tipline-client files v1"


class Kind(StrEnum):
    """What a sealed document is; one kind never passes for another."""

    ENVELOPE = "envelope"
    REPLY = "reply"


class DataKey:
    """The key of one submission. Its repr shows nothing of it.

    Args:
        secret: 32 random bytes.
        entry_id: Whose key it is; everything sealed with it is bound to this id.

    Attributes:
        entry_id: Whose key it is.

    Raises:
        EnvelopeError: The secret has another length.
    """

    __slots__ = ("_box", "_secret", "entry_id")

    def __init__(self, secret: bytes, *, entry_id: str) -> None:
        if len(secret) != KEY_BYTES:
            raise EnvelopeError(f"entry {entry_id}: its data key does not have {KEY_BYTES} bytes")
        self.entry_id = entry_id
        self._secret = secret
        self._box = Box(derive(secret, purpose=_DOCUMENTS))

    @classmethod
    def generate(cls, *, entry_id: str) -> Self:
        """A new key from the operating system's randomness."""
        return cls(secrets.token_bytes(KEY_BYTES), entry_id=entry_id)

    @property
    def secret(self) -> bytes:
        """The bare key, for wrapping alone."""
        return self._secret

    @property
    def file_key(self) -> bytes:
        """The main key of the submission's evidence files, 32 bytes; each file derives its own from it."""
        return derive(self._secret, purpose=_FILES)

    def seal(self, document: bytes, *, kind: Kind) -> bytes:
        """Seal a document of this submission."""
        return self._box.seal(document, context=self._context(kind))

    def open(self, sealed: bytes, *, kind: Kind) -> bytes:
        """A document of this submission.

        Raises:
            EnvelopeError: It is none, or another submission's, or of another kind, or was altered.
        """
        try:
            return self._box.open(sealed, context=self._context(kind))
        except SealBrokenError as error:
            reason = str(error)
        raise EnvelopeError(f"entry {self.entry_id}: its sealed {kind} does not open: {reason}")

    def _context(self, kind: Kind) -> bytes:
        return f"{kind}\n{self.entry_id}".encode()

    def __repr__(self) -> str:
        return f"DataKey(entry_id={self.entry_id!r})"
