"""Master keys that this host holds itself: X25519 key pairs, the public half to wrap, the private half to unwrap.

    <id>.public.pem     wraps data keys; on every host that queues
    <id>.private.pem    unwraps them, readable by its owner alone; on hosts that read, deliver or destroy
    active              the id of the key that wraps

The id is the SHA-256 of the raw public key in hexadecimal. Wrapping is HPKE (RFC 9180) in its base mode.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from tipline_client._closed import reason_of, way_in
from tipline_client.errors import ConfigurationError, EnvelopeError, KeyUnavailableError
from tipline_client.vault.key_files import explained, is_there, names_in, place, read
from tipline_client.vault.wrapping import WrappedKey

__all__ = ["LocalMasterKeys", "generate", "keep", "key_id_of", "read_keys", "read_private_pem", "read_public_pem"]


_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_PURPOSE: Final = b"tipline-client data key v1\n"
_ID: Final = re.compile(r"[0-9a-f]{64}")
_NO_KEY: Final = (
    "Bring the one of this outbox with `tipline init --master-key FILE`; `tipline init --rotate-master` makes another, "
    "which reads nothing of what is queued already."
)


class LocalMasterKeys:
    """Keeps the contract of `MasterKeys` with keys in memory. Its repr shows nothing.

    Args:
        public: The public half of the key that wraps, if this host may queue.
        private: By id, the private halves that are here; empty on a host that does not read.
    """

    __slots__ = ("_private", "_public")

    def __init__(self, public: X25519PublicKey | None, private: Mapping[str, X25519PrivateKey]) -> None:
        self._public = public
        self._private = dict(private)

    @property
    def can_unwrap(self) -> bool:
        """Whether a private half is here."""
        return bool(self._private)

    async def active(self) -> str:
        """See `MasterKeys.active`."""
        return key_id_of(self._wrapping())

    async def wrap(self, secret: bytes, *, context: bytes) -> WrappedKey:
        """See `MasterKeys.wrap`."""
        public = self._wrapping()
        return WrappedKey(key_id_of(public), _SUITE.encrypt(secret, public, info=_PURPOSE + context))

    async def unwrap(self, key: WrappedKey, *, context: bytes) -> bytes:
        """See `MasterKeys.unwrap`."""
        private = self._private.get(key.master)
        if private is None:
            raise KeyUnavailableError(
                f"the private half of master key {key.master} is not on this host: what it wrapped cannot be read here"
            )
        try:
            return bytes(_SUITE.decrypt(key.wrapped, private, info=_PURPOSE + context))
        except (InvalidTag, ValueError):
            pass
        raise EnvelopeError("the wrapped data key is not the one that was wrapped for this entry: it was altered")

    def _wrapping(self) -> X25519PublicKey:
        if self._public is None:
            raise ConfigurationError("no master key is here: nothing can be sealed at rest", hint=_NO_KEY)
        return self._public

    def preferring(self, keys: Sequence[X25519PrivateKey | X25519PublicKey]) -> Self:
        """The same with more keys, of which the first wraps; no file is written."""
        public = [key if isinstance(key, X25519PublicKey) else key.public_key() for key in keys]
        private = {key_id_of(key.public_key()): key for key in keys if isinstance(key, X25519PrivateKey)}
        return type(self)(public[0] if public else self._public, {**self._private, **private})

    @property
    def can_wrap(self) -> bool:
        """Whether a master key is active here."""
        return self._public is not None

    def __repr__(self) -> str:
        return "LocalMasterKeys()"

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The keys of a folder.

        Raises:
            ConfigurationError: A file is not the key that its name says, or others can read a private half.
        """
        private: dict[str, X25519PrivateKey] = {}
        for path in (folder / name for name in names_in(folder) if name.endswith(".private.pem")):
            pem = read(path, is_secret=True)
            with explained(path):
                key = read_private_pem(pem)
            _check_name(path, key.public_key(), half="private")
            private[key_id_of(key.public_key())] = key
        active = folder / "active"
        if not is_there(active):
            return cls(None, private)
        key_id = read(active).decode("ascii", "replace").strip()
        path = folder / f"{key_id}.public.pem"
        if not _ID.fullmatch(key_id) or not is_there(path):
            raise ConfigurationError(f"{active} names a master key whose public half is not there", hint=_NO_KEY)
        pem = read(path)
        with explained(path):
            public = read_public_pem(pem)
        _check_name(path, public, half="public")
        return cls(public, private)


def generate(folder: Path) -> str:
    """Make a new master key in a folder and let it wrap from now on; those before it stay, to unwrap.

    Returns:
        Its id.

    Raises:
        ConfigurationError: The folder cannot be written.
    """
    return keep(folder, X25519PrivateKey.generate())


def keep(folder: Path, key: X25519PrivateKey | X25519PublicKey) -> str:
    """Take a master key over, whole or its public half alone, and let it wrap from now on.

    Returns:
        Its id.

    Raises:
        ConfigurationError: The folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason, hint = reason_of(error, folder), way_in(error, folder)
        raise ConfigurationError(f"the folder {folder} cannot be made: {reason}", hint=hint) from None
    public = key if isinstance(key, X25519PublicKey) else key.public_key()
    key_id = key_id_of(public)
    if isinstance(key, X25519PrivateKey):
        # Before it can wrap: whatever it ever wraps can be unwrapped.
        place(folder / f"{key_id}.private.pem", _private_pem(key), mode=0o600)
    place(folder / f"{key_id}.public.pem", _public_pem(public), mode=0o644)
    place(folder / "active", f"{key_id}\n".encode(), mode=0o644, replaces=True)
    return key_id


def key_id_of(key: X25519PublicKey) -> str:
    """The id of a master key: the SHA-256 of its raw public half, 64 hexadecimal digits."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def read_private_pem(pem: bytes) -> X25519PrivateKey:
    """A private half in PEM (PKCS#8, not encrypted).

    Raises:
        ConfigurationError: It is none.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, X25519PrivateKey):
        raise ConfigurationError("no private X25519 key in PEM", hint=_NO_KEY)
    return key


def read_public_pem(pem: bytes) -> X25519PublicKey:
    """A public half in PEM (SubjectPublicKeyInfo).

    Raises:
        ConfigurationError: It is none.
    """
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, X25519PublicKey):
        raise ConfigurationError("no public X25519 key in PEM", hint=_NO_KEY)
    return key


def read_keys(text: bytes) -> tuple[X25519PrivateKey | X25519PublicKey, ...]:
    """Master keys as a setting holds them: one or more PEM documents, or one key in the base64 of its DER.

    Raises:
        ConfigurationError: It is none. The message shows nothing of it.
    """
    if b"-----BEGIN" in text:
        documents = [b"-----BEGIN" + part for part in text.split(b"-----BEGIN")[1:]]
        return tuple(read_private_pem(pem) if b"PRIVATE KEY-----" in pem else read_public_pem(pem) for pem in documents)
    for load in (_private_der, serialization.load_der_public_key):
        try:
            key = load(base64.b64decode(b"".join(text.split()), validate=True))
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
        if isinstance(key, X25519PrivateKey | X25519PublicKey):
            return (key,)
    raise ConfigurationError("no X25519 key in PEM or in the base64 of its DER", hint=_NO_KEY)


def _private_der(der: bytes) -> object:
    return serialization.load_der_private_key(der, password=None)


def _private_pem(key: X25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_pem(key: X25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _check_name(path: Path, public: X25519PublicKey, *, half: str) -> None:
    if path.name != f"{key_id_of(public)}.{half}.pem":
        raise ConfigurationError(f"{path} is not the key that its name says", hint=_NO_KEY)
