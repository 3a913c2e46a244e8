"""Files that a command writes for somebody to hand on: new ones only, readable by their owner alone."""

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Self

from tipline_client._closed import reason_of
from tipline_client._whole_file import whole_file
from tipline_client.cli.exit_codes import CommandError
from tipline_client.errors import ConfigurationError

__all__ = ["ResultLines", "new_file", "write_new"]


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that there is not yet, to be written; it is there when the block ends, and not if anything ends it early.

    Raises:
        CommandError: There is one, or it cannot be written.
    """
    _check_new(path)
    try:
        with whole_file(path) as file:
            yield file
    except OSError as error:
        raise _unwritten(path, error, "--out") from None


def _check_new(path: Path) -> None:
    """Say at once what would be said after all the work only."""
    try:
        path.lstat()
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise _unwritten(path, error, "--out") from None
    raise _unwritten(path, FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)), "--out")


def write_new(path: Path, data: bytes) -> None:
    """Write a file that there is not yet.

    Raises:
        CommandError: There is one, or it cannot be written.
    """
    with new_file(path) as file:
        file.write(data)


class ResultLines:
    """A new file of results, one in each line, of which a reader sees each at once; it stays, however the run ends.

    Args:
        path: Where; nothing may be there.

    Raises:
        CommandError: There is something, or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _opened(path, "--results")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # What could not be written was said when it was added.
        with suppress(OSError):
            self._file.close()

    def add(self, view: Mapping[str, Any]) -> None:
        """Write one.

        Raises:
            ConfigurationError: It cannot be written; the disk may be full.
        """
        try:
            self._file.write(json.dumps(view).encode() + b"\n")
            self._file.flush()
        except OSError as error:
            raise ConfigurationError(
                f"{self._path}: the results cannot be written: {error.strerror}",
                hint="Make room, or name another file with --results; the same command tells all results again.",
            ) from None


def _opened(path: Path, option: str) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except (OSError, ValueError) as error:
        raise _unwritten(path, error, option) from None
    return os.fdopen(descriptor, "wb")


def _unwritten(path: Path, error: OSError | ValueError, option: str) -> CommandError:
    reason = reason_of(error, path)
    return CommandError(f"{path}: {reason}", hint=f"Name a new file with {option}.")
