"""One path from its first moment to its end: dispatchers made of production code, the mock, a clock and a script.

The dispatchers of the setup run until they end. As long as an entry is not at its end, another dispatcher is started
a minute later; once the script is used up, it finds a healthy endpoint. A dead letter is put back once by a person, to
see that what was left behind harms nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import cast

from tests.explorer.choices import Choices
from tests.explorer.endpoint import Endpoint
from tests.explorer.evidence import EvidenceInMemory, ProcessEvidence
from tests.explorer.ledger import Ledger
from tests.explorer.loop import VirtualLoop
from tests.explorer.process import Death, Process, overtakings
from tests.explorer.promises import Ending, broken_promises, describe
from tests.explorer.setup import START, VAULT, Door, Setup, reader_of
from tests.explorer.store import ProcessOutbox
from tests.explorer.stores import open_outbox
from tests.explorer.wire import MOST_REQUESTS, ProcessTransport
from tipline_client.delivery.clock import SystemClock
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.delivery.states import State
from tipline_client.dispatch import Conductor, LaneGate, Road, SharedBook
from tipline_client.dispatch.receipting import sign_outstanding
from tipline_client.errors import IllegalTransitionError, TiplineError
from tipline_client.evidence.store import EvidenceStore
from tipline_client.mock.clock import MockClock
from tipline_client.outbox import Lane, Outbox

__all__ = ["World"]

_PATIENCE = timedelta(days=3)
_MOST_DISPATCHERS = 16
_A_MINUTE = 60
_ON_THE_PORTAL = 77
"""The number that a person got there; no report of ours has it."""
_TRIES_BY_HAND = 6
_BETWEEN_TRIES = 15
_POLL_OF_THE_FIRST = timedelta(seconds=22)
_POLL_OF_OTHERS = timedelta(seconds=16)
"""So that another one looks first when a lease of half a minute has ended."""


class _Clock(SystemClock):
    """The loop's virtual time as a date."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())


class _ProcessClock(_Clock):
    """The same time as one process waits by it: a wait within a lease is a seam."""

    def __init__(self, loop: VirtualLoop, process: Process, ledger: Ledger) -> None:
        super().__init__(loop)
        self._process = process
        self._ledger = ledger

    async def sleep(self, duration: timedelta) -> None:
        await super().sleep(duration)
        await self._process.gate()
        if self._ledger.is_leasing(self._process.name):
            await self._process.meet("after a wait", ("die", "cancel", "stop", "stall"))


class World:
    """Everything there is on one path."""

    def __init__(self, setup: Setup, choices: Choices, loop: VirtualLoop) -> None:
        self.setup = setup
        self.choices = choices
        self._loop = loop
        self.clock = _Clock(loop)
        self.endpoint = Endpoint(MockClock(self.clock.now), setup.profile)
        self.ledger = Ledger(self.clock.now)
        self.evidence = EvidenceInMemory(setup.contents)
        self.outbox = open_outbox(setup.kept, self.clock, setup.keys.history_chain())
        self.withdrawn: set[str] = set()
        self.filed_by_hand: set[str] = set()
        self.endings: list[str] = []
        self._is_hook_broken = False
        self._processes: list[Process] = []

    async def live_and_close(self) -> tuple[State, ...]:
        """Walk the path to its end. Returns how the entries ended."""
        try:
            return await self._live()
        finally:
            await self.outbox.close()

    async def _live(self) -> tuple[State, ...]:
        for sealed in self.setup.sealed:
            await self.outbox.enqueue(sealed.new)
        await self._run(self.setup.doors)
        await self._finish_off()
        ends = tuple([(await self.outbox.get(sealed.new.id)).state for sealed in self.setup.sealed])
        await self._judge()
        if State.DEAD_LETTER in ends and not self.ledger.violations:
            await self._put_back()
        return ends

    async def _finish_off(self) -> None:
        """Start dispatchers until every entry is at its end, then let the last stragglers arrive."""
        while await self._is_unfinished():
            if len(self._processes) >= _MOST_DISPATCHERS or self.endpoint.requests > MOST_REQUESTS:
                self.ledger.violations.append("the entry does not come to an end")
                break
            await asyncio.sleep(_A_MINUTE)
            await self._run(("drain",), alone=True)
        self.choices.close()
        for step in await self.endpoint.catch_up():
            self.choices.tell(f"the {step} that was held up arrives")
        # Whoever mends the hook gets every receipt that is still to be made.
        self._is_hook_broken = False
        await sign_outstanding(self.outbox, self.setup.keys, VAULT)

    async def _put_back(self) -> None:
        """Requeue the dead letters; what was given up before must now be filed, once."""
        self.evidence.is_broken = False
        for sealed in self.setup.sealed:
            if (await self.outbox.get(sealed.new.id)).state is State.DEAD_LETTER:
                await self.outbox.requeue(sealed.new.id, reason="a sample decision")
        self.choices.tell("a person puts the dead letter back")
        await self._finish_off()
        await self._judge(is_after_requeue=True)

    async def _is_unfinished(self) -> bool:
        entries = [await self.outbox.get(sealed.new.id) for sealed in self.setup.sealed]
        return not all(entry.state.is_terminal for entry in entries)

    async def _run(self, doors: Sequence[Door], *, alone: bool = False) -> None:
        overtaken = () if alone or len(doors) == 1 else overtakings(_most_effects(self.setup))
        for door, (process, task) in [(door, self._start(door, overtaken)) for door in doors]:
            try:
                await task
            except asyncio.CancelledError:
                if not process.was_cut_off:
                    raise
            except (Exception, Death, BaseExceptionGroup) as error:
                # Whoever delivers one entry by hand is told of everything; a service has to outlast it.
                is_told = isinstance(error, TiplineError) or door == "deliver"
                if not (process.is_dead or is_told):
                    self.ledger.violations.append(f"dispatcher {process.name} fell over with {error!r}")

    def _start(self, door: Door, overtaken: tuple[str, ...]) -> tuple[Process, asyncio.Task[None]]:
        name = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[len(self._processes)]
        process = Process(name, self.choices, self._processes, overtaken=overtaken)
        self._processes.append(process)
        outbox = cast("Outbox", ProcessOutbox(self.outbox, process, self.choices, self.ledger))
        conductor = Conductor(
            self._road(process, outbox),
            ProcessTransport(self.endpoint, process, self.choices, self.ledger).open,
            make_receipts=self._hook(process, outbox),
            slots=2,
            poll_every=_POLL_OF_THE_FIRST if name == "A" else _POLL_OF_OTHERS,
        )
        process.stop = conductor.stop
        process.asks = {
            "withdraw": self._withdraw,
            "withdraw_seen": self._withdraw,
            "filed_by_hand": self._file_by_hand,
        }
        process.main = asyncio.ensure_future(self._go(conductor, door))
        return process, process.main

    def _road(self, process: Process, outbox: Outbox) -> Road:
        profile, keys = self.setup.profile, self.setup.keys
        return Road(
            outbox=outbox,
            profile=profile,
            reader=reader_of(keys),
            seal=keys.checkpoint_seal(),
            chain=keys.history_chain(),
            evidence=cast("EvidenceStore", ProcessEvidence(self.evidence, process, self.choices)),
            lane=LaneGate(SharedBook(outbox, Lane(profile.name, profile.environment)), clock=self.clock),
            policy=RetryPolicy(),
            clock=_ProcessClock(self._loop, process, self.ledger),
            random=Random(7),  # noqa: S311 - jitter, the same in every run
        )

    async def _go(self, conductor: Conductor, door: Door) -> None:
        if door == "drain":
            await conductor.drain(patience=_PATIENCE)
            return
        for _ in range(_TRIES_BY_HAND):
            for sealed in self.setup.sealed:
                await conductor.deliver(sealed.new.id)
            await asyncio.sleep(_BETWEEN_TRIES)

    def _hook(self, process: Process, outbox: Outbox) -> Callable[[str | None], Awaitable[object]]:
        async def make_receipts(entry_id: str | None) -> object:
            await process.gate()
            if entry_id is not None:
                await process.meet("before the hook", ("die", "cancel"))
                if self.choices.pick(f"{process.name} the hook", ("fails_for_good",)):
                    self._is_hook_broken = True
            if self._is_hook_broken:
                raise RuntimeError("scripted")
            return await sign_outstanding(outbox, self.setup.keys, VAULT, entry_id)

        process.hook = make_receipts
        return make_receipts

    async def _withdraw(self) -> None:
        entry_id = self.setup.sealed[0].new.id
        try:
            await self.outbox.withdraw(entry_id, reason="a sample decision")
        except IllegalTransitionError:
            return
        self.withdrawn.add(entry_id)
        self.ledger.note_withdrawal(entry_id)
        self.choices.tell("a person withdraws the entry")

    async def _file_by_hand(self) -> None:
        entry_id = self.setup.sealed[0].new.id
        if entry_id in self.filed_by_hand:
            return
        try:
            await self.outbox.file_by_hand(entry_id, report_id=_ON_THE_PORTAL, reason="a sample decision")
        except IllegalTransitionError:
            return
        self.filed_by_hand.add(entry_id)
        self.ledger.note_hand_filing(entry_id)
        self.choices.tell("a person files the entry by hand")

    async def _judge(self, *, is_after_requeue: bool = False) -> None:
        for sealed in self.setup.sealed:
            entry_id = sealed.new.id
            ending = Ending(
                sealed=sealed,
                entry=await self.outbox.get(entry_id),
                record=await self.outbox.acknowledgement(entry_id),
                alarms=await self.outbox.alarms(entry_id=entry_id),
                attempts=await self.outbox.attempts(entry_id),
                reports=[report for report in self.endpoint.hotline.reports() if report.xml == sealed.report_xml],
                acknowledgements=self.ledger.acknowledgements.get(entry_id, 0),
                recorded=self.ledger.recorded,
                left_behind={report_id for report_id, process in self.endpoint.told.items() if not process.was_cut_off},
                was_withdrawn=entry_id in self.withdrawn,
                was_filed_by_hand=entry_id in self.filed_by_hand,
                taken=self.choices.taken,
                trusted=self.setup.keys.trusted(),
                records=self.setup.keys.record_keys(),
                is_after_requeue=is_after_requeue,
            )
            self.ledger.violations += broken_promises(ending)
            self.endings.append(describe(ending))
        known = {sealed.report_xml for sealed in self.setup.sealed}
        if any(report.xml not in known for report in self.endpoint.hotline.reports()):
            self.ledger.violations.append("a document arrived that no entry holds")


def _most_effects(setup: Setup) -> int:
    """How much a dispatcher brings about that takes over from the worst place: a retraction, and all steps anew."""
    steps = 3 + 2 * max(len(sealed.manifest) for sealed in setup.sealed)
    return 2 * steps + 1
