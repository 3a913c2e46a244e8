"""What is kept after the filing, under which key and for how long: the contract beside `Outbox`, for each store.

It is reached as `outbox.archive`. Every change is written with its line in the history, in one commit; what it means
that a method returned or raised is said in `contract`. Reasons are kept as notes, and in the history as digests; an
actor is whoever says so, and is recorded as given.

A destruction has four steps, each of which may be repeated: `begin_destruction` erases the data key, then whoever
destroys removes the copies of the evidence, `empty` empties the rows that were sealed with the key, and
`complete_destruction` keeps the certificate. Between the last two `scrub` leaves no old copy in the storage. What has
begun is never taken back.
"""

from datetime import datetime
from typing import Protocol

from tipline_client.delivery.certificate import Destruction
from tipline_client.delivery.hold import Conflict, Hold
from tipline_client.outbox.values import StoredKey

__all__ = ["Archive"]


class Archive(Protocol):
    """Keys, holds and destructions of the entries of an outbox."""

    async def keys_to_rewrap(self, master: str, *, limit: int = 200, after: str | None = None) -> list[StoredKey]:
        """Data keys that another master key than this one wraps, in the order of their entries; a bounded page.

        Raises:
            EntryNotFoundError: No entry has the id `after`.
        """
        ...

    async def rewrap(self, entry_id: str, *, old: str, new: str, master: str) -> bool:
        """Replace the wrapped data key of an entry if it is `old` still; whether it was replaced.

        Args:
            entry_id: Whose.
            old: What was unwrapped.
            new: The same key, wrapped anew.
            master: The id of the master key that wrapped it.
        """
        ...

    async def note_reading(self, entry_id: str, what: str, *, purpose: str, actor: str) -> None:
        """Put on record that somebody is about to read content of an entry: for which purpose, and who says so.

        Args:
            entry_id: Whose.
            what: Which content, in a word: `report`, `replies`, `evidence[0]`.
            purpose: What for; kept among the notes.
            actor: Who.

        Raises:
            EntryNotFoundError: There is none.
            OutboxError: A text cannot be kept.
        """
        ...

    async def holds(
        self, *, entry_id: str | None = None, ends_before: datetime | None = None, limit: int = 100
    ) -> list[Hold]:
        """All holds of an entry; or, of all entries, those that nobody released, by their end.

        Args:
            entry_id: Whose; an entry without holds gives none.
            ends_before: Only those that end before this moment, or have ended.
            limit: How many at most.
        """
        ...

    async def conflicts(self, *, limit: int = 100) -> list[Conflict]:
        """Where a limit ends before a hold of the same part does, neither of them released; the earliest first."""
        ...

    async def extend(self, entry_id: str, *, until: datetime, reason: str, actor: str) -> list[Hold]:
        """Keep the content of an entry until a moment: each hold of it that ends earlier is moved there.

        Where no hold of the content runs, one is opened in the name of the person. A limit is never moved.

        Returns:
            The holds that now end at `until`.

        Raises:
            EntryNotFoundError: There is none.
            IllegalTransitionError: All that run end at that moment or later, so it would shorten them; the moment is
                not to come; or its destruction has begun.
            OutboxError: The moment has no zone, or a text cannot be kept.
        """
        ...

    async def release(self, entry_id: str, *, reason: str, actor: str, hold_id: int | None = None) -> list[Hold]:
        """End the holds of an entry that nobody released, or one of them.

        Returns:
            The holds that this ended.

        Raises:
            EntryNotFoundError: There is no such entry.
            IllegalTransitionError: There is no such hold, or nothing to release.
            OutboxError: A text cannot be kept.
        """
        ...

    async def begin_destruction(
        self, entry_id: str, plan: bytes, *, reason: str, actor: str, request: str | None = None
    ) -> Destruction:
        """Erase the data key of an entry, and put on record that its destruction has begun; in one commit.

        One that has begun already is returned as it stands.

        Args:
            entry_id: Whose.
            plan: What the certificate is going to say, sealed.
            reason: Why.
            actor: Who.
            request: The legal request that allows it although a hold runs.

        Raises:
            EntryNotFoundError: There is none.
            IllegalTransitionError: It is not at its end, or something of it may be open at the endpoint.
            HoldRunningError: A hold runs, or none is on record for a report that is filed; and no request is named.
            UnreadableRowError: Its row was altered.
            OutboxError: A text cannot be kept.
        """
        ...

    async def empty(self, entry_id: str) -> Destruction:
        """Empty the rows that were sealed with an erased data key: the envelope and the endpoint's replies.

        Raises:
            EntryNotFoundError: Its destruction has not begun.
        """
        ...

    async def scrub(self) -> str:
        """Leave no old copy of what was erased in the storage, as far as this store can.

        Returns:
            What was done, for the certificate.

        Raises:
            OutboxUnavailableError: Not now: somebody else keeps the storage busy.
        """
        ...

    async def complete_destruction(self, entry_id: str, certificate: bytes) -> Destruction:
        """Keep the signed certificate, sealed; the first one stays for ever.

        Raises:
            EntryNotFoundError: Its destruction has not begun.
            IllegalTransitionError: Its rows are not emptied yet.
        """
        ...

    async def destruction(self, entry_id: str) -> Destruction | None:
        """How far the destruction of an entry has got; `None` if it has not begun."""
        ...

    async def unfinished(self, *, limit: int = 100) -> list[str]:
        """Ids of entries whose destruction has begun and is not complete, the earliest first."""
        ...
