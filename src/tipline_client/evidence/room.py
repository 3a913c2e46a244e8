"""How much may still be written to a disk: what is queued next must leave enough for what is queued already.

A delivery writes too, a little in each step. So an enqueue is refused while there is still room for that, and not by
the disk when there is none.
"""

import os
from pathlib import Path
from typing import Final

from tipline_client._closed import reason_of, way_in
from tipline_client.errors import OutboxUnavailableError
from tipline_client.evidence.origins import BytesOrigin, PathOrigin
from tipline_client.evidence.source import Evidence

__all__ = ["KEEP_FREE", "Room", "known_size"]

KEEP_FREE: Final = 256 * 1024 * 1024
"""Bytes that are kept free unless another number is set."""


class Room:
    """What is left on the disk of one folder.

    Args:
        folder: The folder; where it does not exist yet, the nearest one above it that does.
        keep_free: Bytes that must be left.
    """

    def __init__(self, folder: Path, *, keep_free: int = KEEP_FREE) -> None:
        self.folder = folder
        self.keep_free = keep_free

    def free(self) -> int:
        """Bytes that are free for this user, whatever is to be kept of them.

        Raises:
            OutboxUnavailableError: It cannot be told.
        """
        folder = self.folder.absolute()
        while True:
            try:
                status = os.statvfs(folder)
            except (FileNotFoundError, NotADirectoryError):
                folder = folder.parent
            except OSError as error:
                raise OutboxUnavailableError(
                    f"{folder}: free space cannot be told: {reason_of(error, folder)}", hint=way_in(error, folder)
                ) from None
            else:
                return status.f_bavail * status.f_frsize

    def check(self, needed: int, *, what: str) -> None:
        """Refuse what would leave too little.

        Args:
            needed: Bytes about to be written.
            what: What needs them, as the beginning of a sentence.

        Raises:
            OutboxUnavailableError: With the bytes that are needed and those that are free.
        """
        free = self.free()
        if free - needed < self.keep_free:
            raise OutboxUnavailableError(
                f"{what} needs {needed} bytes; {free} are free in {self.folder}, and {self.keep_free} of them are kept "
                "for what is queued already; nothing was queued",
                hint="Make room there, then do it again; deliveries go on meanwhile. keep_free says how much is kept.",
            )


def known_size(source: Evidence) -> int:
    """Bytes that a file is known to have before it is read; 0 where that is not known, or the file is none."""
    origin = source.origin
    if isinstance(origin, BytesOrigin):
        return len(origin.data)
    if isinstance(origin, PathOrigin):
        try:
            return Path(origin.path).stat().st_size
        except (OSError, ValueError):
            # Said when it is copied, by its name.
            return 0
    return 0
