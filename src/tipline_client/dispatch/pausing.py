"""What a dispatcher does while its lane is paused: nothing but probes, further and further apart.

It knows the lane and the probe, and nothing of entries.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from tipline_client.delivery.answers import AnswerKind, Scope
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.probing import probe
from tipline_client.dispatch.road import Road
from tipline_client.dispatch.transports import Transports

__all__ = ["Pause"]


class Pause:
    """The probes of one dispatcher, from one incident to the next.

    Args:
        road: Whose lane, policy and endpoint.
        wait: Waits so long, or until the dispatcher is asked to stop: new entries do not make the endpoint well.
    """

    def __init__(self, road: Road, *, wait: Callable[[timedelta], Awaitable[None]]) -> None:
        self._road = road
        self._wait = wait
        self._probes = 0

    def is_over(self) -> None:
        """The incident has ended; the next one begins with a probe at once again."""
        self._probes = 0

    async def sit_out(self, transports: Transports, *, patience: timedelta | None) -> bool:
        """Wait as the policy says, then probe once.

        Args:
            transports: Where a transport for the probe is taken from.
            patience: How long the incident may have lasted; `None` for ever. Refused credentials are not waited for.

        Returns:
            Whether to go on; false when whoever asked should not wait for the endpoint any longer.
        """
        if self._probes:
            if self._is_too_long(patience):
                return False
            await self._wait(self._road.policy.delay(self._probes - 1, random=self._road.random))
            if self._road.is_stopping():
                return True
        self._probes += 1
        if await self._probe(transports):
            self._road.lane.resume()
            return True
        return not self._is_too_long(patience)

    def _is_too_long(self, patience: timedelta | None) -> bool:
        incident = self._road.lane.incident
        if patience is None or incident is None:
            return False
        return incident.is_denial or self._road.lane.paused_for >= patience

    async def _probe(self, transports: Transports) -> bool:
        transport = await transports.take()
        try:
            answer = await probe(transport, self._road.profile)
        finally:
            transports.give_back(transport)
        if answer.kind is AnswerKind.SUCCESS:
            return True
        self._road.lane.note_probe(
            Failure(answer.kind.value, answer.reason, Scope.ENDPOINT, Step.STATUS, answer.code, answer.request_id)
        )
        return False
