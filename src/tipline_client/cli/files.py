"""Files that a verb writes for somebody: new ones, readable by their owner alone."""

import os
from pathlib import Path

from tipline_client.cli.exit_codes import CommandError

__all__ = ["write_new"]


def write_new(path: Path, data: bytes) -> None:
    """Write a file that there is not yet.

    Raises:
        CommandError: There is one, or it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the path is unusable"
        raise CommandError(f"{path}: {reason}", hint="Name a new file with --out.") from None
