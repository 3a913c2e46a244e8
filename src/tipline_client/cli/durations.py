"""Durations as people write them in settings: `24h`, `90min`."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from tipline_client.errors import ConfigurationError

__all__ = ["read_duration"]

_UNITS: Final[Mapping[str, timedelta]] = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_DURATION: Final = re.compile(r"([1-9][0-9]{0,6}) ?(s|min|h|d)")


def read_duration(text: str, *, what: str) -> timedelta:
    """A duration from its text.

    Args:
        text: A whole number and its unit: s, min, h or d.
        what: Which setting, for the message.

    Raises:
        ConfigurationError: It is none.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ConfigurationError(
            f"{what} is no duration", hint="Write a whole number and a unit, s, min, h or d: 24h, for example."
        )
    return int(found[1]) * _UNITS[found[2]]
