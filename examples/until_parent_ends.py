"""Runs a command for as long as the program lives that started this, however that one ends.

    subprocess.Popen([sys.executable, "until_parent_ends.py", *command], stdin=subprocess.PIPE)

Nobody writes into the pipe. The system closes it when that program dies, also of a SIGKILL, which no program can act
upon itself; then the command is asked to end as by SIGTERM, and killed if it does not. It needs nothing of one
platform.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

CHUNK = 1024
GRACE = 20
"""Seconds for the command to end, once it was asked to."""


def main(command: list[str]) -> int:
    """Run it until it ends, or has to; its exit code, as a shell tells it."""
    # No event: its lock is not for handlers of signals, which may find it taken by the wait that they interrupt.
    is_over: list[bool] = []

    def end(*_: Any) -> None:
        is_over.append(True)

    def listen() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, CHUNK):
                pass
        end()

    signal.signal(signal.SIGTERM, end)
    # Ctrl-C reaches all programs of a terminal: the command acts upon it, and the parent ends.
    signal.signal(signal.SIGINT, lambda *_: None)
    threading.Thread(target=listen, daemon=True).start()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:  # noqa: S603 - the example's own
        while process.poll() is None and not is_over:
            time.sleep(0.1)
        process.terminate()
        try:
            code = process.wait(GRACE)
        except subprocess.TimeoutExpired:
            # Whoever started this waits for it, so that it must not wait for ever itself.
            print(
                f"killed, since it did not end within {GRACE} s: {' '.join(command[:3])}", file=sys.stderr, flush=True
            )
            process.kill()
            code = process.wait()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
