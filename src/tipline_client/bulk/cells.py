"""One cell of a table as the value that its place takes. A cell is data: nothing in it is run, cut off or altered."""

from datetime import UTC, date

from tipline_client.bulk.dates import DateForm, moment_of
from tipline_client.models.outline import Kind

__all__ = ["CellError", "value_of"]

_TRUE = frozenset({"true", "yes", "1"})
_FALSE = frozenset({"false", "no", "0"})


class CellError(ValueError):
    """The cell is not what its column should hold; the message does not quote it."""


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
        moment = moment_of(text, form.form)
    except ValueError as error:
        raise CellError(str(error)) from None
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
