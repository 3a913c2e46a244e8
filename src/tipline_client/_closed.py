"""Why the system refuses a path: which folder or file is closed, whose it is, and the way out.

Words alone, for whoever raises an error about it; which error that is, each room says itself.
"""

import errno
import os
import pwd
import stat
from pathlib import Path
from typing import Final

__all__ = ["is_denied", "reason_of", "reason_of_input", "way_in"]

_DENIED: Final = frozenset({errno.EACCES, errno.EPERM})


def is_denied(error: BaseException) -> bool:
    """Whether it says that this user may not."""
    return isinstance(error, OSError) and error.errno in _DENIED


def reason_of(error: OSError | ValueError, path: str | os.PathLike[str]) -> str:
    """What to say of a path that could not be used: where this user may not, what is closed and whose it is."""
    if not isinstance(error, OSError):
        return "the path is unusable"
    words = error.strerror or "it cannot be used"
    if not is_denied(error):
        return words
    place = _closed_place(Path(path))
    status = _status(place)
    if status is None:
        return f"{words}: {place} is closed to the user {_name(os.geteuid())}"
    kind = "folder" if stat.S_ISDIR(status.st_mode) else "file"
    return (
        f"{words}: the {kind} {place} is closed to the user {_name(os.geteuid())}; it is owned by "
        f"{_name(status.st_uid)}, with mode {stat.S_IMODE(status.st_mode):04o}"
    )


def way_in(error: BaseException, path: str | os.PathLike[str]) -> str | None:
    """The way out where something of an installation is closed; `None` where it is not that."""
    if not is_denied(error):
        return None
    place = _closed_place(Path(path))
    status = _status(place)
    owner, user = None if status is None else status.st_uid, os.geteuid()
    if owner in {None, user}:
        return f"Give this user the right to it: `namei -l {path}` shows owner and mode of each folder on the way."
    if owner == 0:
        return (
            f"If a command that root ran left it behind, root gives it back with `chown -R {_name(user)}: {place}`; "
            "else name a place that this user may use."
        )
    return f"Run the command as its owner: `runuser -u {_name(owner)} -- tipline ...`."


def reason_of_input(error: OSError | ValueError, path: str | os.PathLike[str]) -> str:
    """What to say of a submission that could not be read: as `reason_of`, with the way out where it is closed."""
    way = "; the shell may be allowed to open it: `tipline enqueue - < FILE`" if is_denied(error) else ""
    return reason_of(error, path) + way


def _closed_place(path: Path) -> Path:
    """What on the way to a path refuses this user: the folder that cannot be entered or written, or the path itself."""
    try:
        # A link may lead to a closed place, of which the link itself says nothing.
        path = Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path
    for folder, inner in zip(reversed(path.parents), [*reversed(path.parents), path][1:], strict=True):
        try:
            inner.lstat()
        except OSError:
            return folder
    return path


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _name(uid: int | None) -> str:
    if uid is None:
        return "somebody"
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
