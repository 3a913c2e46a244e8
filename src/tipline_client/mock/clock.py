"""What time is it at the mock endpoint?

A clock that runs with the real one until a test turns it. It knows nothing of reports.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

__all__ = ["MockClock"]

_YEARS = (1900, 9000)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MockClock:
    """A clock with an adjustable offset.

    Args:
        source: Gives the underlying aware time. With the default the clock keeps running after it was turned; with a
            function that always returns the same instant it stands still.
    """

    def __init__(self, source: Callable[[], datetime] = _utc_now) -> None:
        self._source = source
        self._offset = timedelta()
        self._lock = threading.Lock()

    @property
    def offset(self) -> timedelta:
        """How far the clock was turned away from its source."""
        return self._offset

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return (self._source() + self._offset).astimezone(UTC)

    def set(self, instant: datetime) -> None:
        """Turn the clock to `instant`.

        Raises:
            ValueError: The instant has no zone.
            OverflowError: The year is not between 1900 and 9000, so that nothing reckoned from it leaves the calendar.
        """
        if instant.tzinfo is None:
            raise ValueError("the instant needs a time zone")
        with self._lock:
            self._turn(instant - self._source())

    def advance(self, step: timedelta) -> None:
        """Turn the clock by `step`; a negative step turns it back.

        Raises:
            OverflowError: As for `set`.
        """
        with self._lock:
            self._turn(self._offset + step)

    def reset(self) -> None:
        """Show the source's own time again."""
        with self._lock:
            self._offset = timedelta()

    def _turn(self, offset: timedelta) -> None:
        year = (self._source() + offset).astimezone(UTC).year
        if not _YEARS[0] <= year <= _YEARS[1]:
            raise OverflowError("the clock shows the years 1900 to 9000")
        self._offset = offset
