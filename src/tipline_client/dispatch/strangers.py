"""Entries whose signer this host does not know: left alone, further and further apart, and said once.

A key may be missing here, as after a rotation on another host, or the row may be somebody's who has no business in the
outbox. This host cannot tell, so it neither files the entry nor ends it: a host that knows the key does.
"""

import logging
from datetime import timedelta
from random import Random
from typing import Final

from tipline_client.delivery.retry import RetryPolicy
from tipline_client.errors import UnknownSignerError

__all__ = ["Strangers"]

_log = logging.getLogger("tipline_client.dispatch")

_MOST: Final = 10_000
_HEAD_START: Final = 4
"""Setbacks that the first wait counts for: long enough for others to come first, short enough to cost them little."""


class Strangers:
    """What one dispatcher remembers of them; the row itself is not believed, so nothing is counted in it."""

    def __init__(self) -> None:
        self._met: dict[str, int] = {}
        self._said: set[str] = set()

    def wait_for(self, entry_id: str, error: UnknownSignerError, *, policy: RetryPolicy, random: Random) -> timedelta:
        """How long to leave the entry alone, now that it was met once more."""
        if str(error) not in self._said:
            self._said = {*self._said, str(error)} if len(self._said) < _MOST else {str(error)}
            _log.error("entry %s, and perhaps others: left to other hosts, since it is %s", entry_id, error)
        met = self._met.pop(entry_id, 0) + 1
        # The one that was met last is forgotten last.
        self._met[entry_id] = met
        if len(self._met) > _MOST:
            del self._met[next(iter(self._met))]
        return policy.long_delay(_HEAD_START + met, random=random)
