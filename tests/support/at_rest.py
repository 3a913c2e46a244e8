"""Keys of what is sealed at rest, for tests: fixed data keys, and master keys that cost nothing to make."""

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tipline_client.vault import DataKey, Vault
from tipline_client.vault.local_keys import LocalMasterKeys, key_id_of

__all__ = ["key_of", "new_vault"]


def key_of(entry_id: str) -> DataKey:
    """The data key of an entry: always the same one for the same id, and no other id's."""
    return DataKey(entry_id.encode().ljust(32, b".")[-32:], entry_id=entry_id)


def new_vault(seed: bytes = bytes(range(32)), *, can_open: bool = True) -> Vault:
    """A vault over a master key from a seed; without the private half it can seal alone."""
    private = X25519PrivateKey.from_private_bytes(seed)
    public = private.public_key()
    return Vault(LocalMasterKeys(public, {key_id_of(public): private} if can_open else {}))
