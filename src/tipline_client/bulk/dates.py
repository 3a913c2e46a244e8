"""How a column writes dates, and what moment a cell of it is. Nothing is made up: no century, no zone, no digit."""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from tipline_client.models.outline import Kind

__all__ = ["DateForm", "moment_of", "wrong_form", "zone_of"]

_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_PIECE = re.compile(r"%.|\s+|[^%\s]", re.DOTALL)
_DIRECTIVES = frozenset("YmbBdjHIpMSfzaA%")
_COMPARED = re.compile("%[aAj]")
"""What is read and then made to fit: a day of the week counts for nothing, and day 366 for the next year's first."""
_DIGITS: Final = {"%Y": 4, "%m": 2, "%d": 2, "%j": 3, "%H": 2, "%I": 2, "%M": 2, "%S": 2, "%f": 6}
_ONCE: Final = {
    "the year": "Y",
    "the month": "mbBj",
    "the day": "dj",
    "the hour": "HI",
    "the minute": "M",
    "the second": "S",
    "the fraction": "f",
    "%p": "p",
    "the weekday": "aA",
    "the offset": "z",
}
_OF_THE_HOST = frozenset({"localtime", "posixrules", "Factory"})
"""Zones that are another one on each host, or none."""


@dataclass(frozen=True, slots=True)
class DateForm:
    """How a column writes dates.

    Attributes:
        form: As `strptime` has it.
        zone: Where the clock of the column stands; `None` where the cells have an offset, or dates without a time.
    """

    form: str
    zone: tzinfo | None


def wrong_form(form: DateForm, kind: Kind) -> str:
    """Why dates cannot be read by a form without making something up; empty if they can.

    Args:
        form: How a column writes them.
        kind: What the place takes: an instant or a date.
    """
    given = _DIRECTIVE.findall(form.form)
    return _guessed(given) or _lacking(set(given), form, kind)


def _guessed(given: list[str]) -> str:
    used = set(given)
    if "Z" in used:
        return "names of zones such as CET are no offsets; write zone beside it, or %z for offsets in the cells"
    if "y" in used:
        return "%y has no century, and none is made up; write years of four digits into the column, and %Y here"
    if unknown := sorted(used - _DIRECTIVES):
        return f"%{unknown[0]} is not understood, or differs between hosts"
    if twice := [what for what, letters in _ONCE.items() if sum(letter in letters for letter in given) > 1]:
        return f"it has {twice[0]} twice, and cells where the two differ have no one meaning"
    if "p" in used and "I" not in used:
        return "%p belongs to a clock of twelve hours, which is %I; beside %H it would not count"
    return ""


def _lacking(used: set[str], form: DateForm, kind: Kind) -> str:
    if "Y" not in used or not ("j" in used or ("d" in used and used & {"m", "b", "B"})):
        return "it lacks the year, the month or the day"
    if kind is Kind.INSTANT and not ("M" in used and ("H" in used or {"I", "p"} <= used)):
        return "it lacks the time of the day, with its minutes and with %p if it has twelve hours"
    if kind is Kind.INSTANT and form.zone is None and "z" not in used:
        return 'a zone is expected; write zone = "Europe/Berlin" beside it, or %z for offsets in the cells'
    return ""


def moment_of(text: str, form: str) -> datetime:
    """The moment that a text is, aware if it has an offset.

    Args:
        text: A date.
        form: As `strptime` has it.

    Raises:
        ValueError: It is none of this form, or lacks a digit where two numbers touch; the message does not quote it.
    """
    whole, apart = _touching(form)
    if whole is None:
        return _read(text, form, form)
    pieces = whole.fullmatch(text)
    if pieces is None:
        _read(text, form, form)
        # A digit that is missing can be one of either number.
        wanted = "with every digit where numbers touch, such as 05 and six for %f"
        raise ValueError(f"a date of the form {form}, {wanted}, is expected")
    return _read("".join(f"{piece}{gap}" for piece, (_, gap) in zip(pieces.groups(), apart, strict=True)), form, apart)


def _read(text: str, form: str, apart: str | tuple[tuple[str, str], ...]) -> datetime:
    own = apart if isinstance(apart, str) else "".join(f"{piece}{gap}" for piece, gap in apart)
    try:
        moment = datetime.strptime(text, own)  # noqa: DTZ007 - the zone follows
        found = moment.timetuple()
        written = time.strptime(text, own) if _COMPARED.search(form) else found
    except ValueError:
        raise ValueError(f"a date of the form {form} is expected") from None
    if written.tm_yday != found.tm_yday:
        raise ValueError("the year does not have so many days")
    if written.tm_wday != found.tm_wday:
        raise ValueError("the day of the week is not that of the date")
    return moment


@lru_cache(maxsize=64)
def _touching(form: str) -> tuple[re.Pattern[str] | None, tuple[tuple[str, str], ...]]:
    """What tells numbers apart between which nothing stands, by their digits.

    Returns:
        The text with a group for each piece, where numbers touch; and the pieces of the form, each with the gap that
        must be put behind it.
    """
    pieces = _PIECE.findall(form)
    touches = [_ends_open(left) and _is_number(right) for left, right in pairwise(pieces)]
    if not any(touches):
        return None, ()
    beside = zip([False, *touches], [*touches, False], strict=True)
    whole = "".join(
        f"({_text_of(piece, before, after)})" for piece, (before, after) in zip(pieces, beside, strict=True)
    )
    gaps = [" " if each else "" for each in [*touches, False]]
    return re.compile(whole, re.IGNORECASE), tuple(zip(pieces, gaps, strict=True))


def _is_number(piece: str) -> bool:
    return piece in _DIGITS or piece.isdecimal()


def _ends_open(piece: str) -> bool:
    """Whether a digit behind it may belong to it."""
    return _is_number(piece) or piece == "%z"


def _text_of(piece: str, before: bool, after: bool) -> str:
    if piece in _DIGITS:
        digits = _DIGITS[piece]
        return rf"\d{{{digits}}}" if before or after else rf"[ \d]?\d{{1,{digits}}}"
    if piece == "%z":
        return r"Z|[+-]\d\d:?\d\d" if after else r"Z|[+-][\d:.]+"
    if piece.isspace():
        return r"\s+"
    return r"[^\d]+?" if piece.startswith("%") and piece != "%%" else re.escape(piece[-1])


def zone_of(name: str) -> tzinfo | None:
    """The zone of a name of the IANA list, or of an offset such as +01:00; `None` if it is neither."""
    if name.upper() in {"UTC", "Z"}:
        return UTC
    if len(name) == len("+00:00") and name[0] in "+-" and name[3] == ":" and (name[1:3] + name[4:]).isdecimal():
        hours, minutes = int(name[1:3]), int(name[4:])
        if hours < 15 and minutes < 60:
            offset = timedelta(hours=hours, minutes=minutes)
            return timezone(-offset if name[0] == "-" else offset)
        return None
    try:
        is_own = name in _OF_THE_HOST or name.startswith(("posix/", "right/"))
        return None if is_own else ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return None
