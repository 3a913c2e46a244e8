"""A test suite of somebody else, in a folder of its own, run as a process with the plug-in that is installed.

It begins with this project's own guard out of the way, so that the plug-in's can be seen at work; behind that one ours
still stands, and whatever gets so far is written down as by any other process.
"""

import os
from pathlib import Path

import pytest

from tests.support import loopback_guard

__all__ = ["ROOT", "Elsewhere"]

ROOT = Path(__file__).resolve().parents[2]

# In both ways behind the plug-in, which begins to watch between these two moments.
_CONFTEST = """
from tests.support import loopback_guard

loopback_guard.ask_first()

def pytest_sessionstart():
    loopback_guard.listen()
"""


class Elsewhere:
    """That suite.

    Args:
        pytester: Makes the folder, and runs the process.
        monkeypatch: Sets the environment of the process.
    """

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        assert loopback_guard.VIOLATIONS_FILE in os.environ
        without_guard = [path for path in os.environ["PYTHONPATH"].split(os.pathsep) if "subprocess_site" not in path]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*without_guard, str(ROOT)]))
        self.pytester = pytester
        pytester.makeconftest(_CONFTEST)

    def run(self, source: str, *arguments: str, ini: str = "") -> pytest.RunResult:
        """Run one file of tests; every test of it is named in the output, warnings are errors."""
        self.pytester.makepyfile(test_elsewhere=source)
        self.pytester.makeini(f"[pytest]\naddopts = --strict-markers -W error\n{ini}\n")
        without = [word for name in ("randomly", "cacheprovider", "schemathesis") for word in ("-p", f"no:{name}")]
        return self.pytester.runpytest_subprocess("-vv", *without, *arguments)
