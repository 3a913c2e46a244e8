"""How long is waited, at most and at least, and after how many days of outage the arithmetic still holds."""

from datetime import timedelta
from random import Random

import pytest

from tipline_client.delivery.retry import RetryPolicy

STEADY = RetryPolicy(first=timedelta(seconds=1), factor=2, longest=timedelta(seconds=60), jitter=0, short_repeats=3)


class Always(Random):
    """Chance that always says the same."""

    def __init__(self, value: float) -> None:
        super().__init__(0)
        self._value = value

    def random(self) -> float:
        return self._value


@pytest.mark.parametrize(("repeat", "seconds"), [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (7, 60), (10**9, 60)])
def test_growing_waits(repeat: int, seconds: float) -> None:
    """Each wait is longer by the factor, up to the longest, also after days of repeats."""
    delay = STEADY.delay(repeat, random=Always(0.5))

    assert timedelta(seconds=seconds) == delay


@pytest.mark.parametrize(("setbacks", "seconds"), [(1, 8), (2, 16), (3, 32), (4, 60), (10**6, 60)])
def test_waits_in_the_outbox(setbacks: int, seconds: float) -> None:
    """The first wait in the outbox goes on where the short repeats inside the lease ended."""
    delay = STEADY.long_delay(setbacks, random=Always(0.5))

    assert timedelta(seconds=seconds) == delay


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 10.0), (0.5, 8.75), (1.0, 7.5)])
def test_jitter(chance: float, seconds: float) -> None:
    """Chance shortens a wait by up to its share and never lengthens it beyond the longest."""
    policy = RetryPolicy(first=timedelta(seconds=10), longest=timedelta(seconds=10), jitter=0.25)

    assert timedelta(seconds=seconds) == policy.delay(0, random=Always(chance))
