"""What makes a test wait for days in no time: a clock that only the test turns.

It knows nothing of what is timed by it.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import anyio.lowlevel

__all__ = ["TurnableClock"]

_START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


class TurnableClock:
    """Stands still until it is turned, by the test or by somebody who sleeps on it.

    Usable from several threads. Fits wherever a `Clock` is asked for.

    Args:
        start: The first moment it shows, aware; a Monday morning of 2026 unless given.
    """

    is_turned: Final = True
    """It stands in for a database's clock too; see `tipline_client.delivery.clock.Clock`."""

    def __init__(self, start: datetime = _START) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The moment the clock shows, aware, in UTC."""
        return self._now

    def advance(self, duration: timedelta) -> None:
        """Turn the clock by `duration`; backwards when it is negative, as real clocks sometimes jump."""
        self._now += duration

    async def sleep(self, duration: timedelta) -> None:
        """Turn the clock by `duration` and let other tasks run once; a negative duration counts as none."""
        self._now += max(duration, timedelta(0))
        await anyio.lowlevel.checkpoint()
