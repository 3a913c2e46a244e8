"""Entries that this host leaves to others: looked at again further and further apart, and the reason said once.

It may lack a key, as after a rotation on another host, or the evidence, as where its storage is not mounted. That is
the host's failure and no entry's: a host that has what is missing delivers what this one left.
"""

import logging
from datetime import timedelta
from random import Random
from typing import Final

from tipline_client.delivery.retry import RetryPolicy

__all__ = ["Leaving"]

_log = logging.getLogger("tipline_client.dispatch")

_MOST: Final = 10_000
_WAITS: Final = RetryPolicy(first=timedelta(minutes=1))
"""Long enough for others to come first, short enough to cost them little. Whatever the dispatcher's own policy is: this
is no endpoint that may be well again in a moment, and a drain is not to wait for it."""


class Leaving:
    """What one dispatcher remembers of them. It is no setback of the entry's, so nothing is counted in its row."""

    def __init__(self) -> None:
        self._met: dict[str, int] = {}
        self._said: set[str] = set()

    def wait_for(self, entry_id: str, reason: str, *, random: Random) -> timedelta:
        """How long to leave the entry alone, now that it was met once more."""
        if reason not in self._said:
            self._said = {*self._said, reason} if len(self._said) < _MOST else {reason}
            _log.error("entry %s, and perhaps others, left to other hosts: %s", entry_id, reason)
        met = self._met.pop(entry_id, 0) + 1
        # The one that was met last is forgotten last.
        self._met[entry_id] = met
        if len(self._met) > _MOST:
            del self._met[next(iter(self._met))]
        return _WAITS.delay(met - 1, random=random)
