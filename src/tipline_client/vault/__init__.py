"""At rest: the keys of submissions, what wraps them, and the bytes and files that are sealed with them.

Nothing here knows what is sealed, or where it is kept.
"""

from tipline_client.vault.boxes import Box
from tipline_client.vault.data_key import DataKey, Kind
from tipline_client.vault.opening import Vault
from tipline_client.vault.stream_format import StreamOpener, StreamSealer, sealed_size
from tipline_client.vault.wrapping import MasterKeys, WrappedKey

__all__ = ["Box", "DataKey", "Kind", "MasterKeys", "StreamOpener", "StreamSealer", "Vault", "WrappedKey", "sealed_size"]
