"""The verbs of the asynchronous door that look and change nothing. No logic of their own."""

from tipline_client.client.arguments import entry_id_of, key_of
from tipline_client.client.options import Options
from tipline_client.delivery.entry import Entry
from tipline_client.dispatch.reader import Reader
from tipline_client.home import Home
from tipline_client.outbox import Lane, Outbox
from tipline_client.profiles import EndpointProfile

__all__ = ["AsyncLooking"]


class AsyncLooking:
    """What an `AsyncTiplineClient` can find and open."""

    home: Home
    outbox: Outbox
    profile: EndpointProfile
    _options: Options

    async def entry(self, entry_id: str) -> Entry:
        """The entry with this id.

        Raises:
            EntryNotFoundError: There is none.
        """
        return await self.outbox.get(entry_id_of(entry_id))

    async def find(self, idempotency_key: str) -> Entry | None:
        """The entry that holds this key for this client's profile, if any."""
        return await self.outbox.find(Lane(self.profile.name, self.profile.environment), key_of(idempotency_key))

    async def orphaned(self, *, limit: int = 100, after: str | None = None) -> list[Entry]:
        """Entries of this environment with suspected orphans that have not lapsed; see their `checkpoint.orphans`.

        Such a report may be open at the endpoint, since its submit was not answered. Nobody can finish it.

        Args:
            limit: How many entries at most, in the order of their enqueueing.
            after: The last id of the page before.

        Raises:
            EntryNotFoundError: No entry has the id `after`.
        """
        now, environment = self._options.clock.now(), self.profile.environment
        return await self.outbox.list_entries(environment=environment, orphaned_at=now, limit=limit, after=after)

    def reader(self) -> Reader:
        """What opens entries and verifies them; see `Home.reader`.

        Raises:
            ConfigurationError: The keys of this home cannot be read.
        """
        return self.home.reader(master_keys=self._options.master_keys)
