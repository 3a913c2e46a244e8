"""Several dispatcher processes on one home: started, frozen for a moment, killed, told to stop, started again."""

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

__all__ = ["Pack", "StopIgnoredError"]

_PATIENCE = 30.0


class StopIgnoredError(Exception):
    """A dispatcher that was told to stop did not end."""


class Pack:
    """Dispatchers of one home.

    Args:
        home: The home that they share.
        base_url: The endpoint.
        size: How many run at once.
        chance: Which of them meets what.

    Attributes:
        deaths: How many were killed, and how many ended when told to.
    """

    def __init__(self, home: Path, base_url: str, *, size: int, chance: Random) -> None:
        self._home = home
        self._base_url = base_url
        self._chance = chance
        self._children = [self._start() for _ in range(size)]
        self.deaths: Counter[str] = Counter()

    def strike(self) -> None:
        """Kill one of them, or tell it to stop, wherever it is; another takes its place."""
        index = self._chance.randrange(len(self._children))
        victim = self._children[index]
        if self._chance.random() < 0.75:
            victim.kill()
            victim.wait()
            self.deaths["killed"] += 1
        else:
            victim.send_signal(self._chance.choice([signal.SIGTERM, signal.SIGINT]))
            self._await_end(victim)
            self.deaths["stopped"] += 1
        if victim.stdout is not None:
            victim.stdout.close()
        self._children[index] = self._start()

    def freeze(self) -> None:
        """Let none of them run for the moment: what they wrote stands as a loss of power would leave it."""
        for child in self._children:
            child.send_signal(signal.SIGSTOP)
        for child in self._children:
            # Until it stands still: on another processor it may be in the middle of a write.
            os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """Let them go on."""
        for child in self._children:
            child.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill them all."""
        for child in self._children:
            with child:
                child.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        # Not waited for: a child may well be struck while it is still starting.
        return subprocess.Popen(
            [sys.executable, "-m", "tests.torture.dispatcher_child", str(self._home), self._base_url],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _await_end(self, child: subprocess.Popen[bytes]) -> None:
        try:
            child.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise StopIgnoredError(f"a dispatcher did not end within {_PATIENCE:.0f} s of being told to") from None
