"""Says to the outbox, again and again, that a dispatcher serves its lane, and to the log what was held for it.

The outbox decides by that what is a switch to production. Nothing is claimed before it was said.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from tipline_client.delivery.clock import Clock
from tipline_client.outbox.contract import Lane, Outbox

__all__ = ["Presence"]

_log = logging.getLogger("tipline_client.dispatch")

_EVERY: Final = timedelta(minutes=1)


class Presence:
    """The presence of one dispatcher in its lane.

    Args:
        outbox: Where it is said.
        lane: Which lane.
        clock: Says when it is time again.
    """

    def __init__(self, outbox: Outbox, lane: Lane, *, clock: Clock) -> None:
        self._outbox = outbox
        self._lane = lane
        self._clock = clock
        self._said_at: datetime | None = None

    async def show(self) -> None:
        """Say it, unless it was said a moment ago.

        Raises:
            OutboxUnavailableError: It could not be said.
        """
        now = self._clock.now()
        # A clock that was set back must not keep it from being said.
        if self._said_at is not None and timedelta(0) <= now - self._said_at < _EVERY:
            return
        held = await self._outbox.serve(self._lane)
        self._said_at = now
        if held:
            _log.warning(
                "%d entries were queued before the switch to production: they are held until `tipline release`", held
            )
