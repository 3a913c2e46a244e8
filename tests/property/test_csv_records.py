"""A table in which one quote is wrong: no record is given out that is not in it, and no byte is lost."""

import csv
import io
from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tipline_client.bulk.records import Records

NAMES = ["Case", "User", "Chat"]
_words = st.text(alphabet='ab,"\n ', max_size=8)
_lines = st.text(alphabet='ab," ', max_size=8)
_numbers = st.integers(1, 99).map(str)


def _rows(words: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    return st.lists(st.tuples(_numbers, _lines, words).map(list), min_size=1, max_size=8)


def _table(rows: Sequence[Sequence[str]]) -> str:
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([NAMES, *rows])
    return file.getvalue()


def _read(text: str, *line_breaks: str) -> tuple[list[list[str]], bytes]:
    """The records that are given out, and all bytes behind the header."""
    records = Records(io.BytesIO(text.encode()), delimiter=",", line_breaks=frozenset(line_breaks))
    assert records.header()
    believed, seen = [], []
    for record in records:
        seen += [record.raw, *record.rest]
        if not record.problem and any(record.cells):
            believed.append(list(record.cells))
    return believed, b"".join(seen)


def _broken(text: str, place: int, *, is_missing: bool) -> str:
    """The table with one quote too few or too many, somewhere below its header."""
    start = text.index("\n") + 1
    quotes = [at for at in range(start, len(text)) if text[at] == '"']
    if is_missing and quotes:
        at = quotes[place % len(quotes)]
        return text[:at] + text[at + 1 :]
    at = start + place % (len(text) - start)
    return f'{text[:at]}"{text[at:]}'


@given(rows=_rows(_words))
def test_right_table(rows: list[list[str]]) -> None:
    """Each record is given out as it is, unless a line in it has as many cells as the header."""
    text = _table(rows)

    believed, seen = _read(text, "Chat")

    assert believed == [row for row in rows if not any(line.count(",") >= 2 for line in row[2].split("\n")[1:])]
    assert text.partition("\n")[2].encode() == seen


@settings(derandomize=True)
@given(rows=_rows(_words), place=st.integers(0, 200), is_missing=st.booleans())
@example(rows=[["1", "a", 'amy says "hi"\nb,10,ok\nbye'], ["2", "b", "c"]], place=4, is_missing=True)
@example(rows=[["1", "a", "hello\nb"], ["2", "b", "\nbob,10,ok\nbye"], ["3", "c", "d"]], place=1, is_missing=True)
def test_one_wrong_quote(rows: list[list[str]], place: int, is_missing: bool) -> None:
    """Whatever the cells hold, only what stands there is given out.

    Not by chance: a quote can be wrong so that what is left is another table, and nobody can tell that.
    """
    text = _broken(_table(rows), place, is_missing=is_missing)

    believed, seen = _read(text, "Chat")

    assert [row for row in believed if row not in rows] == []
    assert text.partition("\n")[2].encode() == seen


@given(rows=_rows(_lines), place=st.integers(0, 200), is_missing=st.booleans())
def test_one_wrong_quote_where_a_record_is_a_line(rows: list[list[str]], place: int, is_missing: bool) -> None:
    """It costs its own line alone."""
    text = _broken(_table(rows), place, is_missing=is_missing)
    lines, broken = _table(rows).splitlines(), text.splitlines()
    [at] = [at for at, (one, other) in enumerate(zip(lines, broken, strict=True)) if one != other]

    believed, seen = _read(text)

    assert all(row in believed for row in [*rows[: at - 1], *rows[at:]])
    assert all(row in rows for row in believed if row[0] != rows[at - 1][0])
    assert text.partition("\n")[2].encode() == seen
