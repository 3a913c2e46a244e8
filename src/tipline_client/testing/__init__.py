"""For the tests of those who use this package: what replaces time and the outside world.

It knows nothing of how this package tests itself.
"""

from tipline_client.testing.clock import TurnableClock

__all__ = ["TurnableClock"]
