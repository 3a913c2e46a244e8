"""Data keys made and opened for entries, through whatever holds the master key."""

from tipline_client.errors import EnvelopeError, KeyUnavailableError
from tipline_client.vault.data_key import DataKey
from tipline_client.vault.wrapping import MasterKeys, WrappedKey

__all__ = ["Vault"]


class Vault:
    """Makes the data key of each new entry, and opens those of entries on record.

    Args:
        master: What wraps.
    """

    __slots__ = ("_master",)

    def __init__(self, master: MasterKeys) -> None:
        self._master = master

    @property
    def can_open(self) -> bool:
        """Whether this host can read at all."""
        return self._master.can_unwrap

    def check_can_open(self) -> None:
        """Let pass who can read.

        Raises:
            KeyUnavailableError: This host has no private half of a master key.
        """
        if not self.can_open:
            raise KeyUnavailableError("this host has no private half of a master key, so it cannot read what is sealed")

    async def active(self) -> str:
        """The id of the master key that wraps from now on; see `MasterKeys.active`."""
        return await self._master.active()

    async def new_key(self, entry_id: str) -> tuple[DataKey, str]:
        """A data key for a new entry, and the text that is stored in its place.

        Raises:
            ConfigurationError: This host has no master key.
            KeyUnavailableError: It cannot be reached now.
        """
        key = DataKey.generate(entry_id=entry_id)
        return key, (await self._master.wrap(key.secret, context=_context(entry_id))).to_text()

    async def open_key(self, entry_id: str, stored: str) -> DataKey:
        """The data key of an entry.

        Args:
            entry_id: Whose.
            stored: What the row holds; empty once the key was erased.

        Raises:
            EnvelopeError: The key was erased, or the row was altered.
            KeyUnavailableError: This host cannot read, or not now.
        """
        if not stored:
            raise EnvelopeError(
                f"entry {entry_id}: its data key is erased: its content cannot be read by anybody any more",
                hint="If a certificate of its destruction is on record, this is as it should be.",
            )
        key = WrappedKey.from_text(stored)
        return DataKey(await self._master.unwrap(key, context=_context(entry_id)), entry_id=entry_id)

    async def rewrap(self, entry_id: str, stored: str) -> str | None:
        """The stored form of a data key under the master key that is active now; `None` if that is the one already.

        Raises:
            EnvelopeError: The key was erased, or the row was altered.
            KeyUnavailableError: This host cannot read, or not now.
        """
        if stored and WrappedKey.from_text(stored).master == await self._master.active():
            return None
        key = await self.open_key(entry_id, stored)
        return (await self._master.wrap(key.secret, context=_context(entry_id))).to_text()


def _context(entry_id: str) -> bytes:
    return entry_id.encode()
