"""A document of bounded size, sealed under a key: AES-256-GCM with a random nonce, bound to what the document is.

The layout is one byte of version, twelve of nonce, then the ciphertext with its tag. Nothing here knows where keys come
from.
"""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from tipline_client.vault.broken import SealBrokenError

__all__ = ["KEY_BYTES", "Box", "derive"]

KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


def derive(secret: bytes, *, purpose: bytes) -> bytes:
    """A key for one purpose from a uniformly random secret, so that no key ever serves two."""
    return HKDFExpand(SHA256(), KEY_BYTES, purpose).derive(secret)


class Box:
    """Seals and opens documents under one key. Its repr shows nothing.

    Args:
        key: 32 bytes. With random nonces, at most some 2**32 documents should be sealed under it.
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, document: bytes, *, context: bytes) -> bytes:
        """Seal a document.

        Args:
            document: Any bytes, below 2 GiB.
            context: What the document is and whose; the same must be said to open it.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, document, _VERSION + context)

    def open(self, sealed: bytes, *, context: bytes) -> bytes:
        """The document again.

        Raises:
            SealBrokenError: It is not what was sealed under this key in this context.
        """
        start = len(_VERSION) + _NONCE_BYTES
        if len(sealed) < start + _TAG_BYTES or not sealed.startswith(_VERSION):
            raise SealBrokenError("it is of no form that this release reads")
        try:
            return self._cipher.decrypt(sealed[len(_VERSION) : start], sealed[start:], _VERSION + context)
        except InvalidTag:
            pass
        raise SealBrokenError("it was altered or exchanged, or sealed with another key")

    def __repr__(self) -> str:
        return "Box()"
