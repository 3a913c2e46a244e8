"""Data keys wrapped anew with the master key that is active now; neither documents nor files are touched.

It may be stopped anywhere and run again: what is wrapped already is not found any more, and a key that somebody changed
meanwhile stays as it is. So does each that is not proven to be the one that opens its entry.
"""

import logging
from dataclasses import dataclass

import anyio

from tipline_client.errors import EnvelopeError, KeyUnavailableError, OutboxError, UnreadableRowError
from tipline_client.outbox.contract import Outbox
from tipline_client.outbox.values import StoredKey
from tipline_client.vault import Vault

__all__ = ["Rewrapped", "rewrap_all"]

_log = logging.getLogger("tipline_client.dispatch")

_PAGE = 200
_AT_ONCE = 32
"""How many keys are on their way at the same time, so that their commits are shared."""
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What was done.

    Attributes:
        master: The id of the master key that wraps now.
        count: Keys that were wrapped anew.
        refused: How many stay as they were: altered, or whoever holds their master key is not here or errs.
        first_refused: The first of their entries, with the reason.
    """

    master: str
    count: int = 0
    refused: int = 0
    first_refused: tuple[tuple[str, str], ...] = ()


async def rewrap_all(outbox: Outbox, vault: Vault) -> Rewrapped:
    """Wrap every data key of an outbox with the master key that is active.

    Raises:
        ConfigurationError: No master key is active here.
        KeyUnavailableError: This host cannot unwrap at all.
        OutboxUnavailableError: The outbox failed; what was done stays done.
    """
    vault.check_can_open()
    master = await vault.active()
    work = _Rewrapping(outbox, vault, master)
    after: str | None = None
    while page := await outbox.archive.keys_to_rewrap(master, limit=_PAGE, after=after):
        async with anyio.create_task_group() as tasks:
            for stored in page:
                tasks.start_soon(work.rewrap, stored)
        if work.failure is not None:
            raise work.failure
        after = page[-1].entry_id
    _log.info("%d data keys wrapped anew, %d refused", work.count, len(work.refused))
    return Rewrapped(master, work.count, len(work.refused), tuple(work.refused[:_NAMED]))


class _Rewrapping:
    def __init__(self, outbox: Outbox, vault: Vault, master: str) -> None:
        self._outbox = outbox
        self._vault = vault
        self._master = master
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)
        self.count = 0
        self.refused: list[tuple[str, str]] = []
        self.failure: OutboxError | None = None

    async def rewrap(self, stored: StoredKey) -> None:
        async with self._limiter:
            if self.failure is not None:
                return
            try:
                entry = await self._outbox.get(stored.entry_id)
                if entry.data_key != stored.data_key:
                    return
                new = await self._vault.rewrap(entry.id, entry.data_key, envelope=entry.envelope)
                if new is not None:
                    is_replaced = await self._outbox.archive.rewrap(
                        stored.entry_id, old=stored.data_key, new=new, master=self._master
                    )
                    self.count += is_replaced
            except (EnvelopeError, KeyUnavailableError, UnreadableRowError) as error:
                self.refused.append((stored.entry_id, str(error)))
            except OutboxError as error:
                # Kept, because a task group would wrap it in a group that no caller expects.
                self.failure = error
