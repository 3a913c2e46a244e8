"""Leases entries and walks several at once, until it is told to stop or nothing is left to do.

It decides when to claim and when to wait. What is done with a lease is `walk`; whether the endpoint is there is `lane`.
"""

import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import anyio
from anyio.abc import TaskGroup

from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.outcomes import Attempt, Outcome
from tipline_client.dispatch.lane import LaneGate, OwnBook
from tipline_client.dispatch.pausing import Pause
from tipline_client.dispatch.road import Road, tell
from tipline_client.dispatch.rounds import Rounds
from tipline_client.dispatch.summary import DispatchSummary, Tally
from tipline_client.dispatch.transports import OpenTransport, Transports, transports_of
from tipline_client.dispatch.walk import Walk
from tipline_client.errors import LeaseLostError, OutboxClosedError, OutboxUnavailableError, TiplineError
from tipline_client.outbox.contract import Claimed, Lane
from tipline_client.transport import Transport

__all__ = ["Conductor", "MakeReceipts"]

_log = logging.getLogger("tipline_client.dispatch")

_MOMENT = timedelta(milliseconds=10)
_FAIR_TURN = 8
"""Each of so many claims asks for what has been due longest, so that nothing starves behind what goes first."""

MakeReceipts = Callable[[str | None], Awaitable[object]]
"""Signs the receipt of the entry with this id; for `None`, of every acknowledged entry that has none."""


class Conductor:
    """One dispatcher of one lane.

    Args:
        road: What every walk shares.
        open_transport: Opens a transport; each delivery slot has one.
        make_receipts: Makes the receipt of the entry named, or all that are still to be made; awaited at the start, and
            when an acknowledgement is durable. Its failure changes nothing about it.
        slots: How many entries are in flight at once, at most.
        poll_every: How often to look for entries that another process enqueued.
        deadline: When a report should be filed; somebody is warned before.

    Attributes:
        lane: Which entries it serves.
    """

    def __init__(
        self,
        road: Road,
        open_transport: OpenTransport,
        *,
        make_receipts: MakeReceipts,
        slots: int = 8,
        poll_every: timedelta = timedelta(seconds=1),
        deadline: Deadline | None = None,
    ) -> None:
        self._stop_asked = False
        self._road = replace(road, is_stopping=lambda: self._stop_asked)
        self.lane = Lane(road.profile.name, road.profile.environment)
        self._rounds = Rounds(road.outbox, self.lane, clock=road.clock, deadline=deadline)
        self._open_transport = open_transport
        self._make_receipts = make_receipts
        self._slots = slots
        self._poll_every = poll_every
        self._wake = anyio.Event()
        self._stopping = anyio.Event()
        self._looked_at = road.lane.seen_at
        self._is_running = False
        self._ended = anyio.Event()
        self._failure: Exception | None = None
        self._tally = Tally()
        self._unusable_since: datetime | None = None
        self._in_flight = 0
        self._claimed = 0
        self._pause = Pause(self._road, wait=lambda duration: self._wait(duration, until=self._stopping))

    def stop(self) -> None:
        """Ask for a clean end: no new claims, steps in flight end and are recorded, leases are given back.

        Once stopped it stays stopped; to go on later, make another one.
        """
        self._stop_asked = True
        self._stopping.set()
        self.notify()

    def notify(self) -> None:
        """Say that something may be due, so that the dispatcher looks before its next poll."""
        self._wake.set()

    @property
    def can_send(self) -> bool:
        """Whether there are credentials to send anything with."""
        return self._road.profile.can_send

    async def run(self) -> DispatchSummary:
        """Deliver until stopped; an outbox that fails for a while is waited for.

        Raises:
            KeyUnavailableError: This host cannot read what it would deliver.
            OutboxClosedError: The outbox was closed, or its thread has ended: it never comes back by itself.
            OutboxUnavailableError: At the end it could not be said what is left.
        """
        return await self._conduct(patience=None)

    async def drain(self, *, patience: timedelta = timedelta(seconds=60)) -> DispatchSummary:
        """Deliver until nothing is left to do.

        Args:
            patience: How long to go on when all that is left waits: for its next try, or for the endpoint. Refused
                credentials are not waited for. Nor is an outbox that fails, unless something is in flight still.

        Raises:
            KeyUnavailableError: This host cannot read what it would deliver.
            OutboxUnavailableError: The outbox failed, so that nobody knows what is left.
        """
        return await self._conduct(patience=patience)

    async def deliver(self, entry_id: str) -> Outcome | None:
        """One try of one entry, now, whether or not it is due.

        Returns:
            How it ended; `None` when it could not be leased: it is at its end, held, or with another dispatcher.

        Raises:
            KeyUnavailableError: This host cannot read it.
        """
        self._road.reader.vault.check_can_open()
        await self._rounds.make()
        leases = await self._claim(limit=1, entry_id=entry_id)
        if not leases:
            return None
        # A lane of its own: a single try neither pauses a running dispatcher nor waits for one.
        road = replace(self._road, lane=LaneGate(OwnBook(self._road.clock), clock=self._road.clock))
        async with AsyncExitStack() as stack:
            try:
                transport = await stack.enter_async_context(self._open_transport())
            except Exception:
                await self._give_back(leases[0])
                raise
            return await _try(road, leases[0], transport)

    async def end(self) -> None:
        """Stop, and wait until a run that is under way has ended."""
        self.stop()
        if self._is_running:
            await self._ended.wait()

    async def _conduct(self, *, patience: timedelta | None) -> DispatchSummary:
        # Known before anything is claimed: each entry would only be given back unread.
        self._road.reader.vault.check_can_open()
        self._tally, self._unusable_since = Tally(), None
        self._is_running, self._ended = True, anyio.Event()
        try:
            return await self._conduct_slots(patience)
        finally:
            self._is_running = False
            self._ended.set()

    async def _conduct_slots(self, patience: timedelta | None) -> DispatchSummary:
        failure: Exception | None = None
        async with transports_of(self._open_transport, on_failure=self._fail) as transports:
            await self._sign(None)
            async with anyio.create_task_group() as tasks:
                # Caught here, because a task group would wrap it in a group that no caller expects; walks end first.
                try:
                    await self._serve(tasks, transports, patience)
                except Exception as error:
                    failure = error
            # Others need not wait until the turn of somebody who is gone has ended; if this fails, they do.
            with suppress(OutboxUnavailableError):
                await self._road.lane.give_back_trial()
        failure = failure or self._failure
        if failure is not None:
            raise failure
        return self._tally.summary(
            incident=self._road.lane.incident,
            is_on_trial=self._road.lane.is_on_trial,
            waiting=(await self._road.outbox.count(lane=self.lane)).waiting,
        )

    async def _serve(self, tasks: TaskGroup, transports: Transports, patience: timedelta | None) -> None:
        while not self._stop_asked:
            try:
                await self._rounds.make()
                slots = await self._open_slots(transports, patience)
                if slots is None:
                    return
                if slots == 0:
                    continue
                claimed = await self._claim_due(limit=slots - self._in_flight)
                for lease in claimed:
                    if self._road.lane.holds_trial:
                        self._road.lane.try_with(lease.entry.id)
                    self._in_flight += 1
                    tasks.start_soon(self._walk, transports, lease)
                if claimed or claimed.set_aside:
                    continue
                if not self._in_flight:
                    await self._road.lane.end_for_want_of_entries()
                if not await self._rest(patience):
                    return
            except OutboxUnavailableError as error:
                await self._outlast(error, patience)

    async def _open_slots(self, transports: Transports, patience: timedelta | None) -> int | None:
        """How many entries may be in flight now: 0 after a wait while none may, `None` when nobody should wait on."""
        lane = self._road.lane
        await lane.look()
        if lane.incident is None:
            self._pause.is_over()
            return self._slots
        if lane.is_on_trial and await self._holds_trial():
            # One entry goes first, whatever is in flight from before: a long upload proves nothing for hours.
            return self._in_flight + (0 if lane.is_tried else 1)
        return 0 if await self._pause.sit_out(transports, patience=patience) else None

    async def _holds_trial(self) -> bool:
        """Take or keep the turn to try the lane, if there is an entry on trial or room for one."""
        lane = self._road.lane
        if lane.is_tried or self._in_flight < self._slots:
            return await lane.take_trial()
        await lane.give_back_trial()
        return False

    async def _claim(self, *, limit: int, entry_id: str | None = None, longest_due: bool = False) -> Claimed:
        return await self._road.outbox.claim(
            self.lane, limit=limit, lease_for=self._road.lease_for, entry_id=entry_id, longest_due=longest_due
        )

    async def _claim_due(self, *, limit: int) -> Claimed:
        # Cleared before looking: what is enqueued while we look wakes us again.
        self._wake = anyio.Event()
        self._looked_at = self._road.lane.seen_at
        if limit <= 0:
            return Claimed()
        is_fair_turn = self._claimed >= _FAIR_TURN - 1
        claimed = await self._claim(limit=1 if is_fair_turn else limit, longest_due=is_fair_turn)
        self._claimed = 0 if is_fair_turn else self._claimed + len(claimed)
        self._note_usable()
        for entry_id in claimed.set_aside:
            _log.error("entry %s: given up, since its row cannot be read back", entry_id)
            self._tally.add(Outcome.REJECTED, entry_id=entry_id)
        return claimed

    async def _outlast(self, error: OutboxUnavailableError, patience: timedelta | None) -> None:
        """Wait for an outbox that may come back, and say so once; a drain waits only for what is in flight."""
        now = self._road.clock.now()
        if self._unusable_since is None:
            self._unusable_since = now
            _log.error("the outbox cannot be used: %s", error)
        # What is closed never comes back by itself, and whoever started this can open it again.
        is_for_good = isinstance(error, OutboxClosedError)
        if is_for_good or (patience is not None and (not self._in_flight or now - self._unusable_since >= patience)):
            raise error
        await self._wait(self._poll_every, until=self._wake)

    def _note_usable(self) -> None:
        if self._unusable_since is not None:
            _log.warning("the outbox can be used again; it could not be since %s", self._unusable_since.isoformat())
            self._unusable_since = None

    async def _walk(self, transports: Transports, lease: Lease) -> None:
        try:
            transport = await self._transport(transports, lease)
            if transport is None:
                return
            try:
                outcome = await _try(self._road, lease, transport)
            finally:
                transports.give_back(transport)
            self._tally.add(outcome, entry_id=lease.entry.id)
            if outcome is Outcome.ACKNOWLEDGED:
                await self._sign(lease.entry.id)
        except LeaseLostError:
            _log.warning("entry %s: lease lost; whoever holds it goes on", lease.entry.id)
        except Exception as error:
            # The intent on record tells whoever leases the entry next what may have been sent.
            _log.error("entry %s: the try broke off with %s", lease.entry.id, _where(error))
        finally:
            self._road.lane.end_try(lease.entry.id)
            self._in_flight -= 1
            self.notify()

    async def _transport(self, transports: Transports, lease: Lease) -> Transport | None:
        """A transport for the lease; without one nothing can be sent for any entry, so the run ends."""
        try:
            return await transports.take()
        except Exception as error:
            self._fail(error)
            await self._give_back(lease)
            return None

    async def _give_back(self, lease: Lease) -> None:
        """Let the next one have at once what was not even begun."""
        attempt = Attempt(lease.started_at, self._road.clock.now(), Outcome.STOPPED, burns=False)
        await self._road.outbox.release(lease, lease.entry.checkpoint, attempt, available_in=timedelta(0))

    def _fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self.stop()

    async def _sign(self, entry_id: str | None) -> None:
        try:
            await self._make_receipts(entry_id)
        except Exception as error:
            # Whatever it is, the report is filed and stays so; the receipt is made another time.
            _log.error("a receipt could not be made yet: %s", _where(error))

    async def _rest(self, patience: timedelta | None) -> bool:
        """Wait until something may be due. False when a drain has nothing left to wait for."""
        if patience is None or self._in_flight > 0:
            await self._wait(self._poll_every, until=self._wake)
            return True
        due_at = (await self._road.outbox.count(lane=self.lane)).next_available
        # By the outbox's clock, which says what is due: this host's own may be hours off.
        await self._road.lane.look()
        now = self._road.lane.seen_at
        # What was due when we looked and was not given to us never will be: its row can be neither read nor changed.
        if due_at is None or due_at < self._looked_at or due_at - now > patience:
            return False
        await self._wait(min(max(due_at - now, _MOMENT), self._poll_every), until=self._wake)
        return True

    async def _wait(self, duration: timedelta, *, until: anyio.Event) -> None:
        # By the clock that the outbox goes by, so that with a turned clock nobody waits in vain; but by real time while
        # a walk is under way, since its calls take real time and its lease must not end meanwhile.
        sleep = partial(self._road.clock.sleep, duration)
        if self._in_flight:
            sleep = partial(anyio.sleep, duration.total_seconds())
        async with anyio.create_task_group() as tasks:

            async def pass_time() -> None:
                await sleep()
                tasks.cancel_scope.cancel()

            tasks.start_soon(pass_time)
            await until.wait()
            tasks.cancel_scope.cancel()


async def _try(road: Road, lease: Lease, transport: Transport) -> Outcome:
    outcome = await Walk(road, lease, transport).run()
    if outcome is Outcome.ACKNOWLEDGED:
        tell(road.on_filed, lease.entry.id)
    return outcome


def _where(error: Exception) -> str:
    if isinstance(error, TiplineError):
        return f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {frames[-1].name}:{frames[-1].lineno}" if frames else type(error).__name__
