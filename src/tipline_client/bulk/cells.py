"""One cell of a table as the value that its place takes. A cell is data: nothing in it is run, cut off or altered."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from tipline_client.models.outline import Kind

__all__ = ["CellError", "DateForm", "value_of", "wrong_form", "zone_of"]

_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})
_DIRECTIVE = re.compile(r"%(.?)", re.DOTALL)
_DIRECTIVES = frozenset("YymbBdjHIpMSfzaA%")
_TOUCHING = re.compile(r"%[YymdjHIMSf]%[YymdjHIMSf]")
_OF_THE_HOST = frozenset({"localtime", "posixrules", "Factory"})
"""Zones that are another one on each host, or none."""


class CellError(ValueError):
    """The cell is not what its column should hold; the message does not quote it."""


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
    used = set(_DIRECTIVE.findall(form.form))
    if "Z" in used:
        return "names of zones such as CET are no offsets; write zone beside it, or %z for offsets in the cells"
    if unknown := sorted(used - _DIRECTIVES):
        return f"%{unknown[0]} is not understood, or differs between hosts"
    if not used & {"Y", "y"} or not ("j" in used or ("d" in used and used & {"m", "b", "B"})):
        return "it lacks the year, the month or the day"
    if kind is Kind.INSTANT and not ("M" in used and ("H" in used or {"I", "p"} <= used)):
        return "it lacks the time of the day, with its minutes and with %p if it has twelve hours"
    if kind is Kind.INSTANT and form.zone is None and "z" not in used:
        return 'a zone is expected; write zone = "Europe/Berlin" beside it, or %z for offsets in the cells'
    return ""


def value_of(cell: str, kind: Kind, form: DateForm | None) -> object:
    """The value of a cell that is not empty.

    Args:
        cell: The cell.
        kind: What its place takes.
        form: How its dates are written; otherwise they are written as in JSON.

    Raises:
        CellError: It is no such value.
    """
    text = cell.strip()
    if kind in (Kind.TRUTH, Kind.FLAG):
        if text.lower() not in _TRUE | _FALSE:
            raise CellError("true, false, yes, no, 1 or 0 is expected")
        return text.lower() in _TRUE
    if kind is Kind.WHOLE:
        if not text.removeprefix("-").isdecimal() or not text.isascii():
            raise CellError("a whole number is expected")
        return int(text) if len(text) < 19 else text
    if kind is Kind.DEGREES:
        try:
            return float(text)
        except ValueError:
            raise CellError("a number with a decimal point is expected") from None
    if form is not None:
        return _moment(text, kind, form)
    return cell


def _moment(text: str, kind: Kind, form: DateForm) -> str:
    try:
        moment = datetime.strptime(text, form.form)  # noqa: DTZ007 - the zone follows
    except ValueError:
        raise CellError(f"a date of the form {form.form} is expected") from None
    if _TOUCHING.search(form.form) and moment.strftime(form.form) != text:
        # Where nothing stands between two numbers, a digit that is missing can be one of either.
        raise CellError(f"a date of the form {form.form} with every digit is expected")
    if kind is Kind.DATE:
        return date(moment.year, moment.month, moment.day).isoformat()
    if moment.tzinfo is None:
        if form.zone is None:
            raise CellError("the date has no zone")
        early, late = moment.replace(tzinfo=form.zone, fold=0), moment.replace(tzinfo=form.zone, fold=1)
        if early.utcoffset() != late.utcoffset():
            raise CellError("the clock showed this time twice or never, since it was set to or from summer time")
        moment = early
    try:
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        raise CellError("the date lies beyond the years 1 to 9999") from None


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
