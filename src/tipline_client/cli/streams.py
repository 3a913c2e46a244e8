"""Standard streams that are closed, or that cannot be written: no work fails for that, and what was lost is said.

Nothing here knows a verb, or what is written.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["OutputLostError", "give_up", "stand_in_for_closed", "written"]


class OutputLostError(Exception):
    """Standard output could not be written; its text says why."""


@contextmanager
def written() -> Iterator[None]:
    """Tell a failure of standard output from that of a file of the work.

    Raises:
        OutputLostError: It cannot be written.
        BrokenPipeError: Its reader is gone.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLostError(error.strerror or type(error).__name__) from None


def stand_in_for_closed() -> None:
    """Take a stream that whoever started the process closed for one that nobody reads.

    Its number would go to the next file that is opened, such as the outbox, and be written into as if it were a stream.
    """
    if sys.stdin is not None and sys.stdout is not None and sys.stderr is not None:
        return
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free is taken, which is this one.
            os.open(os.devnull, os.O_RDWR)
    sys.stdin = sys.stdin or os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8", closefd=False)


def give_up() -> None:
    """Let be lost what cannot be written: the interpreter flushes once more at its end, and must not fail then."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
