"""Where many submissions come from: files of lines and folders of files, read one at a time.

Whatever the size of a source, one item of it is held here, and no more of that than the limit. What an item holds is
not looked at.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from tipline_client.errors import Issue
from tipline_client.validation import MAX_INPUT_BYTES, rules_outside

__all__ = ["BOM", "MAX_LINE_BYTES", "FileSource", "FolderSource", "Item", "LineSource", "Source", "unreadable"]

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
        columns: Of a record: which column stands at which path.
    """

    label: str
    line: int
    raw: bytes = field(repr=False)
    text: bytes | None = field(repr=False)
    issues: tuple[Issue, ...] = ()
    rest: Iterator[bytes] = field(default=iter(()), repr=False)
    position: int = 0
    columns: dict[str, str] = field(default_factory=dict, repr=False)


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

    def items(self) -> Iterator[Item]:
        """The submissions, in order. Nothing is raised for what the source holds, or for one that cannot be read."""
        ...


def unreadable(name: str, error: OSError | ValueError) -> Item:
    """What stands for a source that cannot be read, or not any further."""
    reason = (error.strerror or "it cannot be read") if isinstance(error, OSError) else "the path is unusable"
    return Item(name, 0, b"", None, (rules_outside.UNREADABLE.at("submission", reason=reason).as_issue(),))


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
    opened: BinaryIO | None = None
    path: Path | None = None
    max_line_bytes: int = MAX_LINE_BYTES
    head: bytes = b""

    @property
    def size(self) -> int | None:
        """The size of the file."""
        return size_of(self.path)

    @property
    def rejects_path(self) -> Path | None:
        """Beside the file."""
        return rejects_beside(self.path, ".jsonl")

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
            nothing = rules_outside.NO_SUBMISSION.at("submission").as_issue()
            yield Item(self.name, 0, b"", None, (nothing,))

    def _lines(self, file: BinaryIO) -> Iterator[Item]:
        number = position = 0
        limit = self.max_line_bytes
        while line := file.readline(limit + 1):
            number += 1
            position += len(line)
            label = f"{self.name}:{number}"
            if len(line) > limit and not line.endswith(b"\n"):
                issue = rules_outside.LINE_TOO_LONG.at("submission", limit=limit).as_issue()
                lengths: list[int] = []
                rest = _until_end(file, lengths.append)
                yield Item(label, number, line, None, (issue,), rest, position)
                for _ in rest:
                    pass
                position += sum(lengths)
                continue
            text = line.removeprefix(BOM) if number == 1 else line
            if text.strip():
                yield Item(label, number, line, text, position=position)


def _until_end(file: BinaryIO, told: Callable[[int], object]) -> Iterator[bytes]:
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

    def items(self) -> Iterator[Item]:
        """The one submission."""
        yield _file_item(self.path, 1)


@dataclass(slots=True)
class FolderSource:
    """A folder of submission files, in the order of their names; folders in it are not looked into.

    Attributes:
        folder: The folder.
        count: How many files it holds, once it was read.
    """

    folder: Path
    count: int | None = None
    head: bytes = b""

    @property
    def name(self) -> str:
        """The folder as given."""
        return str(self.folder)

    @property
    def size(self) -> int | None:
        """The number of its files, once it was read."""
        return self.count

    @property
    def rejects_path(self) -> Path | None:
        """The files themselves are what has to be mended."""
        return None

    def items(self) -> Iterator[Item]:
        """The submissions of its `.json` files."""
        try:
            names = sorted(path.name for path in self.folder.iterdir() if _is_submission(path))
        except OSError as error:
            yield unreadable(self.name, error)
            return
        self.count = len(names)
        for number, name in enumerate(names, start=1):
            yield _file_item(self.folder / name, number)
        if not names:
            nothing = rules_outside.NO_SUBMISSION.at("submission").as_issue()
            yield Item(self.name, 0, b"", None, (nothing,))


def _is_submission(path: Path) -> bool:
    return path.suffix.lower() == ".json" and not path.name.startswith(".") and path.is_file()


def _file_item(path: Path, position: int) -> Item:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_INPUT_BYTES + 1)
    except (OSError, ValueError) as error:
        return unreadable(str(path), error)
    return Item(str(path), 0, b"", text, position=position)


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


def opening(opened: BinaryIO | None, path: Path | None) -> AbstractContextManager[BinaryIO]:
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
