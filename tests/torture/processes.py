"""Several dispatcher processes on one outbox: started, frozen for a moment, killed, told to stop, started again."""

import os
import select
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.support.dispatchers import start_dispatcher
from tipline_client.cli.exit_codes import ExitCode

__all__ = ["Pack", "StopIgnoredError"]

_PATIENCE = 60.0
_WHILE_STARTING = 0.1


class StopIgnoredError(Exception):
    """A dispatcher that was told to stop did not end."""


@dataclass(slots=True)
class _Leaving:
    """A dispatcher that was told to stop, and until when it may take."""

    child: "subprocess.Popen[bytes]"
    until: float = field(default_factory=lambda: time.monotonic() + _PATIENCE)


class Pack:
    """Dispatchers of one outbox.

    Args:
        home: The home that they share.
        base_url: The endpoint.
        outbox: Where the outbox is, if not in the home.
        size: How many run at once.
        chance: Which of them meets what.
        log: Where they write their errors to.

    Attributes:
        deaths: How many were killed, ended when told to, or had to be started again, since the outbox could not be
            opened when they started.
        deserters: The exit codes of those that ended although nobody had told them to.
    """

    def __init__(self, home: Path, base_url: str, *, outbox: str | None, size: int, chance: Random, log: Path) -> None:
        self._home = home
        self._base_url = base_url
        self._outbox = outbox
        self._chance = chance
        self._log = log
        self._children = [self._start() for _ in range(size)]
        self._leaving: list[_Leaving] = []
        self.deaths: Counter[str] = Counter()
        self.deserters: list[int] = []

    @property
    def struck(self) -> int:
        """How many were killed or told to stop."""
        return self.deaths["killed"] + self.deaths["stopped"]

    def strike(self) -> None:
        """Kill one of them, or tell it to stop, wherever it is; another takes its place.

        Mostly one that is at work, and nobody if none is: on a slow machine all would die while they start.
        """
        everybody = list(range(len(self._children)))
        among = everybody if self._chance.random() < _WHILE_STARTING else list(filter(self._is_at_work, everybody))
        if not among:
            return
        index = self._chance.choice(among)
        victim = self._children[index]
        if self._chance.random() < 0.75:
            victim.kill()
            victim.wait()
            self.deaths["killed"] += 1
        else:
            victim.send_signal(self._chance.choice([signal.SIGTERM, signal.SIGINT]))
            # Not waited for: what it has under way may need a database that is just not there.
            self._leaving.append(_Leaving(victim))
            self.deaths["stopped"] += 1
        self._replace(index)

    def tend(self) -> None:
        """Start again what ended by itself.

        Raises:
            StopIgnoredError: One that was told to stop long ago has not ended.
        """
        for index, child in enumerate(self._children):
            code = child.poll()
            if code is None:
                continue
            if code == ExitCode.OUTBOX_UNAVAILABLE:
                self.deaths["started in vain"] += 1
            else:
                self.deserters.append(code)
            self._replace(index)
        self._leaving = [one for one in self._leaving if one.child.poll() is None]
        if any(time.monotonic() > one.until for one in self._leaving):
            raise StopIgnoredError(f"a dispatcher did not end within {_PATIENCE:.0f} s of being told to")

    def freeze(self) -> None:
        """Let none of them run for the moment: what they wrote stands as a loss of power would leave it."""
        for child in self._all():
            child.send_signal(signal.SIGSTOP)
        for child in self._all():
            # Until it stands still: on another processor it may be in the middle of a write.
            if child.returncode is None:
                os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """Let them go on."""
        for child in self._all():
            child.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """Kill them all."""
        for child in self._all():
            with child:
                child.kill()

    def _all(self) -> "list[subprocess.Popen[bytes]]":
        return [*self._children, *(one.child for one in self._leaving)]

    def _is_at_work(self, index: int) -> bool:
        # It says one word when it is open, which nobody reads.
        stdout = self._children[index].stdout
        return stdout is not None and bool(select.select([stdout], [], [], 0)[0])

    def _replace(self, index: int) -> None:
        stdout = self._children[index].stdout
        if stdout is not None:
            stdout.close()
        self._children[index] = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return start_dispatcher(self._home, self._base_url, outbox=self._outbox, stdout=subprocess.PIPE, stderr=log)
