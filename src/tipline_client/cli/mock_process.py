"""A mock endpoint in a process of its own, which goes on when the command that started it has ended.

What it is started with, the verb says; here it is only brought up, and waited for until it answers.
"""

import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import IO, Any, Final

from tipline_client.errors import ConfigurationError

__all__ = ["start"]

_PATIENCE: Final = 30.0
_ENDS_WITHIN: Final = 5.0


def start(arguments: Sequence[str]) -> dict[str, Any]:
    """Start `tipline mock` with these arguments, and return when it answers calls.

    Returns:
        What it says of itself as JSON, and its process id under `pid`.

    Raises:
        ConfigurationError: It ended, or did not answer in time; with what it said.
    """
    command = [sys.executable, "-m", "tipline_client", "mock", "--json", *arguments]
    with tempfile.TemporaryFile() as complaints:
        # A session of its own: a signal to the caller's terminal or job must not reach it.
        process = subprocess.Popen(  # noqa: S603 - this program itself
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, start_new_session=True
        )
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        with process.stdout as said:
            document = _document(said)
        if document is not None and "error" not in document:
            # It is meant to outlive this program, so nobody here will wait for its end.
            process.returncode = 0
            return {**document, "pid": process.pid}
        _end(process)
        complaints.seek(0)
        error = (document or {}).get("error", {})
        said_last = error.get("message") or _last_line(complaints.read())
        raise ConfigurationError(f"the mock endpoint did not start: {said_last}", hint=error.get("hint"))


def _document(said: IO[bytes]) -> dict[str, Any] | None:
    """The one document that it prints when it is ready; None if it ends before, or takes too long."""
    read = b""
    deadline = time.monotonic() + _PATIENCE
    with selectors.DefaultSelector() as selector:
        selector.register(said, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            more = os.read(said.fileno(), 65_536)
            read += more
            try:
                document: dict[str, Any] = json.loads(read)
            except ValueError:
                if more:
                    continue
                return None
            return document
    return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_ENDS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_line(complaints: bytes) -> str:
    lines = complaints.decode(errors="replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it said nothing")
