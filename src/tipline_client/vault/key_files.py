"""Key files on the disk: each is complete before it has its name, and a secret is readable by its owner alone.

Nothing here knows what a key is.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tipline_client._closed import reason_of, way_in
from tipline_client._whole_file import whole_file
from tipline_client.errors import ConfigurationError

__all__ = ["explained", "is_there", "names_in", "place", "read"]

_MAX_BYTES = 64 * 1024
_NOT_THERE = (FileNotFoundError, NotADirectoryError)


def is_there(path: Path) -> bool:
    """Whether there is such a file or folder; a link counts for what it leads to.

    Raises:
        ConfigurationError: This user may not look.
    """
    try:
        path.stat()
    except _NOT_THERE:
        return False
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: {reason_of(error, path)}", hint=way_in(error, path)) from None
    return True


def names_in(folder: Path) -> list[str]:
    """The names in a folder, in order; none where there is no such folder.

    Raises:
        ConfigurationError: This user may not look.
    """
    try:
        return sorted(path.name for path in folder.iterdir())
    except _NOT_THERE:
        return []
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{folder}: {reason_of(error, folder)}", hint=way_in(error, folder)) from None


def place(path: Path, data: bytes, *, mode: int, replaces: bool = False) -> None:
    """Write a file of this mode in one move; one that is there stays, unless `replaces`, also if it comes meanwhile.

    Raises:
        ConfigurationError: It cannot be written.
    """
    if is_there(path) and not replaces:
        return
    try:
        # A link that leads nowhere has the name too, and is no file that stays.
        with whole_file(path, mode=mode, replaces=replaces or path.is_symlink()) as file:
            file.write(data)
    except FileExistsError:
        # Of several that are placed at once one has the name, and whoever read it goes on with what stays.
        return
    except OSError as error:
        reason, hint = reason_of(error, path), way_in(error, path)
        raise ConfigurationError(f"{path} cannot be written: {reason}", hint=hint) from None


def read(path: Path, *, is_secret: bool = False) -> bytes:
    """The file's first bytes, more than any key has.

    Args:
        path: Which file.
        is_secret: Whether it is refused when others can read it.

    Raises:
        ConfigurationError: It cannot be read, or others can read a secret.
    """
    try:
        with path.open("rb") as file:
            if is_secret and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise ConfigurationError(f"{path} is open to others, who could use it", hint=f"chmod 600 {path}")
            return file.read(_MAX_BYTES)
    except OSError as error:
        raise ConfigurationError(f"{path}: {reason_of(error, path)}", hint=way_in(error, path)) from None


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Let what is wrong with the content of a file be said with the file's name; reading it names it already."""
    try:
        yield
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}", hint=error.hint) from None
