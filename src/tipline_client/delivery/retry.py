"""One retry policy for both clocks: the short waits inside a lease and the long ones in the outbox.

It is data and arithmetic; who sleeps and who stores a time is said elsewhere.
"""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

__all__ = ["RetryPolicy"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with jitter, without an end.

    Attributes:
        first: The first wait.
        factor: How much longer each wait is than the one before.
        longest: No wait is longer.
        jitter: Each wait is shortened by up to this share, so that many waiters do not wake together.
        short_repeats: How many repeats of a step happen inside one lease before the entry goes back to the outbox.
        refusals_before_giving_up: How often a finish is asked again although the endpoint called it invalid.
        mismatches_before_giving_up: How many uploads may come back with a foreign hash before a person must look.
    """

    first: timedelta = timedelta(seconds=0.5)
    factor: float = 2.0
    longest: timedelta = timedelta(minutes=15)
    jitter: float = 0.2
    short_repeats: int = 3
    refusals_before_giving_up: int = 5
    mismatches_before_giving_up: int = 5

    def delay(self, repeat: int, *, random: Random) -> timedelta:
        """How long to wait before repeat number `repeat`, counted from 0."""
        # The exponent is bounded first: after days of outage the power would overflow a float.
        seconds = min(self.first.total_seconds() * self.factor ** min(repeat, 64), self.longest.total_seconds())
        return timedelta(seconds=seconds * (1 - self.jitter * random.random()))

    def long_delay(self, setbacks: int, *, random: Random) -> timedelta:
        """How long an entry waits in the outbox after `setbacks` leases without progress, counted from 1."""
        return self.delay(self.short_repeats + setbacks - 1, random=random)
