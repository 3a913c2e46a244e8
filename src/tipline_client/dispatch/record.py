"""What one leased try writes down: every write of it carries the lease, and seals the checkpoint.

It knows the outbox and the lease, and nothing of steps: what to write is `walk`'s to say.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry, Lease
from tipline_client.delivery.hold import HoldTerms
from tipline_client.delivery.outcomes import Attempt
from tipline_client.envelope import CheckpointSeal
from tipline_client.errors import LeaseLostError, OutboxError
from tipline_client.outbox.contract import Outbox

__all__ = ["Record"]

_log = logging.getLogger("tipline_client.dispatch")


class Record:
    """The fenced, sealed writes of one lease.

    Args:
        outbox: Where to.
        lease: Under which lease.
        seal: Seals what is written, and tells whether what was found is believed.

    Attributes:
        saved: The checkpoint as it is on record.
    """

    def __init__(self, outbox: Outbox, lease: Lease, seal: CheckpointSeal) -> None:
        self._outbox = outbox
        self._lease = lease
        self._seal = seal
        self._is_believed = False
        self._is_ending = False
        self._replies: list[bytes] = []
        self.saved = lease.entry.checkpoint

    @property
    def entry(self) -> Entry:
        """The entry as it was claimed."""
        return self._lease.entry

    def believe(self) -> None:
        """Check the seal of the checkpoint that was found; until then it is written back as it stands, unsealed.

        Raises:
            EnvelopeError: It was altered, or is another entry's.
        """
        self._seal.check(self.entry.id, self.entry.checkpoint)
        self._is_believed = True

    async def keep_lease(self, heartbeat: Callable[[float], Awaitable[None]], lease_for: timedelta) -> LeaseLostError:
        """Renew the lease at each third of its time, until it is lost; never returns while it is held or ended by us.

        Args:
            heartbeat: Waits so many seconds.
            lease_for: How long the lease lasts from each renewal.
        """
        while True:
            await heartbeat(lease_for.total_seconds() / 3)
            try:
                self._lease = await self._outbox.renew(self._lease, lease_for=lease_for)
            except LeaseLostError as lost:
                # While our own last write is under way, that write itself says how the lease ended.
                if not self._is_ending:
                    return lost
            except OutboxError:
                # The lease may still be live; if it is not, the next write says so.
                _log.warning("entry %s: the lease could not be renewed this time", self.entry.id)

    def note_reply(self, sealed: bytes) -> None:
        """Keep the sealed record of a reply; it is written with whatever is written next."""
        self._replies.append(sealed)

    async def intend(self, checkpoint: Checkpoint) -> None:
        """Make the intent of the next step durable, with the result of the one before."""
        await self._outbox.record(self._lease, self._sealed(checkpoint), replies=self._replies)
        self._replies = []
        self.saved = checkpoint

    async def release(self, checkpoint: Checkpoint, attempt: Attempt, *, available_in: timedelta) -> None:
        """Give the entry back, to be tried again."""
        self._is_ending = True
        await self._outbox.release(
            self._lease, self._sealed(checkpoint), attempt, available_in=available_in, replies=self._replies
        )

    async def acknowledge(
        self,
        checkpoint: Checkpoint,
        acknowledgement: Acknowledgement,
        attempt: Attempt,
        *,
        alarms: Sequence[Alarm],
        holds: Sequence[HoldTerms],
    ) -> None:
        """It is filed, as the last reply says; see `Outbox.acknowledge`."""
        self._is_ending = True
        *replies, last = self._replies
        await self._outbox.acknowledge(
            self._lease,
            self._sealed(checkpoint),
            acknowledgement,
            attempt,
            reply=last,
            replies=replies,
            alarms=alarms,
            holds=holds,
        )

    async def dead_letter(
        self, checkpoint: Checkpoint, attempt: Attempt, *, reply: bytes = b"", alarms: Sequence[Alarm] = ()
    ) -> None:
        """It is given up, with the attempt's failure as the reason."""
        self._is_ending = True
        await self._outbox.dead_letter(
            self._lease,
            self._sealed(checkpoint),
            attempt,
            reply=reply,
            replies=self._replies,
            alarms=alarms,
        )

    async def mark_retracted(self, checkpoint: Checkpoint, attempt: Attempt, *, holds: Sequence[HoldTerms]) -> None:
        """It is withdrawn, and proven not filed by this program; the holds are of what a person filed."""
        self._is_ending = True
        await self._outbox.mark_retracted(
            self._lease, self._sealed(checkpoint), attempt, replies=self._replies, holds=holds
        )

    def _sealed(self, checkpoint: Checkpoint) -> Checkpoint:
        # What was not believed is never sealed: a seal on it would make the alteration look like our own work.
        if not self._is_believed:
            return self.entry.checkpoint
        return self._seal.apply(self.entry.id, checkpoint)
