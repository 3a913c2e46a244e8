"""Leases entries and walks several at once, until it is told to stop or nothing is left to do.

It decides when to claim and when to wait. What is done with a lease is `walk`; whether the endpoint is there is `lane`.
"""

import logging
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta

import anyio

from tipline_client.delivery.answers import AnswerKind, Scope
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.outcomes import Failure, Outcome
from tipline_client.delivery.steps import Step
from tipline_client.dispatch.lane import Incident, LaneGate
from tipline_client.dispatch.probing import probe
from tipline_client.dispatch.walk import Road, Walk
from tipline_client.errors import LeaseLostError, OutboxUnavailableError, TiplineError
from tipline_client.outbox.contract import Lane
from tipline_client.transport import Transport

__all__ = ["Conductor", "DispatchSummary", "MakeReceipts", "OpenTransport"]

_log = logging.getLogger("tipline_client.dispatch")

OpenTransport = Callable[[], AbstractAsyncContextManager[Transport]]
"""Opens a transport of its own for one delivery slot."""
MakeReceipts = Callable[[str | None], Awaitable[object]]
"""Signs the receipt of the entry with this id; for `None`, of every acknowledged entry that has none."""


@dataclass(frozen=True, slots=True)
class DispatchSummary:
    """How a run of the dispatcher ended.

    Attributes:
        outcomes: How many leased tries ended in each way.
        incident: The endpoint's failure that kept the lane paused at the end, if one did.
        waiting: Entries of this lane's environment that are neither filed nor given up.
    """

    outcomes: dict[Outcome, int] = field(default_factory=dict)
    incident: Incident | None = None
    waiting: int = 0


class Conductor:
    """One dispatcher of one lane.

    Args:
        road: What every walk shares.
        open_transport: Opens a transport; each delivery slot has one.
        make_receipts: Makes the receipt of the entry named, or all that are still to be made; awaited at the start, and
            when an acknowledgement is durable. Its failure changes nothing about it.
        slots: How many entries are in flight at once, at most.
        poll_every: How often to look for entries that another process enqueued.
    """

    def __init__(
        self,
        road: Road,
        open_transport: OpenTransport,
        *,
        make_receipts: MakeReceipts,
        slots: int = 8,
        poll_every: timedelta = timedelta(seconds=1),
    ) -> None:
        self._stop_asked = False
        self._road = replace(road, is_stopping=lambda: self._stop_asked)
        self._lane = Lane(road.profile.name, road.profile.environment)
        self._open_transport = open_transport
        self._make_receipts = make_receipts
        self._slots = slots
        self._poll_every = poll_every
        self._wake = anyio.Event()
        self._outcomes: Counter[Outcome] = Counter()
        self._in_flight = 0
        self._probes = 0

    def stop(self) -> None:
        """Ask for a clean end: no new claims, steps in flight end and are recorded, leases are given back."""
        self._stop_asked = True
        self.notify()

    def notify(self) -> None:
        """Say that something may be due, so that the dispatcher looks before its next poll."""
        self._wake.set()

    async def run(self) -> DispatchSummary:
        """Deliver until stopped."""
        return await self._conduct(patience=None)

    async def drain(self, *, patience: timedelta = timedelta(seconds=60)) -> DispatchSummary:
        """Deliver until nothing is left to do.

        Args:
            patience: How long to go on when all that is left waits: for its next try, or for the endpoint. Refused
                credentials are not waited for.
        """
        return await self._conduct(patience=patience)

    async def deliver(self, entry_id: str) -> Outcome | None:
        """One try of one entry, now, whether or not it is due.

        Returns:
            How it ended; `None` when it could not be leased: it is at its end, held, or with another dispatcher.
        """
        leases = await self._claim(limit=1, entry_id=entry_id)
        if not leases:
            return None
        # A lane of its own: a single try neither pauses a running dispatcher nor waits for one.
        road = replace(self._road, lane=LaneGate(clock=self._road.clock))
        async with self._open_transport() as transport:
            return await Walk(road, leases[0], transport).run()

    async def _conduct(self, *, patience: timedelta | None) -> DispatchSummary:
        async with AsyncExitStack() as stack:
            idle: list[Transport] = []
            await self._make_receipts(None)
            async with anyio.create_task_group() as tasks:
                while not self._stop_asked:
                    if self._road.lane.is_paused:
                        if not await self._probe_until_due(stack, idle, patience):
                            break
                        continue
                    leases = await self._claim_due(limit=self._slots - self._in_flight)
                    for lease in leases:
                        self._in_flight += 1
                        tasks.start_soon(self._walk, stack, idle, lease)
                    if not leases and not await self._rest(patience):
                        break
        return DispatchSummary(
            outcomes=dict(self._outcomes),
            incident=self._road.lane.incident,
            waiting=(await self._road.outbox.count(environment=self._lane.environment)).waiting,
        )

    async def _claim(self, *, limit: int, entry_id: str | None = None) -> list[Lease]:
        return await self._road.outbox.claim(self._lane, limit=limit, lease_for=self._road.lease_for, entry_id=entry_id)

    async def _claim_due(self, *, limit: int) -> list[Lease]:
        if limit <= 0:
            return []
        # Cleared before looking: what is enqueued while we look wakes us again.
        self._wake = anyio.Event()
        try:
            return await self._claim(limit=limit)
        except OutboxUnavailableError as error:
            _log.error("the outbox cannot be read: %s", error)
            return []

    async def _walk(self, stack: AsyncExitStack, idle: list[Transport], lease: Lease) -> None:
        try:
            transport = idle.pop() if idle else await stack.enter_async_context(self._open_transport())
            try:
                outcome = await Walk(self._road, lease, transport).run()
            finally:
                idle.append(transport)
            self._outcomes[outcome] += 1
            if outcome is Outcome.ACKNOWLEDGED:
                await self._make_receipts(lease.entry.id)
        except LeaseLostError:
            _log.warning("entry %s: lease lost; whoever holds it goes on", lease.entry.id)
        except Exception as error:
            # The intent on record tells whoever leases the entry next what may have been sent.
            _log.error("entry %s: its result could not be recorded: %s", lease.entry.id, error)
        finally:
            self._in_flight -= 1
            self.notify()

    async def _rest(self, patience: timedelta | None) -> bool:
        """Wait until something may be due. False when a drain has nothing left to wait for."""
        if patience is not None and self._in_flight == 0:
            counts = await self._road.outbox.count(environment=self._lane.environment)
            if counts.next_available is None:
                return False
            if counts.next_available - self._road.clock.now() > patience:
                return False
        with anyio.move_on_after(self._poll_every.total_seconds()):
            await self._wake.wait()
        return True

    async def _probe_until_due(self, stack: AsyncExitStack, idle: list[Transport], patience: timedelta | None) -> bool:
        """Probe once and wait as the policy says. False when a drain should not wait for the endpoint any longer."""
        lane = self._road.lane
        if await self._probe(stack, idle):
            lane.resume()
            self._probes = 0
            return True
        incident = lane.incident
        if patience is not None and incident is not None:
            is_denied = incident.failure.kind == AnswerKind.DENIED.value
            if is_denied or lane.paused_for >= patience:
                return False
        wait = self._road.policy.delay(self._probes, random=self._road.random)
        self._probes += 1
        with anyio.move_on_after(wait.total_seconds()):
            # Only a stop cuts this wait short; new entries do not make the endpoint well.
            while not self._stop_asked:
                self._wake = anyio.Event()
                await self._wake.wait()
        return True

    async def _probe(self, stack: AsyncExitStack, idle: list[Transport]) -> bool:
        transport = idle.pop() if idle else await stack.enter_async_context(self._open_transport())
        answer = await probe(transport, self._road.profile)
        idle.append(transport)
        if answer.kind is not AnswerKind.SUCCESS:
            failure = Failure(answer.kind.value, answer.reason, Scope.ENDPOINT, Step.STATUS, answer.code)
            self._road.lane.note_probe(failure)
        return answer.kind is AnswerKind.SUCCESS


def _where(error: Exception) -> str:
    if isinstance(error, TiplineError):
        return f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {frames[-1].name}:{frames[-1].lineno}" if frames else type(error).__name__
