"""An interrupt that comes while a client is being opened: the process ends all the same."""

import subprocess
import sys
from pathlib import Path

INTERRUPTED = """
import sys
from tipline_client import AsyncTiplineClient, TiplineClient, profiles
from tipline_client.client import loop_thread

opened = AsyncTiplineClient.open(sys.argv[1], profile=profiles.mock("http://127.0.0.1:9/ispws"))

def interrupt(*_, **__):
    raise KeyboardInterrupt

loop_thread._taken = interrupt
TiplineClient(opened)
"""


def test_interrupted_while_its_event_loop_starts(tmp_path: Path) -> None:
    """Interrupted before its event loop is ready, the program ends; no thread keeps it."""
    program = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]

    ended = subprocess.run(program, capture_output=True, check=False, timeout=20)

    assert b"KeyboardInterrupt" in ended.stderr
