"""The time in which a report is to be filed, and from when on somebody should hear that it is nearly over."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tipline_client.delivery.events import DeadlineNear
from tipline_client.errors import ConfigurationError

__all__ = ["Deadline"]

_SHARE: Final = 4
"""The last quarter of the time is what a warning leaves, unless something else is said."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """How long after the knowledge a report is to be filed. A goal of the reporter, not of the endpoint.

    Args:
        file_within: From the moment at which the clock began; see `Entry.clock_began_at`.
        warn_before: How long before its end the warning is told; a quarter of the time by default.

    Raises:
        ConfigurationError: A duration is not longer than nothing, or the warning would come before the clock begins.
    """

    file_within: timedelta
    warn_before: timedelta | None = None

    def __post_init__(self) -> None:
        """Refuse what could never warn, or would warn of everything."""
        if self.file_within <= timedelta(0):
            raise ConfigurationError("file_within must be longer than nothing", hint="Leave it out for no deadline.")
        if not timedelta(0) < self.notice <= self.file_within:
            raise ConfigurationError(
                "warn_before must be longer than nothing, and not longer than file_within",
                hint="Leave it out for a quarter of the time.",
            )

    @property
    def notice(self) -> timedelta:
        """How long before the end the warning is told."""
        return self.file_within / _SHARE if self.warn_before is None else self.warn_before

    def began_before(self, now: datetime) -> datetime:
        """Of the clocks that began up to this moment, a warning is due."""
        return now - (self.file_within - self.notice)

    def near(self, began_at: datetime) -> DeadlineNear:
        """The warning for an entry whose clock began then."""
        return DeadlineNear(began_at, began_at + self.file_within)
