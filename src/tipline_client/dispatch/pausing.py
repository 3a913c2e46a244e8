"""What a dispatcher does while its lane is paused: nothing but probes, further and further apart.

It knows the lane and the probe, and nothing of entries.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from tipline_client.delivery.answers import Answer
from tipline_client.dispatch.probing import probe
from tipline_client.dispatch.road import Road
from tipline_client.dispatch.transports import Transports

__all__ = ["Pause"]

_LOOK: Final = timedelta(seconds=1)
"""The first look after something has changed: another dispatcher's probe may be under way, and end the pause."""
_LONGEST_LOOK: Final = timedelta(seconds=60)
"""Looks are twice as far apart each time that nothing has changed, so that a long pause costs little."""


class Pause:
    """The part of one dispatcher in the incidents of its lane.

    Args:
        road: Whose lane, policy and endpoint.
        wait: Waits so long, or until the dispatcher is asked to stop: new entries do not make the endpoint well.
    """

    def __init__(self, road: Road, *, wait: Callable[[timedelta], Awaitable[None]]) -> None:
        self._road = road
        self._wait = wait
        self._since: datetime | None = None
        self._has_probed = False
        self._is_fresh = True
        self._seen_version = -1
        self._look = _LOOK

    def is_over(self) -> None:
        """The incident has ended, or there is none."""
        self._since, self._has_probed, self._is_fresh = None, False, False

    async def sit_out(self, transports: Transports, *, patience: timedelta | None) -> bool:
        """Probe if a probe is due and nobody else has taken the turn; else wait.

        Args:
            transports: Where a transport for the probe is taken from.
            patience: How long to bear with the incident; `None` for ever. Refused credentials are not waited for.

        Returns:
            Whether to go on; false when whoever asked should not wait for the endpoint any longer.

        Raises:
            OutboxUnavailableError: The state of the lane can be neither seen nor changed.
        """
        lane = self._road.lane
        self._since = self._since or lane.seen_at
        if self._has_probed and self._is_too_long(patience):
            return False
        # Whoever starts a dispatcher has perhaps just mended what was wrong: its first probe waits for nothing. Whoever
        # was there when the incident began knows of nothing mended, and takes turns with the others.
        at_once, self._is_fresh = self._is_fresh, False
        if await lane.take_probe(policy=self._road.policy, random=self._road.random, at_once=at_once):
            self._has_probed = True
            await lane.note_probe(await self._probe(transports))
            return not (lane.is_paused and self._is_too_long(patience))
        if lane.incident is not None:
            # Paused until the next probe, or another dispatcher's entry is on trial.
            await self._wait(min(lane.next_probe_in, self._next_look()) if lane.is_paused else _LOOK)
            return not self._is_too_long(patience)
        return True

    def _next_look(self) -> timedelta:
        version = self._road.lane.version
        self._look = _LOOK if version != self._seen_version else min(2 * self._look, _LONGEST_LOOK)
        self._seen_version = version
        return self._look

    def _is_too_long(self, patience: timedelta | None) -> bool:
        lane = self._road.lane
        if patience is None or lane.incident is None or self._since is None:
            return False
        return lane.incident.is_denial or lane.seen_at - self._since >= patience

    async def _probe(self, transports: Transports) -> Answer:
        transport = await transports.take()
        try:
            return await probe(transport, self._road.profile)
        finally:
            transports.give_back(transport)
