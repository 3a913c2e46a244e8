"""Where many submissions come from: files of lines and single files, read one at a time.

Whatever the size of a source, one item of it is held here, and no more of that than the limit. What an item holds is
not looked at.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from tipline_client._closed import reason_of_input
from tipline_client.bulk.streams import Stream
from tipline_client.errors import Issue
from tipline_client.validation import MAX_INPUT_BYTES, rules_outside

__all__ = [
    "BOM",
    "MAX_LINE_BYTES",
    "FileSource",
    "Item",
    "LineSource",
    "Lines",
    "Source",
    "empty",
    "file_item",
    "rest_of_line",
    "unreadable",
]

BOM: Final = b"\xef\xbb\xbf"
MAX_LINE_BYTES: Final = 4 * 1024 * 1024
"""Longest line read, in bytes; a longer one is rejected without being held."""

_PART = 256 * 1024
_LINES = frozenset({".jsonl", ".ndjson"})


@dataclass(frozen=True, slots=True)
class Item:
    """One submission of a source, not looked at yet.

    Attributes:
        label: Where it stands, in words.
        line: The number of its line, or of the first one of its record, from 1; 0 for a file of its own.
        raw: Its bytes in the source, with the end of the line; of one that is too long, the first ones.
        text: What is to be read of it as JSON; `None` where `issues` say why there is nothing.
        issues: What is wrong with it already.
        rest: What follows `raw` of an item that is too long.
        position: How many bytes of the source are behind it.
        unread: What there is instead of `text` where some of it could not be read, with `Unread` at those places; it
            serves to find what else is wrong, and is never handed over.
        columns: Of a record: which column stands at which path.
        folder: What its paths of evidence are relative to, where that is not the folder of the source.
        is_source: Whether it is no submission, and its one issue is that of the source.
    """

    label: str
    line: int
    raw: bytes = field(repr=False)
    text: bytes | None = field(repr=False)
    issues: tuple[Issue, ...] = ()
    rest: Iterator[bytes] = field(default=iter(()), repr=False)
    position: int = 0
    unread: Mapping[str, Any] | None = field(default=None, repr=False)
    columns: dict[str, str] = field(default_factory=dict, repr=False)
    folder: Path | None = None
    is_source: bool = False


class Lines(Protocol):
    """What lines are read from."""

    def readline(self, size: int = -1, /) -> bytes:
        """The next line with its end, or its first `size` bytes."""
        ...


class Source(Protocol):
    """Many submissions, one after the other."""

    @property
    def name(self) -> str:
        """As given."""
        ...

    @property
    def folder(self) -> Path:
        """What paths of evidence are relative to."""
        ...

    @property
    def size(self) -> int | None:
        """How far `Item.position` will go, where that is known."""
        ...

    @property
    def rejects_path(self) -> Path | None:
        """Where rejects of it go unless another place is named; `None` where only their issues are written."""
        ...

    @property
    def head(self) -> bytes:
        """What a file of its rejects begins with; known once the first item was read."""
        ...

    @property
    def stream(self) -> Stream | None:
        """What may keep a reader waiting for the next item; `None` where it is there already."""
        ...

    @property
    def passed_over(self) -> tuple[str, ...]:
        """Files that may hold submissions and are not read; known once the last item was read."""
        ...

    def items(self) -> Iterator[Item]:
        """The submissions, in order. Nothing is raised for what the source holds, or for one that cannot be read."""
        ...


def unreadable(name: str, error: OSError | ValueError, *, is_source: bool = True) -> Item:
    """What stands for a source, or a file of one, that cannot be read, or not any further."""
    reason = reason_of_input(error, getattr(error, "filename", None) or "")
    issue = rules_outside.UNREADABLE.at("submission", reason=reason).as_issue()
    return Item(name, 0, b"", None, (issue,), is_source=is_source)


def empty(name: str) -> Item:
    """What stands for a source that holds no submission."""
    return Item(name, 0, b"", None, (rules_outside.NO_SUBMISSION.at("submission").as_issue(),), is_source=True)


@dataclass(slots=True)
class LineSource:
    """A file with one submission in each line.

    Attributes:
        name: As shown.
        folder: What paths are relative to.
        opened: The stream to read, where it is open already; it is not closed.
        path: The file, where there is one.
        max_line_bytes: Longest line that is read.
    """

    name: str
    folder: Path
    opened: BinaryIO | Stream | None = None
    path: Path | None = None
    max_line_bytes: int = MAX_LINE_BYTES
    head: bytes = b""
    passed_over: tuple[str, ...] = ()

    @property
    def size(self) -> int | None:
        """The size of the file."""
        return size_of(self.path)

    @property
    def rejects_path(self) -> Path | None:
        """Beside the file."""
        return rejects_beside(self.path, ".jsonl")

    @property
    def stream(self) -> Stream | None:
        """The one it was opened with, if that is somebody else's to write."""
        return stream_of(self.opened)

    def items(self) -> Iterator[Item]:
        """The lines that are not blank."""
        count = 0
        try:
            with opening(self.opened, self.path) as file:
                for item in self._lines(file):
                    count += 1
                    yield item
        except (OSError, ValueError) as error:
            yield unreadable(self.name, error)
            return
        if not count:
            yield empty(self.name)

    def _lines(self, file: Lines) -> Iterator[Item]:
        number = position = 0
        limit = self.max_line_bytes
        while line := file.readline(limit + 1):
            number += 1
            position += len(line)
            label = f"{self.name}:{number}"
            if len(line) > limit and not line.endswith(b"\n"):
                issue = rules_outside.LINE_TOO_LONG.at("submission", limit=limit).as_issue()
                lengths: list[int] = []
                rest = rest_of_line(file, lengths.append)
                yield Item(label, number, line, None, (issue,), rest, position)
                for _ in rest:
                    pass
                position += sum(lengths)
                continue
            text = line.removeprefix(BOM) if number == 1 else line
            if text.strip():
                yield Item(label, number, line, text, position=position)


def rest_of_line(file: Lines, told: Callable[[int], object]) -> Iterator[bytes]:
    """What is left of a line, in parts."""
    while part := file.readline(_PART):
        told(len(part))
        yield part
        if part.endswith(b"\n"):
            return


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that holds one submission.

    Attributes:
        path: The file.
    """

    path: Path

    @property
    def name(self) -> str:
        """The path as given."""
        return str(self.path)

    @property
    def folder(self) -> Path:
        """Where the file lies."""
        return self.path.parent

    @property
    def size(self) -> int | None:
        """One item."""
        return 1

    @property
    def rejects_path(self) -> Path | None:
        """The file itself is what has to be mended."""
        return None

    @property
    def head(self) -> bytes:
        """Nothing."""
        return b""

    @property
    def stream(self) -> Stream | None:
        """Nothing has to be waited for."""
        return None

    @property
    def passed_over(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def items(self) -> Iterator[Item]:
        """The one submission."""
        yield file_item(self.path, 1, is_source=True)


def file_item(path: Path, position: int, *, is_source: bool = False) -> Item:
    """The submission that a file holds, or why it cannot be read.

    Args:
        path: The file.
        position: How many files are read then.
        is_source: Whether somebody named the file itself.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_INPUT_BYTES + 1)
    except (OSError, ValueError) as error:
        return unreadable(str(path), error, is_source=is_source)
    return Item(str(path), 0, b"", text, position=position, folder=path.parent)


def size_of(path: Path | None) -> int | None:
    """The size of an ordinary file."""
    try:
        return path.stat().st_size if path is not None and path.is_file() else None
    except (OSError, ValueError):
        return None


def rejects_beside(path: Path | None, suffix: str) -> Path:
    """Where rejects of a file go: beside it, so that relative paths of evidence stay right.

    Args:
        path: The file; `None` for standard input, whose rejects go into the current folder.
        suffix: That of rejects of standard input.
    """
    return Path(f"stdin.rejects{suffix}") if path is None else path.with_name(f"{path.stem}.rejects{path.suffix}")


def stream_of(opened: BinaryIO | Stream | None) -> Stream | None:
    """What was opened, if it may keep a reader waiting."""
    return opened if isinstance(opened, Stream) else None


def opening(opened: BinaryIO | Stream | None, path: Path | None) -> AbstractContextManager[Lines]:
    """The stream that is open already, or the file for as long as the block lasts.

    Raises:
        OSError: It cannot be opened.
    """
    if opened is not None:
        return nullcontext(opened)
    return (path or Path()).open("rb")


def is_lines(path: Path) -> bool:
    """Whether the name is that of a file of lines."""
    return path.suffix.lower() in _LINES
