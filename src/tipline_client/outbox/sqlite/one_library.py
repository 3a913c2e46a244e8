"""One SQLite library for a file in a process: two do not see each other's locks, and would damage it between them.

Whatever either of them closes drops the locks that the other one holds on that file
(https://www.sqlite.org/howtocorrupt.html, sections 2.2 and 2.2.1). So whoever opens a file says so beforehand, and is
refused where the other library has it, or where it was open as this process was forked off (`forking`). Connections of
the application's own are not known here.
"""

import os
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

from tipline_client.errors import ConfigurationError

__all__ = ["Claim", "claim", "library_of", "refuse_what_is_open"]

_HINT: Final = (
    "Open it in one way in all of the process: as the file of the home, or with one `driver`. An application that has "
    "its own tables beside the outbox keeps both in a file of its own, named with sqlite:// and its path."
)


class Claim:
    """A library's word that it has a file open; it holds as long as the object is there, or until `end`."""

    def __init__(self, file: tuple[int, int], library: str) -> None:
        self.file = file
        self.library = library
        self.process = os.getpid()

    def end(self) -> None:
        """It is not open any more."""
        _claims.pop(id(self), None)


_claims: Final[WeakValueDictionary[int, Claim]] = WeakValueDictionary()
_of_parent: Final[set[tuple[int, int]]] = set()
"""Files that were open as this process was forked off."""


def claim(path: Path, library: str) -> Claim:
    """Say that `library` is about to open a file that is there.

    Raises:
        ConfigurationError: Another library has it open in this process, or it was open as this process was forked off.
        OSError: It is not there, or cannot be looked at.
    """
    made = Claim(_identity(path), library)
    # A program that forks past Python tells nobody of it.
    if made.file in _of_parent or any(other.process != made.process for other in _of(made.file)):
        raise ConfigurationError(
            f"{path} was open as this process was forked off, and SQLite would take its parent's locks for its own: "
            "what is written could be lost",
            hint="Close the client before the fork and open one in each process after it, or start processes by "
            "`spawn`. A server that forks by itself opens it in its hook for a new worker alone.",
        )
    # First said and then asked: of two that come at once at least one is refused.
    _claims[id(made)] = made
    for other in _of(made.file):
        if other.library != library:
            made.end()
            raise ConfigurationError(
                f"{path} is open in this process with {other.library} already, and is to be opened with {library}: two "
                "SQLite libraries in one process do not see each other's locks, and would damage the file",
                hint=_HINT,
            )
    return made


def library_of(path: Path) -> str | None:
    """Which library has a file open in this process, if one has."""
    try:
        file = _identity(path)
    except (OSError, ValueError):
        return None
    return next((other.library for other in _of(file)), None)


def refuse_what_is_open() -> None:
    """In a process that was just forked off: what its parent has open is not to be opened here."""
    _of_parent.update(found.file for reference in _claims.valuerefs() if (found := reference()) is not None)


def _of(file: tuple[int, int]) -> list[Claim]:
    return [found for reference in _claims.valuerefs() if (found := reference()) is not None and found.file == file]


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
