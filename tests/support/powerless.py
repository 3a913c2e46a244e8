"""Root without root's right to enter and to read everything, so that a closed folder is closed to a test too.

CI runs as root, to whom nothing is closed. What is given up here is the calling thread's and that of threads which it
starts, and only until the block ends; the user stays the same, so that Python's own files stay readable.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["NOBODY", "close", "powerless"]

NOBODY = 65534
"""Somebody else."""

_VERSION_3 = 0x20080522
_DAC_OVERRIDE, _DAC_READ_SEARCH, _FOWNER = 1, 2, 3


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Half(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextmanager
def powerless() -> Iterator[None]:
    """Be refused what any user is refused."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    # Of this thread alone, and the permitted ones stay: they can be taken up again.
    header, halves = _Header(_VERSION_3, 0), (_Half * 2)()
    _called(libc.capget(ctypes.byref(header), halves))
    kept = halves[0].effective
    halves[0].effective = kept & ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH | 1 << _FOWNER)
    _called(libc.capset(ctypes.byref(header), halves))
    try:
        yield
    finally:
        halves[0].effective = kept
        _called(libc.capset(ctypes.byref(header), halves))


def close(path: Path, *, mode: int | None = None) -> None:
    """Make a folder or a file somebody else's, closed to all others; without root, closed to its owner."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
        path.chmod(mode if mode is not None else 0o700 if path.is_dir() else 0o600)
    else:
        path.chmod(0)


def _called(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
