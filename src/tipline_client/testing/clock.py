"""What makes a test wait for days in no time: a clock that only the test turns.

It knows nothing of what is timed by it.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import anyio.lowlevel

__all__ = ["TurnableClock"]

_START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def _machine_now() -> datetime:
    return datetime.now(UTC)


class TurnableClock:
    """Is turned by the test, or by somebody who sleeps on it.

    Usable from several threads. Fits wherever a `Clock` is asked for.

    Args:
        start: The first moment it shows, aware; a Monday morning of 2026 unless given.
        runs: Whether it goes on by itself with the machine's clock; it stands still otherwise.
    """

    is_turned: Final = True
    """It stands in for a database's clock too; see `tipline_client.delivery.clock.Clock`."""

    def __init__(self, start: datetime = _START, *, runs: bool = False) -> None:
        self._at = start.astimezone(UTC)
        self._ran_from = _machine_now() if runs else None

    @classmethod
    def running(cls) -> "TurnableClock":
        """One that shows the machine's time and goes on with it, until it is turned."""
        return cls(_machine_now(), runs=True)

    def now(self) -> datetime:
        """The moment the clock shows, aware, in UTC."""
        return self._at if self._ran_from is None else self._at + (_machine_now() - self._ran_from)

    def advance(self, duration: timedelta) -> None:
        """Turn the clock by `duration`; backwards when it is negative, as real clocks sometimes jump."""
        self._at += duration

    def stop(self) -> datetime:
        """Let it stand still from now on, until it is turned; returns the moment that it shows."""
        self._at, self._ran_from = self.now(), None
        return self._at

    async def sleep(self, duration: timedelta) -> None:
        """Turn the clock by `duration` and let other tasks run once; a negative duration counts as none."""
        self._at += max(duration, timedelta(0))
        await anyio.lowlevel.checkpoint()
