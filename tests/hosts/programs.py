"""Runs a program that starts others, so that none of them outlives the test."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

__all__ = ["run_whole"]


def run_whole(*words: str, folder: Path) -> str:
    """What a Python program prints that ends well; a failure shows all of it."""
    command = [sys.executable, *words]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            said, complaints = process.communicate(timeout=300)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert 0 == process.returncode, said + complaints
    return said
