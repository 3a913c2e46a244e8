"""Sizes as people write them: `256MiB`, `2GiB`, or a number of bytes."""

import re

from tipline_client.errors import ConfigurationError

__all__ = ["read_size", "size_words"]

_FORM = re.compile(r"([0-9]{1,15})\s*(B|KiB|MiB|GiB|TiB)?", re.ASCII)
_UNITS = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}


def read_size(text: str, *, what: str) -> int:
    """Bytes.

    Args:
        text: A whole number with its unit, or of bytes.
        what: What it is the size of, for the message.

    Raises:
        ConfigurationError: It is none.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(
            f"{what} is no size", hint="Write a whole number with its unit, B, KiB, MiB, GiB or TiB, such as 256MiB."
        )
    return int(match[1]) * _UNITS[match[2] or "B"]


def size_words(size: int) -> str:
    """Bytes in the largest unit that leaves a whole number, down to MiB where it is large."""
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size >= 10 * factor or (size >= factor and size % factor == 0):
            return f"{size // factor} {unit}"
    return f"{size} B"
