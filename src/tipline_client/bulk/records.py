"""The records of a CSV file, each with its bytes as they are there, and how far they can be told apart.

A quote too many or too few moves the end of every record behind it: the lines of a chat would pass for cases of their
own, or one case would take in the next. So nothing is resumed on a guess. Where no cell holds a line break, a record is
a line, and a wrong quote costs its line alone. Where cells do, a record is given out once the next quotes behind it
agree with where it ends; from a wrong one on everything is one record that is none. Nothing here knows submissions.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tipline_client.bulk.held import Held
from tipline_client.bulk.sources import BOM, MAX_LINE_BYTES, Lines, rest_of_line

__all__ = ["Record", "Records"]

_QUOTE: Final = b'"'
_UNCLOSED: Final = "a quote of it is not closed, or not doubled inside a cell"
_UNPROVEN: Final = (
    "some of its lines are no rows of the table, and without quotes nobody can tell which are rows and which are "
    "lines of a cell. Save the table with quotes, or write line_breaks = [] if no cell holds a line break"
)
_BARE_RETURN: Final = "a line of it ends in CR alone, and LF or CRLF is expected"


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Attributes:
        line: The number of its first line, from 1.
        raw: Its bytes, with the end of the line; of one that is too long, the first ones.
        position: How many bytes of the file are behind it.
        cells: Its cells; none where there is a problem.
        problem: Why it is none of this table.
        rest: What follows `raw`, to be read before the next record.
        is_last: Whether nobody can tell the records behind it apart; then `rest` is all of them.
    """

    line: int
    raw: bytes = field(repr=False)
    position: int
    cells: Sequence[str] = field(default=(), repr=False)
    problem: str = ""
    rest: Iterator[bytes] = field(default=iter(()), repr=False)
    is_last: bool = False


class Records:
    """The records below the header of a file, in order.

    Args:
        file: What is read, in UTF-8.
        delimiter: What stands between two cells.
        line_breaks: The columns whose cells may hold line breaks.
    """

    def __init__(self, file: Lines, *, delimiter: str, line_breaks: frozenset[str]) -> None:
        self._file = file
        self._delimiter = delimiter
        self._line_breaks = line_breaks
        self._again: deque[bytes] = deque()
        self._number = self._position = self._open_until = 0
        # As RFC 4180 has it: a quote begins or ends a cell, or is doubled inside one that has them. Nothing is tried in
        # two ways, so that a line of nothing but delimiters or quotes takes no more memory than another.
        between, quoted = re.escape(delimiter), '[^"]*+(?:""[^"]*+)*+'
        cell = f'(?:"{quoted}"|[^"{between}\r\n]*+)'
        self._whole = re.compile(f"{cell}(?:{between}{cell})*+\r?\n?")
        self._inside = re.compile(quoted)
        self.names: list[str] = []
        # A cell is as long as its record may be; only ever raised, for whoever else reads CSV in this process.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_BYTES))

    def header(self) -> Record | None:
        """The first record, if there is one; whose cells are the names from now on."""
        record = self._gathered()
        self.names = [] if record is None else list(record.cells)
        return record

    def __iter__(self) -> Iterator[Record]:
        return self._spanning() if self._line_breaks else self._single()

    def _single(self) -> Iterator[Record]:
        """Each line by itself."""
        while line := self._next():
            first = self._number
            if _is_cut(line):
                lengths: list[int] = []
                rest = rest_of_line(self._file, lengths.append)
                yield Record(
                    first, line, self._position, problem=f"the line is longer than {MAX_LINE_BYTES} bytes", rest=rest
                )
                for _ in rest:
                    pass
                self._position += sum(lengths)
                continue
            cells = self._cells(_decoded(line))
            if cells is not None:
                yield Record(first, line, self._position, cells, self._misfit(cells))
                continue
            problem = _BARE_RETURN if _has_bare_return(line) else _UNCLOSED
            if swallowed := self._until_closed():
                problem = (
                    f"its quote may be the one that is closed in line {self._number}: two quotes are wrong, or a cell "
                    "holds a line break, and the mapping file says that none does"
                )
            yield Record(first, line + b"".join(swallowed), self._position, problem=problem)

    def _until_closed(self) -> list[bytes]:
        """The lines that belong to a cell which was left open, if the next quotes may be the end of such a cell."""
        if self._number < self._open_until:
            return []
        seen: list[bytes] = []
        size = 0
        while size <= MAX_LINE_BYTES and (line := self._next()):
            seen.append(line)
            size += len(line)
            if _QUOTE not in line:
                continue
            text = _decoded(line)
            cells = self._cells(text)
            if _is_cut(line) or (cells is not None and not self._misfit(cells)):
                break
            if self._whole.fullmatch('"' + text):
                return seen
            if not self._inside.fullmatch(text):
                break
        # As for every cell that is left open before that: no line is looked at for each of them.
        self._open_until = self._number
        self._give_back(seen)
        return []

    def _spanning(self) -> Iterator[Record]:
        """Records of several lines.

        A quote that is missing turns inside and outside round until the next one: so all behind quotes that agreed
        waits for the next that do. If none come for as long as the longest record, no cell can have been left open.
        """
        held = Held()
        size, has_quotes = 0, False
        while (record := self._gathered()) is not None:
            if record.problem:
                held.add(record.line, record.raw, record.position, "")
                rest = iter(self._next, b"")
                yield Record(*held.joined(), problem=record.problem, rest=rest, is_last=True)
                return
            problem = self._misfit(record.cells) or self._doubt(record)
            is_quoted = _QUOTE in record.raw
            has_quotes = has_quotes or is_quoted
            agrees = is_quoted and not problem and any(record.cells)
            if agrees or size > MAX_LINE_BYTES:
                yield from self._given(held, has_quotes=has_quotes)
                held, size = Held(), 0
            held.add(record.line, record.raw, record.position, problem)
            size += len(record.raw)
        yield from self._given(held, has_quotes=has_quotes)

    def _given(self, held: Held, *, has_quotes: bool) -> Iterator[Record]:
        if held.has_problem and not has_quotes:
            # Whoever wrote a table without quotes may never use them: then one that does not fit may be a line of a
            # cell, as may its neighbours. What nobody can tell apart is one.
            yield Record(*held.joined(), problem=_UNPROVEN)
            return
        for line, raw, position, problem in held:
            yield Record(line, raw, position, () if problem else self._cells(_decoded(raw)) or (), problem)

    def _gathered(self) -> Record | None:
        """The next record, as far as its quotes are closed."""
        lines: list[bytes] = []
        size = quotes = 0
        while size <= MAX_LINE_BYTES and (not lines or quotes % 2) and (line := self._next()):
            lines.append(line)
            size += len(line)
            quotes += line.count(_QUOTE)
        if not lines:
            return None
        raw, first = b"".join(lines), self._number - len(lines) + 1
        if size > MAX_LINE_BYTES:
            return Record(
                first, raw, self._position, problem=f"its quotes are not closed within {MAX_LINE_BYTES} bytes"
            )
        cells = self._cells(_decoded(raw.removeprefix(BOM) if first == 1 else raw))
        if cells is None:
            problem = _BARE_RETURN if _has_bare_return(raw) else _UNCLOSED
            return Record(first, raw, self._position, problem=problem)
        return Record(first, raw, self._position, cells)

    def _doubt(self, record: Record) -> str:
        """Why a record of several lines may be several records that a quote has joined."""
        more = record.raw.removesuffix(b"\n").split(b"\n")[1:]
        if not more or not any(record.cells):
            return ""
        broken = [name for name, cell in zip(self.names, record.cells, strict=True) if "\n" in cell]
        for name in broken:
            if name not in self._line_breaks:
                return f"column {name!r} holds a line break, and line_breaks of the mapping file does not name it"
        if broken[:1] == self.names[:1]:
            # The line that ends such a cell has the rest of the record on it.
            more = more[:-1]
        if any(line.count(self._delimiter.encode()) >= len(self.names) - 1 for line in more):
            return (
                "a line of it has as many delimiters as the header. If that is no case, save the table with a "
                "delimiter that its texts do not hold, such as a tab, or hand the case in as a line of JSON"
            )
        return ""

    def _misfit(self, cells: Sequence[str]) -> str:
        if len(cells) == len(self.names) or not any(cells):
            return ""
        return f"it has {len(cells)} cells, and the header has {len(self.names)}"

    def _cells(self, text: str) -> list[str] | None:
        """The cells of a record, if it is one."""
        if '"' not in text:
            # Most are such, and this is several times as fast.
            line = text.removesuffix("\n").removesuffix("\r")
            return None if "\r" in line else line.split(self._delimiter)
        if self._whole.fullmatch(text) is None:
            return None
        return next(csv.reader([text], delimiter=self._delimiter, strict=True), [])

    def _next(self) -> bytes:
        line = self._again.popleft() if self._again else self._file.readline(MAX_LINE_BYTES + 1)
        self._number += bool(line)
        self._position += len(line)
        return line

    def _give_back(self, lines: list[bytes]) -> None:
        self._again.extendleft(reversed(lines))
        self._number -= len(lines)
        self._position -= sum(map(len, lines))


def _decoded(raw: bytes) -> str:
    return raw.decode(errors="surrogateescape")


def _is_cut(line: bytes) -> bool:
    return len(line) > MAX_LINE_BYTES and not line.endswith(b"\n")


def _has_bare_return(raw: bytes) -> bool:
    """Whether a CR stands where no LF follows it."""
    return b"\r" in raw.replace(b"\r\n", b"")
