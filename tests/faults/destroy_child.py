"""A process that destroys an entry and is killed at a chosen point; without one, it ends by itself.

python -m tests.faults.destroy_child HOME ENTRY POINT
"""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio

from tipline_client.delivery.clock import SystemClock
from tipline_client.dispatch.keeping import Keeper
from tipline_client.home import Home
from tipline_client.vault import Vault

POINTS = tuple(
    f"{when} {step}"
    for step in ("begin_destruction", "erase", "empty", "scrub", "complete_destruction")
    for when in ("before", "after")
)


class Dying:
    """Something whose process dies before or after one of its calls."""

    def __init__(self, inner: Any, point: str) -> None:
        self._inner = inner
        self._when, _, self._step = point.partition(" ")

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._watched(found) if name == self._step else found

    def _watched(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def watched(*arguments: Any, **named: Any) -> Any:
            if self._when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            await call(*arguments, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        return watched


class DyingOutbox:
    """An outbox with such an archive."""

    def __init__(self, inner: Any, point: str) -> None:
        self._inner = inner
        self.archive = Dying(inner.archive, point)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def main(home: str, entry_id: str, point: str) -> None:
    """Destroy."""
    place = Home(home)
    outbox = place.open_outbox()
    keeper = Keeper(
        outbox=DyingOutbox(outbox, point),
        evidence=Dying(place.evidence(), point),
        keys=place.keys(),
        vault=Vault(place.master_keys()),
        clock=SystemClock(),
    )
    await keeper.destroy(entry_id, reason="the year is over", actor="Zoë", request="order 12")
    await outbox.close()


if __name__ == "__main__":
    anyio.run(partial(main, *sys.argv[1:]))
