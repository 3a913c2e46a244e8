"""What a run of tests says to the processes that its tests start, in a variable that they inherit.

The pytest plug-in watches its own process. A process below it has no plug-in, and yet goes by this variable: the
transport addresses loopback alone there. Values alone; who sets it and who reads it is elsewhere.
"""

from collections.abc import Mapping
from typing import Final

__all__ = ["VARIABLE", "is_below", "may_reach_testing", "said"]

VARIABLE: Final = "TIPLINE_TEST_RUN"
"""Set for the whole run, by each process that runs tests."""

_TESTING: Final = "testing"


def said(process: int, *, to_testing: bool = False) -> str:
    """The variable's value.

    Args:
        process: The id of the process that runs the tests, in which the plug-in itself watches.
        to_testing: Whether the hotline's own test host may be reached meanwhile.
    """
    return f"{process}:{_TESTING}" if to_testing else str(process)


def is_below(environ: Mapping[str, str], process: int) -> bool:
    """Whether a process was started by a test, or by what a test started."""
    value = environ.get(VARIABLE, "")
    return bool(value) and value.partition(":")[0] != str(process)


def may_reach_testing(environ: Mapping[str, str]) -> bool:
    """Whether the test that runs is marked as one that may reach the hotline's own test host."""
    return environ.get(VARIABLE, "").partition(":")[2] == _TESTING
