"""Files that a command writes for somebody to hand on: new ones only, readable by their owner alone, whole or not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tipline_client.cli.exit_codes import CommandError

__all__ = ["new_file", "write_new"]


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that there is not yet, to be written; whatever ends the block early leaves none.

    Raises:
        CommandError: There is one, or it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except (OSError, ValueError) as error:
        raise _unwritten(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritten(path, error) from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_new(path: Path, data: bytes) -> None:
    """Write a file that there is not yet.

    Raises:
        CommandError: There is one, or it cannot be written.
    """
    with new_file(path) as file:
        file.write(data)


def _unwritten(path: Path, error: OSError | ValueError) -> CommandError:
    reason = error.strerror if isinstance(error, OSError) else "the path is unusable"
    return CommandError(f"{path}: {reason}", hint="Name a new file with --out.")
