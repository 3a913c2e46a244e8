"""What SQLite's result codes mean to whoever called the outbox: one table, for both drivers.

SQLite's own messages are left behind, since nothing promises that they are free of content.
"""

from typing import Final

from tipline_client.errors import OutboxUnavailableError, TiplineError
from tipline_client.outbox.contract import UnreadableRowError

__all__ = ["failure_of", "is_full"]

_FULL_WORDS: Final = "the disk is full"

_BUSY: Final = 5
_CONSTRAINT: Final = 19
_READ_ONLY: Final = 8
_NOT_A_DATABASE: Final = 26

_RESTORE: Final = (
    "Stop every process that uses it, keep a copy of the file and its companions, and restore a backup; never begin "
    "with an empty outbox, which would file again whatever is handed in again."
)
_FULL: Final = 13
_NO_ROOM: Final = frozenset({10 | 3 << 8, 10 | 4 << 8, 10 | 19 << 8, 10 | 21 << 8})
"""Writes, flushes and the growth of the shared index that fail: what a full disk looks like where the system says so
only then, as with a file that is mapped into memory."""

_MEANINGS: Final[dict[int, tuple[str, str]]] = {
    3: ("access to the outbox file is refused", "Give this user read and write permission to the file and its folder."),
    8: (
        "the outbox file cannot be written to, or was moved while it was open",
        "Give this user write permission to the file and its folder, and check that the file is where it was.",
    ),
    10: ("reading or writing the outbox file failed", "Check the disk and the system's log, then do it again."),
    11: (
        "the outbox file is damaged",
        _RESTORE,
    ),
    14: ("the outbox file cannot be opened", "Check that the folder exists and that this user may write to it."),
    18: ("a value is larger than the outbox can keep", "Hand in a smaller report; evidence does not belong in it."),
    22: ("the file system has no room for a file of this size", "Move the outbox to another file system."),
}
"""SQLite's primary result codes (https://www.sqlite.org/rescode.html), what each says here, and the way out."""


def is_full(error: TiplineError) -> bool:
    """Whether an error of `failure_of` is for want of room, which no waiting helps."""
    return str(error).startswith(_FULL_WORDS)


def failure_of(code: int, *, waited: float | None) -> TiplineError:
    """The error for an SQLite result code, primary or extended.

    Args:
        code: The result code.
        waited: The busy timeout in seconds, for the message of a lock that was not given up; `None` if the connection
            is the caller's.
    """
    primary = code & 0xFF
    if primary == _NOT_A_DATABASE:
        return OutboxUnavailableError(
            "the outbox file is damaged, or not an SQLite database; nothing was written", hint=_RESTORE
        )
    if primary == _FULL or code in _NO_ROOM:
        return OutboxUnavailableError(
            f"{_FULL_WORDS}, or could not be written to (SQLite code {code}); nothing was written",
            hint="Free some space on the outbox's disk, then do it again.",
        )
    if primary == _BUSY:
        return _locked(waited)
    if primary == _CONSTRAINT:
        return UnreadableRowError(
            f"a row breaks the rules of its table (SQLite code {code}), which this program never lets it; "
            "nothing was written"
        )
    if primary == _READ_ONLY and waited is None:
        return OutboxUnavailableError(
            f"the connection cannot write to the outbox file (SQLite code {code}); nothing was written",
            hint="Open it without `mode=ro` or `immutable`, and leave PRAGMA query_only off. Otherwise give this user "
            "write permission to the file and its folder.",
        )
    text, hint = _MEANINGS.get(primary, ("the outbox's database refused", ""))
    return OutboxUnavailableError(f"{text} (SQLite code {code}); nothing was written", hint=hint or None)


def _locked(waited: float | None) -> OutboxUnavailableError:
    if waited is None:
        return OutboxUnavailableError(
            "the outbox is locked: another transaction held it longer than the connection waits, or a statement of the "
            "connection that changes rows is still being read; nothing was written",
            hint="Fetch all rows of a statement with RETURNING before the enqueue. Otherwise find what keeps the "
            "outbox file locked, then do it again.",
        )
    return OutboxUnavailableError(
        f"the outbox is locked: another transaction held it for more than {waited:g} s; nothing was written",
        hint="Find what keeps the outbox file locked, then do it again. If it is your own transaction, hand in its "
        "`connection`, and the report commits with it.",
    )
