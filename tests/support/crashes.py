"""A dispatcher that dies at a chosen point: nothing after it is written, sent or cleaned up.

The death is an exception that the product does not catch, raised from the outbox or the transport, which stay in the
condition that a killed process would leave them in.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.steps import Step
from tipline_client.outbox import Outbox
from tipline_client.profiles import EndpointProfile
from tipline_client.profiles.exchange import Call, NoReply, Reply
from tipline_client.transport import HttpTransport, Transport

__all__ = ["Crash", "CrashPoint", "Death", "die_at"]


class Death(BaseException):
    """The process is gone."""


class CrashPoint(StrEnum):
    """Where, seen from one step."""

    BEFORE_INTENT = "before the intent is written"
    BEFORE_SENDING = "after the intent, before the request"
    BEFORE_RECORD = "after the reply, before its record"


def _raise_death() -> None:
    raise Death


class Crash:
    """Dies once: at the first time that `step` comes to `point`.

    Args:
        step: At which step.
        point: Where in it.
        die: How; a process of its own can really die.
    """

    def __init__(self, step: Step, point: CrashPoint, *, die: Callable[[], None] = _raise_death) -> None:
        self._step = step
        self._point = point
        self._die = die
        self.has_happened = False

    def reach(self, step: Step | None, point: CrashPoint) -> None:
        if not self.has_happened and (step, point) == (self._step, self._point):
            self.has_happened = True
            self._die()

    def outbox(self, inner: Outbox) -> Any:
        """`inner`, in the hands of a dispatcher that dies."""
        return _DyingOutbox(inner, self)

    @asynccontextmanager
    async def open_transport(self, profile: EndpointProfile) -> AsyncIterator[Transport]:
        """The network, in the hands of a dispatcher that dies."""
        async with HttpTransport.open(profile) as inner:
            yield _DyingTransport(inner, self)


class _DyingOutbox:
    def __init__(self, inner: Outbox, crash: Crash) -> None:
        self._inner = inner
        self._crash = crash

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def record(self, lease: Lease, checkpoint: Checkpoint, **named: Any) -> None:
        self._crash.reach(checkpoint.intent.step if checkpoint.intent else None, CrashPoint.BEFORE_INTENT)
        await self._inner.record(lease, checkpoint, **named)


class _DyingTransport:
    def __init__(self, inner: Transport, crash: Crash) -> None:
        self._inner = inner
        self._crash = crash

    async def send(self, call: Call) -> Reply | NoReply:
        self._crash.reach(call.step, CrashPoint.BEFORE_SENDING)
        reply = await self._inner.send(call)
        self._crash.reach(call.step, CrashPoint.BEFORE_RECORD)
        return reply


def die_at(step: Step, point: CrashPoint) -> Crash:
    """A death still to come."""
    return Crash(step, point)
