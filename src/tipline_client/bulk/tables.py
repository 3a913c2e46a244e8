"""A CSV file as submissions, by a mapping: one record at a time, each with its bytes as they are in the file."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from tipline_client.bulk.mapping import CsvMapping
from tipline_client.bulk.records import Record, Records
from tipline_client.bulk.sources import Item, Lines, empty, opening, rejects_beside, size_of, stream_of, unreadable
from tipline_client.bulk.streams import Stream
from tipline_client.errors import ConfigurationError
from tipline_client.validation import rules_outside
from tipline_client.validation.rule import Finding

__all__ = ["CsvSource"]


class _NoTable(Exception):  # noqa: N818 - ends in this module
    """The file as a whole is no table that can be read."""


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
            yield self._fault(rules_outside.BAD_TABLE.at("submission", reason=str(error)))
        except (OSError, ValueError) as error:
            yield unreadable(self.name, error)

    def _records(self, file: Lines) -> Iterator[Item]:
        records = Records(file, delimiter=self.mapping.delimiter, line_breaks=self.mapping.line_breaks)
        self._check_header(records)
        count = 0
        for record in records:
            if not record.problem and not any(record.cells):
                continue
            count += 1
            yield self._item(record, records.names)
            if record.is_last:
                for _ in record.rest:
                    pass
                reason = f"from line {record.line} on nobody can tell its records apart: {record.problem}"
                yield self._fault(rules_outside.BROKEN_TABLE.at("submission", reason=reason))
        if not count:
            yield empty(self.name)

    def _item(self, record: Record, names: Sequence[str]) -> Item:
        label, first, raw, position = f"{self.name}:{record.line}", record.line, record.raw, record.position
        problem = record.problem
        if not problem and any("\udc80" <= letter <= "\udcff" for cell in record.cells for letter in cell):
            problem = "it is not UTF-8"
        if problem:
            rule = rules_outside.BROKEN_TABLE if record.is_last else rules_outside.BAD_RECORD
            issue = rule.at("submission", reason=problem).as_issue()
            return Item(label, first, raw, None, (issue,), record.rest, position)
        document, issues, places = self.mapping.apply(dict(zip(names, record.cells, strict=True)))
        item = Item(label, first, raw, None, tuple(issues), position=position, columns=places)
        return replace(item, unread=document) if issues else replace(item, text=json.dumps(document).encode())

    def _check_header(self, records: Records) -> None:
        header = records.header()
        if header is None:
            # It is empty; whoever counts the records says so.
            return
        self.head = header.raw
        if b"\0" in self.head:
            raise _NoTable("it is not UTF-8, and may be UTF-16. Save it as CSV in UTF-8")
        if any("\udc80" <= letter <= "\udcff" for name in records.names for letter in name):
            raise _NoTable("its header is not UTF-8. Save it as CSV in UTF-8")
        if header.problem and b"\r" in self.head.replace(b"\r\n", b""):
            raise _NoTable("its lines end in CR alone. Save it with LF or CRLF at the end of each line")
        if header.problem:
            raise ConfigurationError(f"{self.name}: the header cannot be read", hint="Correct its quotes.")
        try:
            self.unmapped = self.mapping.check_header(records.names)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.name}: {error}", hint=error.hint) from None

    def _fault(self, finding: Finding) -> Item:
        return Item(self.name, 0, b"", None, (finding.as_issue(),), is_source=True)
