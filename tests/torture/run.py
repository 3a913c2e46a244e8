"""One torture run: entries handed in while dispatchers die, the outbox is struck, and the endpoint misbehaves.

Then peace, in which the dispatchers end what is left, and the count. The claim under test: one finished report for each
idempotency key, no file of it twice or missing, and an outbox that says the same.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.torture.finding import Finding, count, hand_in
from tests.torture.grounds import Ground
from tests.torture.processes import Pack
from tipline_client import Dispatcher, TiplineClient
from tipline_client.errors import OutboxUnavailableError
from tipline_client.mock import MockEndpoint

__all__ = ["CHANCES", "Torture"]

CHANCES = {
    "lost_reply": 0.05,
    "lost_request": 0.03,
    "status": 0.04,
    "truncate": 0.02,
    "garbage": 0.02,
    "close": 0.03,
}
"""How often the endpoint fails a call, and how."""

_LOOK_EVERY = 0.05
_PATIENCE = 60.0
"""Seconds in which dispatchers that nobody disturbs any more must have delivered something."""


@dataclass(slots=True, kw_only=True)
class Torture:
    """The settings of a run.

    Attributes:
        home: Where keys and evidence lie; made by the run.
        ground: Where the outbox is.
        seed: Decides what is struck when, and what the endpoint drops. The timing of the machine stays chance.
        entries: How many are handed in.
        dispatchers: How many processes at once.
        seconds: How long dispatchers are struck, at least.
        strikes: How often they are struck, at least: on a slow machine little happens in a second.
        pause: Between two strikes, at most, in seconds.
        tell: Told how it goes.
    """

    home: Path
    ground: Ground
    seed: int
    entries: int
    dispatchers: int
    seconds: float
    strikes: int = 0
    pause: float = 0.6
    tell: Callable[[str], None] = field(default=lambda _: None)

    def run(self) -> Finding:
        """Torture, make peace, count."""
        chance = Random(self.seed)  # noqa: S311 - what happens when; no secret
        ground = self.ground
        with MockEndpoint() as endpoint, ground.opened(self.home, endpoint.profile) as client:
            endpoint.faults.dice(self.seed, chances=CHANCES)
            pack = Pack(
                self.home,
                endpoint.base_url,
                outbox=ground.outbox,
                size=self.dispatchers,
                chance=chance,
                log=self.home / "dispatchers.log",
            )
            try:
                self._torment(endpoint, client, pack, chance)
                endpoint.faults.clear()
                ground.make_peace()
                left = _await_peace(client, pack)
            finally:
                ground.make_peace()
                pack.end()
            # They have delivered everything; receipts that a death left unmade are made by whoever starts next.
            Dispatcher(client).drain()
            return client.call(
                count,
                endpoint,
                client.asynchronous,
                left=left,
                damaged=ground.damaged,
                blows=ground.blows,
                deaths=pack.deaths,
                deserters=pack.deserters,
            )

    def _torment(self, endpoint: MockEndpoint, client: TiplineClient, pack: Pack, chance: Random) -> None:
        # Of its own, so that what befalls the outbox does not depend on which dispatchers were quick to start.
        misfortune = Random(self.seed)  # noqa: S311 - as above
        began, handed_in = time.monotonic(), 0
        while (passed := time.monotonic() - began) < self.seconds or min(
            handed_in - self.entries, pack.struck - self.strikes
        ) < 0:
            due = min(self.entries, round(self.entries * passed / self.seconds) + 1)
            while handed_in < due and _is_handed_in(client, handed_in):
                handed_in += 1
            time.sleep(chance.uniform(0, self.pause))
            pack.tend()
            pack.strike()
            self.ground.strike(pack, misfortune)
            self.tell(f"{passed:6.1f} s  handed in {handed_in}  finished {endpoint.summary()['finished']}")


def _is_handed_in(client: TiplineClient, number: int) -> bool:
    try:
        client.call(hand_in, client.asynchronous, number)
    except OutboxUnavailableError:
        return False
    return True


def _await_peace(client: TiplineClient, pack: Pack) -> int:
    """How many entries still wait when none do any more, or when nothing has happened for too long."""
    least, until = None, time.monotonic() + _PATIENCE
    while least != 0 and time.monotonic() < until:
        pack.tend()
        # The database may have been started a moment ago, while the connections are still those of before.
        with suppress(OutboxUnavailableError):
            waiting = client.call(client.asynchronous.outbox.count).waiting
            if least is None or waiting < least:
                least, until = waiting, time.monotonic() + _PATIENCE
        time.sleep(_LOOK_EVERY)
    return -1 if least is None else least
