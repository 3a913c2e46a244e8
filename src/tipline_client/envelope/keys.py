"""Who signed: Ed25519 keys, their ids, and the set of keys that is believed.

A key id is the SHA-256 of the public key's SubjectPublicKeyInfo (DER), in lower-case hexadecimal: anybody can compute
it from the public key alone. Nothing here knows where keys are kept or what is signed with them.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tipline_client.errors import ConfigurationError

__all__ = ["SigningKey", "TrustedKeys", "VerifyingKey"]

_MAKE_ONE = "Use an Ed25519 key in PKCS#8 PEM, such as `openssl genpkey -algorithm ed25519` writes."


class VerifyingKey:
    """A public key: it can tell whether a signature is its owner's.

    Attributes:
        key_id: 64 hexadecimal digits.
    """

    __slots__ = ("_key", "key_id")

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        info = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.key_id = hashlib.sha256(info).hexdigest()

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Read a public key.

        Args:
            pem: SubjectPublicKeyInfo in PEM.

        Raises:
            ConfigurationError: No public key, or none of Ed25519.
        """
        key: Any = None
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            reason = "not a public key in PEM that can be read"
        else:
            reason = "a public key, but not of Ed25519"
        if not isinstance(key, Ed25519PublicKey):
            raise ConfigurationError(reason, hint=_MAKE_ONE)
        return cls(key)

    def to_pem(self) -> bytes:
        """The public key as SubjectPublicKeyInfo in PEM."""
        return self._key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def accepts(self, signature: bytes, *, message: bytes) -> bool:
        """Whether `signature` is this key's over exactly these bytes."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VerifyingKey) and self.key_id == other.key_id

    def __hash__(self) -> int:
        return hash(self.key_id)

    def __repr__(self) -> str:
        return f"VerifyingKey({self.key_id})"


class SigningKey:
    """A private key: it makes signatures. Its repr shows the key id alone.

    Attributes:
        verifying_key: The public half.
    """

    __slots__ = ("_key", "verifying_key")

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifying_key = VerifyingKey(key.public_key())

    @classmethod
    def generate(cls) -> Self:
        """A new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, *, password: bytes | None = None) -> Self:
        """Read a private key.

        Args:
            pem: PKCS#8 in PEM.
            password: What the PEM is encrypted with, if it is.

        Raises:
            ConfigurationError: No private key, none of Ed25519, or the password is missing, wrong or superfluous.
        """
        key: Any = None
        try:
            key = serialization.load_pem_private_key(pem, password)
        except TypeError:
            reason = "the key is encrypted: give its password" if password is None else "the key has no password"
        except (ValueError, UnsupportedAlgorithm):
            reason = "not a private key in PEM that can be read" + (" with this password" if password else "")
        else:
            reason = "a private key, but not of Ed25519"
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigurationError(reason, hint=_MAKE_ONE)
        return cls(key)

    @property
    def key_id(self) -> str:
        """64 hexadecimal digits, the same as the public half's."""
        return self.verifying_key.key_id

    def to_pem(self) -> bytes:
        """The private key as unencrypted PKCS#8 in PEM; whoever has these bytes can sign."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, message: bytes) -> bytes:
        """The signature over exactly these bytes, 64 bytes long."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id})"


class TrustedKeys:
    """The public keys whose signatures are believed.

    Args:
        keys: Those.
        distrusted: The ids of keys that are known and are believed no longer.

    Example:
        >>> key = SigningKey.generate()
        >>> TrustedKeys([key.verifying_key]).find(key.key_id) == key.verifying_key
        True
    """

    __slots__ = ("_distrusted", "_keys")

    def __init__(self, keys: Iterable[VerifyingKey], *, distrusted: Iterable[str] = ()) -> None:
        self._keys = {key.key_id: key for key in keys}
        self._distrusted = frozenset(distrusted)

    def find(self, key_id: str) -> VerifyingKey | None:
        """The trusted key of this id, or `None`."""
        return self._keys.get(key_id)

    def knows(self, key_id: str) -> bool:
        """Whether somebody here has decided about the key of this id: to trust it, or not to."""
        return key_id in self._keys or key_id in self._distrusted

    @property
    def distrusted(self) -> frozenset[str]:
        """The ids of the keys that were trusted once and are believed no longer."""
        return self._distrusted

    def distrusts(self, key_id: str) -> bool:
        """Whether the key of this id was trusted once and is believed no longer."""
        return key_id in self._distrusted

    def __iter__(self) -> Iterator[VerifyingKey]:
        return iter(self._keys.values())

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"TrustedKeys({', '.join(sorted(self._keys))})"
