"""A CSV file as submissions, by a mapping: one record at a time, each with its bytes as they are in the file."""

import csv
import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from tipline_client.bulk.mapping import CsvMapping
from tipline_client.bulk.sources import BOM, Item, Lines, empty, opening, rejects_beside, size_of, stream_of, unreadable
from tipline_client.bulk.streams import Stream
from tipline_client.errors import ConfigurationError
from tipline_client.validation import rules_outside

__all__ = ["CsvSource"]

_MAX_LINE_BYTES = 1024 * 1024
_FEWEST_CELLS = 3
"""With fewer, the lines of any text could be taken for records."""


class _NoTable(Exception):  # noqa: N818 - ends in this module
    """The file as a whole is no table that can be read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.issue = rules_outside.BAD_TABLE.at("submission", reason=reason).as_issue()


class _Lines:
    """The lines of a file as a CSV reader takes them, with those of the record under way, which may be given back."""

    def __init__(self, file: Lines) -> None:
        self._file = file
        self._again: deque[bytes] = deque()
        self.taken: list[bytes] = []
        self.position = 0
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline(_MAX_LINE_BYTES)
        if not line:
            raise StopIteration
        self.number += 1
        self.position += len(line)
        self.taken.append(line)
        return line.decode(errors="surrogateescape")

    def begin(self) -> None:
        """A new record."""
        self.taken = []

    def look_like_records(self, delimiter: str, cells: int) -> bool:
        """Whether each of several lines of the record could be one by itself: a wrong quote joins two cases."""
        if len(self.taken) < 2 or cells < _FEWEST_CELLS:
            return False
        return all(line.count(delimiter.encode()) >= cells - 1 for line in self.taken)

    def keep_first(self) -> None:
        """Give back all lines of the record but its first: a quote that is not closed has swallowed them."""
        back = self.taken[1:]
        self.taken = self.taken[:1]
        self._again.extendleft(reversed(back))
        self.number -= len(back)
        self.position -= sum(map(len, back))


@dataclass(slots=True)
class CsvSource:
    """A CSV file, in UTF-8 with a header.

    Attributes:
        name: As shown.
        folder: What paths are relative to.
        mapping: What its columns are.
        opened: The stream to read, where it is open already; it is not closed.
        path: The file, where there is one.
        head: Its header as it stands there, once it was read.
        unmapped: Columns that the mapping does not name, once the header was read.
    """

    name: str
    folder: Path
    mapping: CsvMapping
    opened: BinaryIO | Stream | None = None
    path: Path | None = None
    head: bytes = b""
    passed_over: tuple[str, ...] = ()
    unmapped: list[str] = field(default_factory=list)

    @property
    def size(self) -> int | None:
        """The size of the file."""
        return size_of(self.path)

    @property
    def rejects_path(self) -> Path | None:
        """Beside the file."""
        return rejects_beside(self.path, ".csv")

    @property
    def stream(self) -> Stream | None:
        """The one it was opened with, if that is somebody else's to write."""
        return stream_of(self.opened)

    def items(self) -> Iterator[Item]:
        """The records.

        Raises:
            ConfigurationError: The header and the mapping do not fit each other.
        """
        try:
            with opening(self.opened, self.path) as file:
                yield from self._records(file)
        except _NoTable as error:
            yield Item(self.name, 0, b"", None, (error.issue,), is_source=True)
        except (OSError, ValueError) as error:
            yield unreadable(self.name, error)

    def _records(self, file: Lines) -> Iterator[Item]:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=self.mapping.delimiter, strict=True)
        header = self._header(lines, reader)
        count = 0
        while True:
            lines.begin()
            first = lines.number + 1
            problem, cells = "", list[str]()
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error:
                problem = "its quotes are not closed, or not doubled inside a cell, or a cell is too long"
                lines.keep_first()
                if _has_bare_return(lines.taken):
                    problem = "lines in it end in CR alone, and LF or CRLF is expected"
            raw = b"".join(lines.taken)
            if not problem and not any(cells):
                continue
            count += 1
            problem = problem or self._problem(lines, cells, header)
            label = f"{self.name}:{first}"
            if problem:
                issue = rules_outside.BAD_RECORD.at("submission", reason=problem).as_issue()
                yield Item(label, first, raw, None, (issue,), position=lines.position)
                continue
            document, issues, places = self.mapping.apply(dict(zip(header, cells, strict=True)))
            item = Item(label, first, raw, None, tuple(issues), position=lines.position, columns=places)
            yield replace(item, unread=document) if issues else replace(item, text=json.dumps(document).encode())
        if not count:
            yield empty(self.name)

    def _problem(self, lines: _Lines, cells: Sequence[str], header: Sequence[str]) -> str:
        """Why a record is none of this table, if it is none."""
        if any("\udc80" <= letter <= "\udcff" for cell in cells for letter in cell):
            return "it is not UTF-8"
        if lines.look_like_records(self.mapping.delimiter, len(header)):
            return "each of its lines has as many cells as the header: a quote seems to be missing or too many"
        if len(cells) != len(header):
            return f"it has {len(cells)} cells, and the header has {len(header)}"
        return ""

    def _header(self, lines: _Lines, reader: "Iterator[list[str]]") -> list[str]:
        try:
            header: list[str] | None = next(reader, [])
        except csv.Error:
            header = None
        self.head = b"".join(lines.taken)
        if b"\0" in self.head:
            raise _NoTable("it is not UTF-8, and may be UTF-16. Save it as CSV in UTF-8")
        if header is None and _has_bare_return(lines.taken):
            raise _NoTable("its lines end in CR alone. Save it with LF or CRLF at the end of each line")
        if header is None:
            raise ConfigurationError(f"{self.name}: the header cannot be read", hint="Correct its quotes.")
        if not self.head:
            # It is empty; whoever counts the records says so.
            return header
        if header:
            header[0] = header[0].removeprefix(BOM.decode())
        try:
            self.unmapped = self.mapping.check_header(header)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.name}: {error}", hint=error.hint) from None
        return header


def _has_bare_return(lines: list[bytes]) -> bool:
    """Whether a CR stands where no LF follows it."""
    return any(b"\r" in line.replace(b"\r\n", b"") for line in lines)
