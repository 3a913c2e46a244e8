"""Processes that are forked off, and what they say to one another."""

import os
import select
import signal
import warnings
from collections.abc import Callable

__all__ = ["PATIENCE", "Pipe", "code_of", "forked"]

PATIENCE = 60
"""Seconds that a child may take, or that one of them waits for what another says."""


def forked(work: Callable[[], object], *, code: Callable[[BaseException], int] = lambda _: 9) -> int:
    """The number of a forked process that does `work` and ends; killed if it hangs.

    Args:
        work: What it does.
        code: The exit code after an exception.
    """
    with warnings.catch_warnings():
        # Newer Pythons warn of what servers do all the time.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PATIENCE)
        try:
            work()
        except BaseException as error:  # whatever it is, the parent hears of it
            print(f"in the child: {error!r}")
            os._exit(code(error))
        os._exit(0)
    return child


def code_of(child: int) -> int:
    """The exit code of a child, once it has ended."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Pipe:
    """Words from one process to another."""

    def __init__(self) -> None:
        self._reads, self._writes = os.pipe()

    def tell(self, text: str = "go") -> None:
        """Say something."""
        os.write(self._writes, f"{text} ".encode())

    def hear(self) -> str:
        """What was said, once something was."""
        assert select.select([self._reads], [], [], PATIENCE)[0], "nobody has said anything"
        return os.read(self._reads, 65536).decode()
