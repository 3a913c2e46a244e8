"""The outbox in the hands of one dispatcher of the simulation.

Every method that changes something is a seam: the process may die, stall, be overtaken or cancelled before and after
the effect, and the store may fail before or after it. What was let through is told to the ledger.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.explorer.choices import Choices
from tests.explorer.ledger import Ledger
from tests.explorer.process import ANYWHERE, IN_A_LEASE, WORLDWIDE, Process
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.lane_state import LaneState
from tipline_client.errors import OutboxInDoubtError, OutboxUnavailableError
from tipline_client.outbox import Claimed, Lane, Outbox

__all__ = ["ProcessOutbox"]

_FAILURES = ("unavailable", "unavailable_though_written")
_BEFORE = (*ANYWHERE, "stop", *IN_A_LEASE, *WORLDWIDE, "withdraw")
_AFTER = (*ANYWHERE, "stall", "stall_renewing_first")
_OF_THE_LANE = ("die", "cancel", "stall")


class ProcessOutbox:
    """`inner` as one process sees it. What does not matter here of a call is handed on as it came.

    Attributes:
        process: Which process.
    """

    def __init__(self, inner: Outbox, process: Process, choices: Choices, ledger: Ledger) -> None:
        self.process = process
        self._inner = inner
        self._choices = choices
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        """What is not named below only reads: no seam, but nothing for a process that is gone."""
        method = getattr(self._inner, name)

        async def read(*arguments: Any, **named: Any) -> Any:
            await self.process.gate()
            return await method(*arguments, **named)

        return read

    async def claim(self, lane: Lane, **arguments: Any) -> Claimed:
        """A seam when it grants something."""
        process = self.process
        await process.gate()
        leases = await self._inner.claim(lane, **arguments)
        for lease in leases:
            self._ledger.note_claim(process.name, lease)
            await process.note_effect("claims" + " (take-over)" * lease.was_taken_over, takes_over=lease.was_taken_over)
        if leases:
            if self._choices.pick(f"{process.name} claim", ("unavailable_though_written",)):
                raise OutboxInDoubtError("scripted")
            await process.meet("after claim", (*ANYWHERE, "stop", "stall", *WORLDWIDE, "withdraw"))
        return leases

    async def renew(self, lease: Lease, **named: Any) -> Lease:
        """The heartbeat, a seam of its own."""
        process = self.process
        await process.gate(is_heartbeat=True)
        await process.meet("before renew", ("die", "stall"), is_heartbeat=True)
        failure = self._choices.pick(f"{process.name} renew", _FAILURES)
        if failure == "unavailable" or process.cannot_renew_until > asyncio.get_running_loop().time():
            raise OutboxUnavailableError("scripted")
        renewed = await self._inner.renew(lease, **named)
        self._ledger.note_renewal(process.name, lease, renewed)
        if failure:
            raise OutboxInDoubtError("scripted")
        await process.meet("after renew", ("die", "stall"), is_heartbeat=True)
        return renewed

    async def change_lane(self, lane: Lane, state: LaneState, **named: Any) -> bool:
        """The lane's own record; it needs no lease."""
        process = self.process
        await process.gate()
        await process.meet("before change_lane", _OF_THE_LANE)
        failure = self._choices.pick(f"{process.name} change_lane", _FAILURES)
        if failure == "unavailable":
            raise OutboxUnavailableError("scripted")
        is_changed = await self._inner.change_lane(lane, state, **named)
        await process.note_effect(f"writes the lane: {'changed' if is_changed else 'somebody was quicker'}")
        if failure:
            raise OutboxInDoubtError("scripted")
        await process.meet("after change_lane", _OF_THE_LANE)
        return is_changed

    async def record(self, lease: Lease, checkpoint: Checkpoint, **named: Any) -> None:
        """The result of one step and the intent of the next."""
        step = checkpoint.intent.step if checkpoint.intent else "nothing"
        await self._write(f"record({step})", lease, checkpoint, lambda: self._inner.record(lease, checkpoint, **named))
        self._ledger.intents[asyncio.current_task()] = checkpoint

    async def release(self, lease: Lease, checkpoint: Checkpoint, *arguments: Any, **named: Any) -> None:
        """The entry goes back into the line."""
        await self._end("release", lease, checkpoint, self._inner.release, *arguments, **named)

    async def acknowledge(self, lease: Lease, checkpoint: Checkpoint, *arguments: Any, **named: Any) -> None:
        """The entry is filed."""
        await self._end("acknowledge", lease, checkpoint, self._inner.acknowledge, *arguments, **named)

    async def dead_letter(self, lease: Lease, checkpoint: Checkpoint, *arguments: Any, **named: Any) -> None:
        """The entry is given up."""
        await self._end("dead_letter", lease, checkpoint, self._inner.dead_letter, *arguments, **named)

    async def mark_retracted(self, lease: Lease, checkpoint: Checkpoint, *arguments: Any, **named: Any) -> None:
        """The entry is withdrawn."""
        await self._end("mark_retracted", lease, checkpoint, self._inner.mark_retracted, *arguments, **named)

    async def store_receipt(self, entry_id: str, receipt: bytes) -> bytes:
        """A write that needs no lease: the first receipt stays."""
        process = self.process
        await process.gate()
        await process.meet("before store_receipt", ("die", "cancel"))
        failure = self._choices.pick(f"{process.name} store_receipt", _FAILURES)
        if failure == "unavailable":
            raise OutboxUnavailableError("scripted")
        kept = await self._inner.store_receipt(entry_id, receipt)
        await process.note_effect("writes store_receipt")
        if failure:
            raise OutboxInDoubtError("scripted")
        await process.meet("after store_receipt", ("die", "cancel"))
        return kept

    async def _end(
        self,
        verb: str,
        lease: Lease,
        checkpoint: Checkpoint,
        write: Callable[..., Awaitable[None]],
        *arguments: Any,
        **named: Any,
    ) -> None:
        await self._write(verb, lease, checkpoint, lambda: write(lease, checkpoint, *arguments, **named))

    async def _write(
        self, verb: str, lease: Lease, checkpoint: Checkpoint, write: Callable[[], Awaitable[None]]
    ) -> None:
        process = self.process
        await process.gate()
        await process.meet(f"before {verb}", _BEFORE, in_a_lease=True)
        failure = self._choices.pick(f"{process.name} {verb}", _FAILURES)
        if failure == "unavailable":
            raise OutboxUnavailableError("scripted")
        await write()
        self._ledger.note_write(process.name, verb, lease, checkpoint)
        await process.note_effect(f"writes {verb}")
        if failure:
            raise OutboxInDoubtError("scripted")
        await process.meet(f"after {verb}", _AFTER)
