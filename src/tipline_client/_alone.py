"""One process at a time where several may come to make the same thing."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["alone_in"]


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Of all that make something in this folder, one at a time; together where the file system has no locks."""
    descriptor = None
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno is None:
            # Of a signal handler, and not the system's.
            raise
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
