"""Data keys made and opened for entries, through whatever holds the master key."""

from tipline_client.errors import EnvelopeError, KeyUnavailableError
from tipline_client.vault.data_key import DataKey, Kind
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
        return key, await self._wrap(key)

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

    async def rewrap(self, entry_id: str, stored: str, *, envelope: bytes) -> str | None:
        """The stored form of a data key under the master key that is active now; `None` if that is the one already.

        It takes the place of the only form that is known to open, so it is proven at both ends: what was unwrapped
        opens the envelope, and what was wrapped comes back as the same key.

        Args:
            entry_id: Whose.
            stored: What the row holds; empty once the key was erased.
            envelope: The sealed envelope of the same row.

        Raises:
            EnvelopeError: The key was erased, or the row was altered.
            KeyUnavailableError: This host cannot read, or not now; or what was wrapped is not the key.
        """
        if stored and WrappedKey.from_text(stored).master == await self._master.active():
            return None
        key = await self.open_key(entry_id, stored)
        key.open(envelope, kind=Kind.ENVELOPE)
        new = await self._wrap(key)
        if (await self.open_key(entry_id, new)).secret != key.secret:
            raise KeyUnavailableError(f"entry {entry_id}: its data key, wrapped anew, comes back as another one")
        return new

    async def _wrap(self, key: DataKey) -> str:
        wrapped = await self._master.wrap(key.secret, context=_context(key.entry_id))
        text = wrapped.to_text()
        # Whoever wraps may be anybody's code: what a row cannot give back is refused while nothing is sealed with it.
        try:
            is_kept = WrappedKey.from_text(text) == wrapped
        except EnvelopeError:
            is_kept = False
        if not is_kept:
            raise KeyUnavailableError("what wrapped the data key gave a key id or bytes that no row can keep")
        return text


def _context(entry_id: str) -> bytes:
    return entry_id.encode()
