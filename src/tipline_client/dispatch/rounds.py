"""What a dispatcher does for its lane once a minute, also while the lane is paused.

It says to the outbox that the lane is served, and hears what was held for it; the outbox decides by that what is a
switch to production, so nothing is claimed before it was said. And it has the outbox tell whose time to be filed is
nearly over.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from tipline_client.delivery.clock import Clock
from tipline_client.delivery.deadline import Deadline
from tipline_client.outbox.contract import Lane, Outbox

__all__ = ["Rounds"]

_log = logging.getLogger("tipline_client.dispatch")

_EVERY: Final = timedelta(minutes=1)
_AT_ONCE: Final = 100
"""So many warnings are written in one transaction, so that no claim waits long for them."""


class Rounds:
    """The rounds of one dispatcher in its lane.

    Args:
        outbox: Whose lane.
        lane: Which lane.
        clock: Says when it is time again.
        deadline: When a report should be filed; nobody is warned without one.
    """

    def __init__(self, outbox: Outbox, lane: Lane, *, clock: Clock, deadline: Deadline | None = None) -> None:
        self._outbox = outbox
        self._lane = lane
        self._clock = clock
        self._deadline = deadline
        self._made_at: datetime | None = None

    async def make(self) -> None:
        """Make a round, unless one was made a moment ago.

        Raises:
            OutboxUnavailableError: It could not be made.
        """
        now = self._clock.now()
        # A clock that was set back must not keep it from being made.
        if self._made_at is not None and timedelta(0) <= now - self._made_at < _EVERY:
            return
        held = await self._outbox.serve(self._lane)
        if held:
            _log.warning(
                "%d entries were queued before the switch to production: they are held until `tipline release`", held
            )
        if self._deadline is not None:
            await self._tell_deadlines(self._deadline)
        self._made_at = now

    async def _tell_deadlines(self, deadline: Deadline) -> None:
        while told := await self._outbox.tell_deadlines(self._lane, deadline=deadline, limit=_AT_ONCE):
            for entry_id in told:
                _log.warning("entry %s: not filed yet, and the time for it is nearly over", entry_id)
            if len(told) < _AT_ONCE:
                return
