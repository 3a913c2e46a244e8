"""Whose copies a store of evidence holds: each outbox leaves its mark there, and none collects beside another's.

An outbox is known by the id of its first entry, wherever it is and whatever it is called. A place that several share by
mistake, as a host may that was built without the name of the outbox, would else lose what only the other one names.
"""

import logging

from tipline_client.errors import ConfigurationError, TiplineError
from tipline_client.evidence.store import EvidenceStore
from tipline_client.outbox.contract import Outbox

__all__ = ["Marking", "check_marks"]

_log = logging.getLogger("tipline_client.evidence")


class Marking:
    """Leaves the mark of one outbox in one store, once.

    Args:
        outbox: Whose copies go there.
        store: Where they go.
    """

    def __init__(self, outbox: Outbox, store: EvidenceStore) -> None:
        self._outbox = outbox
        self._store = store
        self._is_left = False

    async def leave(self) -> None:
        """Leave it, if there is a first entry by now; no failure, where that cannot be written."""
        if self._is_left:
            return
        try:
            own = await _mark_of(self._outbox)
            if own is not None:
                await self._store.mark(own)
                self._is_left = True
        except TiplineError as error:
            _log.info("the store of evidence has not been marked as this outbox's: %s", error)


async def check_marks(store: EvidenceStore, outbox: Outbox) -> None:
    """Ask that no other outbox has left its mark.

    Raises:
        ConfigurationError: One has.
        OutboxUnavailableError: Outbox or store cannot be looked into.
    """
    own = await _mark_of(outbox)
    if others := [mark for mark in await store.marks() if mark != own]:
        raise ConfigurationError(
            f"another outbox keeps its evidence there too, the one that begins with the entry {others[0]}, and that "
            "may name copies which the one in use does not: nothing is collected",
            hint="See whether the right outbox is named, and the right place of evidence. If that is out of use for "
            f"good, remove its mark, `.outboxes/{others[0]}` in the store.",
        )


async def _mark_of(outbox: Outbox) -> str | None:
    return next((entry.id for entry in await outbox.list_entries(limit=1)), None)
