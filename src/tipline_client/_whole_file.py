"""Files that have their name only when all of them is on the disk: no kill leaves a part of one under it."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["sync_folder", "whole_file"]

_WITHOUT_LINKS: Final = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""A file system on which a file has one name."""
_SHOWN: Final = 100
"""How many bytes of the name a draft has, so that it is not too long where the name itself is not."""


@contextmanager
def whole_file(path: Path, *, mode: int = 0o600, replaces: bool = False) -> Iterator[BinaryIO]:
    """A file to be written, which is there when the block ends; whatever ends it early leaves none.

    Args:
        path: Where. A process that is killed leaves a hidden `.draft` beside it, which nothing reads.
        mode: Its mode from its first moment, so that a secret is never readable by others.
        replaces: Whether it takes the place of what is there.

    Raises:
        FileExistsError: Something is there, or has come to be there meanwhile; it stays.
        OSError: It cannot be written.
        ValueError: The path is none of a file.
    """
    shown = path.name.encode(errors="ignore")[:_SHOWN].decode(errors="ignore")
    draft = path.with_name(f".{shown}.{secrets.token_hex(8)}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if replaces:
            draft.replace(path)
        else:
            _give_name(draft, path)
    finally:
        with suppress(OSError):
            draft.unlink()
    # A folder may be one to write into and not to look at; then when the name is on the disk is for the system to say.
    with suppress(PermissionError):
        sync_folder(path.parent)


def _give_name(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in _WITHOUT_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
        draft.replace(path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: It cannot be opened or synchronised.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
