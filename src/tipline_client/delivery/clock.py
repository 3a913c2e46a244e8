"""Time as an argument: what says now, and what waits."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

import anyio

__all__ = ["Clock", "SystemClock", "is_turned"]


class Clock(Protocol):
    """Says what time it is and waits; tests bring one that they can turn.

    A clock that is turned says so with an attribute `is_turned` which is true. It then stands in for a database's clock
    as well, so that all that a test looks at goes by one. Any other is this host's alone, however wrong it may be.
    """

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...

    async def sleep(self, duration: timedelta) -> None:
        """Return after `duration`."""
        ...


def is_turned(clock: Clock | None) -> bool:
    """Whether a test turns this clock; see `Clock`."""
    return getattr(clock, "is_turned", False) is True


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, duration: timedelta) -> None:
        """Return after `duration`."""
        await anyio.sleep(max(duration.total_seconds(), 0))
