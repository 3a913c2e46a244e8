"""Dates of a column: which forms are taken, and what a cell without marks between its numbers is."""

import random
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipline_client.bulk.dates import DateForm, moment_of, wrong_form
from tipline_client.models.outline import Kind

_BERLIN = timezone(timedelta(hours=1))


def _at(*numbers: int) -> datetime:
    """A moment without a zone, as a cell without an offset has it."""
    return datetime(*numbers)  # type: ignore[arg-type]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("%Y%m%dT%H%M%S%z", "20260105T093000Z", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("%Y%m%dT%H%M%S%z", "20260105t093000+01:00", datetime(2026, 1, 5, 9, 30, tzinfo=_BERLIN)),
        ("%Y%m%dT%H%M%S%z", "20260105T093000+0100", datetime(2026, 1, 5, 9, 30, tzinfo=_BERLIN)),
        ("%Y%m%d %H:%M:%S.%f", "20260105 9:30:00.123", _at(2026, 1, 5, 9, 30, 0, 123_000)),
        ("%d%m%Y %I:%M %p", "05012026  9:30 am", _at(2026, 1, 5, 9, 30)),
        ("%d%B%Y %H%M%%", "5january2026 0930%", _at(2026, 1, 5, 9, 30)),
        ("%z%Y%m%d%H%M", "+0100202601050930", datetime(2026, 1, 5, 9, 30, tzinfo=_BERLIN)),
        ("%Y%j", "2026005", _at(2026, 1, 5)),
        ("%Y-%j", "2024-366", _at(2024, 12, 31)),
        ("%Y-%j", "2025-366", None),
        ("%Y%j", "2025366", None),
        ("%A, %d.%m.%Y", "Monday, 5.1.2026", _at(2026, 1, 5)),
        ("%A, %d.%m.%Y", "Monday, 1.5.2026", None),
        ("%Y%m%d", "2026115", None),
        ("%Y%m%d", "202601 5", None),
        ("%m0%d %Y", "1012 2026", None),
        ("%Y%m%dT%H%M%S%z", "20260105T09300Z", None),
        ("%Y%m%d%H%M%S%f", "20260105093000123", None),
        ("%Y%m%d%H%M%S%f", "20260105093000123000", _at(2026, 1, 5, 9, 30, 0, 123_000)),
        ("%z%d%m%Y%H%M", "+010050120260930", None),
    ],
)
def test_cell_of_a_form(form: str, text: str, expected: datetime | None) -> None:
    """Where nothing stands between two numbers they have all their digits; what stands elsewhere is as free as ever."""
    if expected is None:
        with pytest.raises(ValueError, match=r"is expected|day of the week|so many days"):
            moment_of(text, form)
        return

    read = moment_of(text, form)

    assert (expected, expected.utcoffset()) == (read, read.utcoffset())


@given(chance=st.randoms(use_true_random=False))
def test_numbers_that_touch(chance: random.Random) -> None:
    """With every digit any order of them is read to the same moment; without one of them it is never read."""
    clock = chance.choice([["%H", "%M"], ["%H", "%M", "%S"], ["%H", "%M", "%S", "%f"]])
    parts = [*chance.choice([["%Y", "%m", "%d"], ["%Y", "%j"]]), *clock]
    chance.shuffle(parts)
    marks = [chance.choice(["", "", "T", "-", " "]) for _ in parts[1:]] + [""]
    marks[chance.randrange(len(parts) - 1)] = ""
    moment = _at(2000, 1, 1) + timedelta(microseconds=chance.randrange(10**15))
    moment = moment.replace(microsecond=moment.microsecond if "%f" in parts else 0)
    moment = moment.replace(second=moment.second if "%S" in parts else 0)
    zone = chance.choice(["", "%z"])
    moment = moment.replace(tzinfo=chance.choice([UTC, _BERLIN]) if zone else None)
    form = "".join(part + mark for part, mark in zip(parts, marks, strict=True)) + zone
    written = [moment.strftime(part) for part in parts]
    touching = [at for at in range(len(parts)) if not marks[at - 1] or (at + 1 < len(parts) and not marks[at])]
    at = chance.choice([at for at in touching if at or not marks[0]])
    gone = chance.randrange(len(written[at]))
    short = [*written]
    short[at] = short[at][:gone] + short[at][gone + 1 :]
    offset = moment.strftime("%z")

    assert moment == moment_of("".join(map("".join, zip(written, marks, strict=True))) + offset, form)
    with pytest.raises(ValueError, match="is expected"):
        moment_of("".join(map("".join, zip(short, marks, strict=True))) + offset, form)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ("%d.%m.%y", "%y has no century"),
        ("%d.%m.%G", "%G is not understood"),
        ("%g-%V-%u", "is not understood"),
        ("%Y-%U-%w", "is not understood"),
        ("%D", "%D is not understood"),
        ("%Y-%m-%d %j", "it has the month twice"),
        ("%Y-%m-%d %d", "it has the day twice"),
        ("%d.%m.%Y %H %I:%M %p", "it has the hour twice"),
        ("%d.%m.%Y %H:%M %p", "%p belongs to a clock of twelve hours"),
        ("%d.%m.%Y %", "% is not understood"),
        ("%d.%m.%Y", ""),
        ("%a %d %b %Y %I:%M:%S.%f %p %z", ""),
    ],
)
def test_form_that_leaves_something_open(form: str, says: str) -> None:
    """What a cell of it would not say, such as a century, is never made up: the form is refused."""
    reason = wrong_form(DateForm(form, UTC), Kind.DATE)

    assert reason.startswith(says) or says in reason
    assert bool(says) == bool(reason)
