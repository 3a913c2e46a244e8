"""What one column of a row may hold, and how a whole row is read when some of it is damaged; alike in every database.

The tables keep to their types, but a hand that alters rows can switch that off. Nothing here knows which tables there
are, or which database they are in.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

__all__ = [
    "EPOCH",
    "FIRST",
    "HORIZON",
    "LAST",
    "NEVER",
    "Columns",
    "Reader",
    "Row",
    "Value",
    "flag",
    "microseconds",
    "moment",
    "number",
    "octets",
    "or_none",
    "read_row",
    "text",
]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

NEVER: Final = 2**63 - 1
"""Stands in `lapses_at` for "no report is open", so that one index orders the claims."""

Value = str | bytes | int | None
"""What a column can hold."""
Row = tuple[Any, ...]
Reader = Callable[[Any], Any]
"""Makes a value of what is stored; a ValueError, TypeError or OverflowError says that it is none."""
Columns = Mapping[str, tuple[Reader, Any]]
"""The columns of a row in order: how each is read, and what stands in for it when it cannot be."""


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 in UTC; exact, which a float of seconds is not."""
    return (instant - EPOCH) // timedelta(microseconds=1)


FIRST: Final = microseconds(datetime.min.replace(tzinfo=UTC))
"""The first moment that a date can say; a column with a number before it holds no time."""
HORIZON: Final = timedelta(days=2)
"""Nothing waits longer, and no lease is longer: a time beyond it was written by a wrong clock, or by hand."""

LAST: Final = microseconds(datetime.max.replace(tzinfo=UTC))
"""The last one."""


def text(stored: object) -> str:
    """Text."""
    if not isinstance(stored, str):
        raise TypeError
    return stored


def octets(stored: object) -> bytes:
    """Bytes, and no class made of them: that is how a store marks what was meant as something else."""
    if type(stored) is not bytes:
        raise TypeError
    return stored


def number(stored: object) -> int:
    """A count, or any other whole number that is never negative."""
    if not isinstance(stored, int):
        raise TypeError
    if stored < 0:
        raise ValueError
    return stored


def flag(stored: object) -> bool:
    """Yes or no."""
    if stored not in (0, 1):
        raise ValueError
    return stored == 1


def moment(stored: object) -> datetime:
    """An instant, in UTC."""
    if not isinstance(stored, int):
        raise TypeError
    return EPOCH + timedelta(microseconds=stored)


def or_none(read: Reader) -> Reader:
    """The same, where nothing may be stored."""
    return lambda stored: None if stored is None else read(stored)


def read_row(row: tuple[Any, ...], columns: Columns) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values of a row by column, and the names of those that could not be read.

    Args:
        row: What is stored, in the order of the columns.
        columns: How to read it.
    """
    values: dict[str, Any] = {}
    damaged = []
    for (name, (read, stand_in)), stored in zip(columns.items(), row, strict=True):
        try:
            values[name] = read(stored)
        except (ValueError, TypeError, OverflowError):
            # What stands in the column is not repeated: it may be anything.
            values[name] = stand_in
            damaged.append(name)
    return values, tuple(damaged)
