"""A dispatcher in a process of its own, for a test to kill, freeze, cut off, or take its database away.

python -m tests.support.dispatcher_child HOME BASE_URL [--outbox URL] [--lease SECONDS] ...

It says `ready` when it is open, ends cleanly at SIGTERM, and by itself only if its outbox could not be opened or
something is set that ends it. What else can be set is what a program of somebody else's may bring along.
"""

import argparse
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import anyio
import httpx

from tests.support.crashes import Crash, CrashPoint
from tipline_client import Dispatcher, Event, Hook, Options, RetryPolicy, TiplineClient, profiles
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.delivery.steps import Step
from tipline_client.errors import OutboxUnavailableError
from tipline_client.home import Home
from tipline_client.outbox import Outbox
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.known import MOCK, PRODUCTION, TESTING
from tipline_client.testing import TurnableClock
from tipline_client.transport import HttpTransport, Transport

__all__ = ["LANES", "hasty", "profile_of"]

LANES = {known.name: known for known in (MOCK, TESTING, PRODUCTION)}


def hasty(lease_for: timedelta = timedelta(seconds=1)) -> Options:
    """Leases, waits and repeats short enough that many of them fit into a short run."""
    return Options(
        slots=4,
        lease_for=lease_for,
        policy=RetryPolicy(first=timedelta(milliseconds=10), longest=timedelta(milliseconds=100)),
        poll_every=timedelta(milliseconds=50),
    )


def profile_of(lane: str, base_url: str, *, progress: float = 60) -> EndpointProfile:
    """A profile by name and environment of a lane, with an address and credentials of this machine."""
    at_hand = profiles.mock(base_url, progress_timeout=timedelta(seconds=progress))
    return replace(at_hand, name=LANES[lane].name, environment=LANES[lane].environment)


class WallClock:
    """The machine's clock, set wrong by as many hours as a file says.

    Args:
        file: Whoever writes into it makes the clock jump.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        """What it shows."""
        return datetime.now(UTC) + timedelta(hours=float(self._file.read_text(encoding="ascii")))

    async def sleep(self, duration: timedelta) -> None:
        """Return after `duration`, however the clock jumps."""
        await anyio.sleep(max(duration.total_seconds(), 0))


@asynccontextmanager
async def _own_network(profile: EndpointProfile, *, has_hooks: bool) -> AsyncIterator[Transport]:
    """A client that knows nothing of our credentials and brings its own; perhaps one that changes requests, too."""

    async def change(request: httpx.Request) -> None:
        del request.headers["Authorization"]

    hooks = {"request": [change]} if has_hooks else {}
    async with (
        httpx.AsyncClient(auth=("somebody", "else"), follow_redirects=True, event_hooks=hooks) as client,
        HttpTransport.open(profile, client=client) as transport,
    ):
        yield transport


def _fail(_: Event) -> None:
    raise RuntimeError("the pager is on fire")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _options(asked: argparse.Namespace) -> Options:
    options = hasty(timedelta(seconds=asked.lease))
    if asked.clock:
        options = replace(options, clock=WallClock(asked.clock))
    if asked.turns_clock:
        # With the waits of a real service, which then pass in no time.
        options = replace(options, clock=TurnableClock(datetime.now(UTC)), policy=RetryPolicy())
    if asked.hook_fails:
        options = replace(options, hooks=[Hook("pager", _fail)])
    if asked.own_client:
        options = replace(
            options, open_transport=partial(_own_network, has_hooks=asked.own_client == "that changes requests")
        )
    return options


def main() -> int:
    """Deliver until killed or told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("base_url")
    parser.add_argument("--outbox")
    parser.add_argument("--lease", type=float, default=1)
    parser.add_argument("--progress", type=float, default=60)
    parser.add_argument("--lane", choices=LANES, default=MOCK.name)
    parser.add_argument("--clock", type=Path)
    parser.add_argument("--turns-clock", action="store_true")
    parser.add_argument("--hook-fails", action="store_true")
    parser.add_argument("--own-client", choices=["plain", "that changes requests"])
    parser.add_argument("--drain-days", type=float)
    parser.add_argument("--dies-at", nargs=3, metavar=("ENTRY", "STEP", "POINT"))
    asked = parser.parse_args()
    # A shell has what it starts in the background ignore it, and that is handed down.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    outbox: str | Outbox | None = asked.outbox
    options = _options(asked)
    if asked.dies_at:
        crash = Crash(Step(asked.dies_at[1]), CrashPoint(asked.dies_at[2]), die=_die)
        outbox = crash.outbox(Home(asked.home).open_outbox())
        options = replace(options, open_transport=crash.open_transport)
    profile = profile_of(asked.lane, asked.base_url, progress=asked.progress)
    try:
        client = TiplineClient.open(asked.home, profile=profile, outbox=outbox, options=options)
    except OutboxUnavailableError:
        # As the command does; whoever keeps the service running starts it again.
        return ExitCode.OUTBOX_UNAVAILABLE
    with client:
        dispatcher = Dispatcher(client)
        signal.signal(signal.SIGTERM, lambda *_: dispatcher.stop())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        if asked.dies_at:
            client.deliver(asked.dies_at[0])
        elif asked.drain_days is not None:
            dispatcher.drain(patience=timedelta(days=asked.drain_days))
        else:
            dispatcher.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
