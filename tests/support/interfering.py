"""A network on which something happens while a chosen call is under way: a person decides, the clock goes on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal

from tipline_client.delivery.steps import Step
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.exchange import Call, NoReply, Reply
from tipline_client.transport import HttpTransport, Transport

__all__ = ["Interference", "Moment"]

Moment = Literal["before the request", "after the reply"]


class Interference:
    """Lets `deed` happen once: at the first call of `step`, when its intent is durable and its result is not.

    Args:
        step: While which call.
        moment: Before the request leaves, or when the reply is there.
        deed: What happens.
    """

    def __init__(self, step: Step, moment: Moment, deed: Callable[[], Awaitable[object]]) -> None:
        self._step = step
        self._moment = moment
        self._deed = deed
        self.has_happened = False

    async def reach(self, step: Step, moment: Moment) -> None:
        if not self.has_happened and (step, moment) == (self._step, self._moment):
            self.has_happened = True
            await self._deed()

    @asynccontextmanager
    async def open_transport(self, profile: EndpointProfile) -> AsyncIterator[Transport]:
        """The network, with that on it."""
        async with HttpTransport.open(profile) as inner:
            yield _InterferedTransport(inner, self)


class _InterferedTransport:
    def __init__(self, inner: Transport, interference: Interference) -> None:
        self._inner = inner
        self._interference = interference

    async def send(self, call: Call) -> Reply | NoReply:
        await self._interference.reach(call.step, "before the request")
        reply = await self._inner.send(call)
        await self._interference.reach(call.step, "after the reply")
        return reply
