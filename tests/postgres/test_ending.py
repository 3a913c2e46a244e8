"""The server that the tests start ends with them, and leaves nothing behind: no process, no folder, no word."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT
from tests.support.postgres import required

PROGRAM = """
from tests.support.postgres import started
print(started().folder)
"""


def test_process_that_ends_in_order() -> None:
    """Its end waits until the server and its folder are gone, and the interpreter has nothing to warn of."""
    required()
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}

    command = [sys.executable, "-W", "always::ResourceWarning", "-c", PROGRAM]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=240, check=True)

    assert "" == ended.stderr
    assert not Path(ended.stdout.strip()).exists()
