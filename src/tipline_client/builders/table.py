r"""A conversation as a table: CSV by RFC 4180, in UTF-8, the same bytes for the same messages, and back again.

Every cell is quoted and every row ends in CR LF. Two things are done to the text of a cell, each stated in the row so
that it can be undone without doubt. What a spreadsheet might take for a formula gets an apostrophe in front, and
`apostrophe_added` names the column. What UTF-8 cannot carry, or nobody could see, is written as `\uXXXX` with each
backslash doubled, and `escaped` names the column. Nothing here knows the report.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import NoReturn

from tipline_client.builders.arguments import refuse
from tipline_client.builders.messages import Message, Role, Truncation
from tipline_client.errors import EvidenceError, ReportInvalidError

__all__ = ["COLUMNS", "LeftOut", "Table", "read_conversation", "write_conversation"]

COLUMNS = (
    "kind",
    "message_id",
    "sent_at",
    "role",
    "sender",
    "text",
    "attachments",
    "apostrophe_added",
    "escaped",
)
"""The header; `kind` is `message`, or `left out` in the one row that says what is."""

_MESSAGE = "message"
_LEFT_OUT = "left out"
_FREE = ("message_id", "sender", "text")

# White space and invisible marks in front are dropped by some programs before they look for a formula.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Unicode's `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt, 16.0)."""
_FORMULA = re.compile(f"[\t\r\n]|[\\s{_INVISIBLE}]*[=+\\-@＝＋－＠]")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ESCAPE = re.compile(r"\\(?:(?P<backslash>\\)|u(?P<unit>[0-9A-F]{4}))")
_CELL = re.compile(r'"([^"]*(?:""[^"]*)*)"(,|\r\n)')
_LEFT_OUT_TEXT = re.compile(r"(\d+) (earlier|later) messages? left out, sent from (\S+) to (\S+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a table leaves out, all of it before the first message or all of it after the last.

    Attributes:
        count: How many messages.
        side: `earlier` or `later` than those in the table.
        first: When the first of them was sent.
        last: When the last of them was sent.
    """

    count: int
    side: str
    first: datetime
    last: datetime

    def __str__(self) -> str:
        noun = "message" if self.count == 1 else "messages"
        return f"{self.count} {self.side} {noun} left out, sent from {_moment(self.first)} to {_moment(self.last)}"


@dataclass(frozen=True, slots=True)
class Table:
    """What a table says.

    Attributes:
        messages: The messages in it, in order.
        left_out: What is left out, if anything is.
    """

    messages: tuple[Message, ...] = field(repr=False)
    left_out: LeftOut | None = None


def write_conversation(messages: Sequence[Message], truncation: Truncation | None = None) -> tuple[bytes, Table]:
    """The table of a conversation.

    Args:
        messages: The messages, in order.
        truncation: How much of it may be written; all of it by default.

    Returns:
        The bytes, and what they say.

    Raises:
        ReportInvalidError: Not even one message keeps to the limit of bytes.
    """
    header = _row(COLUMNS)
    rows = [_message_row(message) for message in messages]
    if truncation is None:
        return header + b"".join(rows), Table(tuple(messages))
    kept = _count_kept(header, rows, messages, truncation)
    left_out = _left_out(messages, kept, truncation.keep)
    note = b"" if left_out is None else _left_out_row(left_out)
    if truncation.keep == "first":
        return header + b"".join(rows[:kept]) + note, Table(tuple(messages[:kept]), left_out)
    start = len(rows) - kept
    return header + note + b"".join(rows[start:]), Table(tuple(messages[start:]), left_out)


def read_conversation(data: bytes) -> Table:
    """Every message of a table as it was, down to the last character.

    Args:
        data: The file, byte for byte as it was written; one that a spreadsheet saved again is another.

    Raises:
        EvidenceError: It is no table that this package wrote; the message names the row, counted from 1.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise EvidenceError("the table is not in UTF-8") from None
    rows = _rows_of(text)
    if next(rows, None) != list(COLUMNS):
        _no_table(1)
    messages: list[Message] = []
    left_out: LeftOut | None = None
    for number, cells in enumerate(rows, start=2):
        if len(cells) != len(COLUMNS):
            _no_table(number)
        row = dict(zip(COLUMNS, cells, strict=True))
        try:
            if row["kind"] == _MESSAGE:
                messages.append(_message_of(row))
                continue
            found = _LEFT_OUT_TEXT.fullmatch(row["text"])
            if row["kind"] != _LEFT_OUT or found is None or left_out is not None:
                _no_table(number)
            first, last = map(datetime.fromisoformat, found.group(3, 4))
            left_out = LeftOut(int(found[1]), found[2], first, last)
        except (ValueError, ReportInvalidError):
            _no_table(number)
    return Table(tuple(messages), left_out)


def _count_kept(header: bytes, rows: Sequence[bytes], messages: Sequence[Message], truncation: Truncation) -> int:
    """How many messages keep to both limits, the row that says what is left out included."""
    most = len(rows) if truncation.max_messages is None else min(len(rows), truncation.max_messages)
    if truncation.max_bytes is None:
        return most
    kept_first = rows if truncation.keep == "first" else rows[::-1]
    sizes = list(accumulate(map(len, kept_first), initial=len(header)))
    for kept in range(most, 0, -1):
        left_out = _left_out(messages, kept, truncation.keep)
        if sizes[kept] + (0 if left_out is None else len(_left_out_row(left_out))) <= truncation.max_bytes:
            break
    else:
        refuse("conversation.truncation.max_bytes", "Not even one message keeps to the limit. Raise it.")
    return kept


def _left_out(messages: Sequence[Message], kept: int, keep: str) -> LeftOut | None:
    count = len(messages) - kept
    if not count:
        return None
    side = "later" if keep == "first" else "earlier"
    first, last = (kept, -1) if keep == "first" else (0, count - 1)
    return LeftOut(count, side, messages[first].sent_at, messages[last].sent_at)


def _left_out_row(left_out: LeftOut) -> bytes:
    cells = {"kind": _LEFT_OUT, "text": str(left_out)}
    return _row([cells.get(column, "") for column in COLUMNS])


def _message_row(message: Message) -> bytes:
    cells = {
        "kind": _MESSAGE,
        "message_id": message.id,
        "sent_at": _moment(message.sent_at),
        "role": str(message.role),
        "sender": message.sender or "",
        "text": message.text,
        "attachments": " ".join(message.attachments),
    }
    escaped = [column for column in _FREE if _UNSEEN.search(cells[column])]
    for column in escaped:
        cells[column] = _UNSEEN.sub(_written_out, cells[column].replace("\\", "\\\\"))
    guarded = [column for column in _FREE if _FORMULA.match(cells[column])]
    for column in guarded:
        cells[column] = f"'{cells[column]}"
    cells["apostrophe_added"] = " ".join(guarded)
    cells["escaped"] = " ".join(escaped)
    return _row([cells[column] for column in COLUMNS])


def _message_of(row: dict[str, str]) -> Message:
    """The message of a row.

    Raises:
        ValueError: The row is of another form.
        ReportInvalidError: It says what no message can be.
    """
    for column in row["apostrophe_added"].split():
        if column not in _FREE or not row[column].startswith("'"):
            raise ValueError(column)
        row[column] = row[column][1:]
    for column in row["escaped"].split():
        if column not in _FREE or "\\" in _ESCAPE.sub("", row[column]):
            raise ValueError(column)
        row[column] = _ESCAPE.sub(_read_back, row[column])
    return Message(
        id=row["message_id"],
        sent_at=datetime.fromisoformat(row["sent_at"]),
        role=Role(row["role"]),
        text=row["text"],
        sender=row["sender"] or None,
        attachments=tuple(row["attachments"].split()),
    )


def _written_out(character: re.Match[str]) -> str:
    return f"\\u{ord(character[0]):04X}"


def _read_back(escape: re.Match[str]) -> str:
    return "\\" if escape["backslash"] else chr(int(escape["unit"], 16))


def _moment(moment: datetime) -> str:
    """ISO 8601 in UTC, with as many digits of the second as it has: none, three or six."""
    precision = "auto" if moment.microsecond % 1000 else "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def _row(cells: Sequence[str]) -> bytes:
    return (",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\r\n").encode()


def _rows_of(text: str) -> Iterator[list[str]]:
    """The cells of each row. The standard reader would refuse what is longer than a limit of the whole process."""
    position, number, cells = 0, 1, list[str]()
    while position < len(text):
        cell = _CELL.match(text, position)
        if cell is None:
            _no_table(number)
        cells.append(cell[1].replace('""', '"'))
        position = cell.end()
        if cell[2] != ",":
            yield cells
            number, cells = number + 1, []
    if cells:
        _no_table(number)


def _no_table(number: int) -> NoReturn:
    raise EvidenceError(
        f"row {number} is none of a conversation that this package wrote",
        hint="Read the file as it was enqueued; a spreadsheet that saves it again writes another.",
    )
