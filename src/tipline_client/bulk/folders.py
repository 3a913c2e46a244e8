"""A folder of submission files, read one at a time; and which files in it nobody has read.

A file that was left out in silence would be a report that nobody files, so what may hold submissions and is not read
is named.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tipline_client.bulk.rejects import is_reasons
from tipline_client.bulk.sources import Item, empty, file_item, is_lines, unreadable
from tipline_client.bulk.streams import Stream

__all__ = ["FolderSource"]

_TABLES = frozenset({".csv", ".tsv"})
_PACKED = frozenset({".gz", ".bz2", ".xz", ".zst", ".zip"})
_KEPT = frozenset({".bak", ".old", ".orig", ".save", ".swp", ".tmp", ".part"})
"""What editors and copies leave beside a file, or in its place."""


@dataclass(slots=True)
class FolderSource:
    """A folder of submission files, in the order of their names.

    Attributes:
        folder: The folder.
        is_recursive: Whether folders in it are looked into, after its own files; links to folders are not followed.
            Paths of evidence are relative to the folder of each submission.
        count: How many submission files there are, once it was read.
        passed_over: What else in it may hold submissions, once it was read: files of lines and tables, which are named
            by themselves, packed and hidden files, what editors keep of a file, links to folders, hidden folders, and
            files in folders that were not looked into.
    """

    folder: Path
    is_recursive: bool = False
    count: int | None = None
    head: bytes = b""
    passed_over: tuple[str, ...] = ()

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

    @property
    def stream(self) -> Stream | None:
        """Nothing has to be waited for."""
        return None

    def items(self) -> Iterator[Item]:
        """The submissions of its `.json` files."""
        found: list[Path] = []
        passed_over: list[str] = []
        unread: list[Item] = []
        for folder, names in self._folders(unread, passed_over):
            is_read = self.is_recursive or folder == self.folder
            for name in names:
                path = folder / name
                if is_read and path.suffix.lower() == ".json" and not name.startswith(".") and _is_to_be_read(path):
                    found.append(path)
                elif _may_hold_submissions(name):
                    passed_over.append(str(path))
        self.count, self.passed_over = len(found), tuple(passed_over)
        yield from unread
        for number, path in enumerate(found, start=1):
            yield file_item(path, number)
        if not found and not unread:
            yield empty(self.name)

    def _folders(self, unread: list[Item], passed_over: list[str]) -> Iterator[tuple[Path, list[str]]]:
        def keep(error: OSError) -> None:
            # What was not to be read is no submission that cannot be.
            if self.is_recursive or Path(error.filename) == self.folder:
                is_source = Path(error.filename) == self.folder
                unread.append(unreadable(str(error.filename), error, is_source=is_source))

        for folder, below, names in os.walk(self.folder, onerror=keep):
            here = Path(folder)
            passed_over += [
                str(here / name) for name in sorted(below) if name.startswith(".") or (here / name).is_symlink()
            ]
            below[:] = sorted(name for name in below if not name.startswith("."))
            yield here, sorted(names)


def _is_to_be_read(path: Path) -> bool:
    """Whether it is a file, or something that should be one, such as a link that leads nowhere: that is told of."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


def _may_hold_submissions(name: str) -> bool:
    # With a letter before it, since a name that is all ending, such as .json, has none to pathlib.
    plain = Path(f"x{name.rstrip('~')}")
    while plain.suffix.lower() in _PACKED | _KEPT:
        plain = Path(plain.stem.rstrip("~"))
    return plain.suffix.lower() in {".json", *_TABLES} or (is_lines(plain) and not is_reasons(plain))
