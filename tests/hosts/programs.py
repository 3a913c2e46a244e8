"""Runs a program that starts others, so that none of them outlives the test."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

__all__ = ["signalled"]

_PATIENCE = 120


def signalled(*words: str, folder: Path, said: str, number: signal.Signals, reaches_all: bool = False) -> str:
    """What a Python program and all that it starts say after a signal, until the last of them has ended.

    Args:
        words: The program.
        folder: Where it runs.
        said: In the line after which the signal is sent.
        number: The signal.
        reaches_all: Whether all that it starts get it too, as from `timeout` or a terminal.

    Raises:
        subprocess.TimeoutExpired: One of them lives on, and holds their common output open.
    """
    with subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        too_late = threading.Timer(_PATIENCE, os.killpg, (process.pid, signal.SIGKILL))
        too_late.start()
        try:
            assert process.stdout is not None
            assert any(said in line for line in process.stdout)
            too_late.cancel()
            if reaches_all:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
            return process.communicate(timeout=_PATIENCE)[0]
        finally:
            too_late.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
