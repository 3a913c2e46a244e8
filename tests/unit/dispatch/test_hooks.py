"""Hooks: told after the commit, in order, again until each event is taken or given up; nobody else waits for them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import anyio
import pytest

from tests.contract.values import MINUTE, acknowledge, lease_of, new_entry
from tests.unit.dispatch.hooking import Listener, hooks_of, started
from tipline_client.delivery.events import EntryAcknowledged, EntryQueued, Event
from tipline_client.dispatch.hooks import Hook, check_hooks
from tipline_client.errors import ConfigurationError, OutboxUnavailableError
from tipline_client.outbox import MemoryOutbox
from tipline_client.testing import TurnableClock


async def test_events_in_order(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """Every event since the hook was registered, once, in the order of the history."""
    await outbox.enqueue(new_entry("before"))
    clock.advance(MINUTE)
    hooks = await started(outbox, clock, Hook("listener", listener))

    await acknowledge(outbox, await lease_of(outbox))
    await hooks.tell_all()
    await hooks.tell_all()

    assert [(kind, "id-one") for kind in ("EntryQueued", "EntryAttempted", "EntryAcknowledged")] == listener.told


async def test_many_events(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """However many wait, all are told at once."""
    hooks = await started(outbox, clock, Hook("listener", listener))
    for number in range(250):
        await outbox.enqueue(new_entry(str(number)))

    await hooks.tell_all()

    assert [("EntryQueued", f"id-{number}") for number in range(250)] == listener.told


async def test_kinds(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """A hook that wants one kind is told of no other."""
    hooks = await started(outbox, clock, Hook("listener", listener, kinds=(EntryAcknowledged,)))

    await acknowledge(outbox, await lease_of(outbox))
    await hooks.tell_all()

    assert [("EntryAcknowledged", "id-one")] == listener.told


async def test_failure_is_told_again(outbox: MemoryOutbox, clock: TurnableClock) -> None:
    """A failing hook waits longer each time, keeps the order, and gets every event; other hooks do not wait for it."""
    failing, well = Listener(failures=3), Listener()
    hooks = await started(outbox, clock, Hook("failing", failing), Hook("well", well))
    for name in ("one", "two"):
        await outbox.enqueue(new_entry(name))

    waits = []
    for _ in range(3):
        await hooks.tell_all()
        await hooks.tell_all()
        state = await outbox.hook_state("failing")
        assert state.next_at is not None
        waits.append(state.next_at - clock.now())
        clock.advance(waits[-1])
    await hooks.tell_all()

    assert [("EntryQueued", "id-one"), ("EntryQueued", "id-two")] == failing.told == well.told
    assert sorted(set(waits)) == waits
    state = await outbox.hook_state("failing")
    assert (0, 0, "") == (state.failures, state.given_up, state.last_error)


async def test_event_given_up(outbox: MemoryOutbox, clock: TurnableClock, caplog: pytest.LogCaptureFixture) -> None:
    """After so many failures an event is passed over, loudly, and the next one is told."""
    failing = Listener(failures=4)
    hooks = await started(outbox, clock, Hook("failing", failing, tries=4))
    for name in ("one", "two"):
        await outbox.enqueue(new_entry(name))

    for _ in range(4):
        await hooks.tell_all()
        clock.advance(timedelta(hours=1))

    state = await outbox.hook_state("failing")
    assert [("EntryQueued", "id-two")] == failing.told
    assert 1 == state.given_up
    assert "hook failing: event 1 given up after 4 tries (RuntimeError)" in caplog.messages
    assert "coffee" not in caplog.text


class NotWantedError(Exception):
    """What a hook raises where no try will help."""


async def test_event_refused_for_good(
    outbox: MemoryOutbox, clock: TurnableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """It is passed over at once and counted, the next one is told, and other failures are tried again as ever."""
    told: list[str] = []

    def refuse(event: Event) -> None:
        told.append(str(event.entry_id))
        if event.entry_id == "id-one":
            raise NotWantedError("a coffee mug")
        if told.count("id-two") == 1:
            raise RuntimeError

    hooks = await started(outbox, clock, Hook("refusing", refuse, refusals=(NotWantedError,)))
    for name in ("one", "two"):
        await outbox.enqueue(new_entry(name))

    await hooks.tell_all()
    between = await outbox.hook_state("refusing")
    clock.advance(timedelta(hours=1))
    await hooks.tell_all()

    after = await outbox.hook_state("refusing")
    assert ["id-one", "id-two", "id-two"] == told
    assert (1, 1, "RuntimeError") == (between.given_up, between.failures, between.last_error)
    assert (1, 0, "") == (after.given_up, after.failures, after.last_error)
    assert "hook refusing: event 1 refused for good (NotWantedError); passed over" in caplog.messages
    assert "coffee" not in caplog.text


async def test_hook_that_hangs(outbox: MemoryOutbox, clock: TurnableClock) -> None:
    """A call that takes too long has failed."""

    async def hang(_: Event) -> None:
        await anyio.sleep_forever()

    hooks = await started(outbox, clock, Hook("hangs", hang, timeout=timedelta(milliseconds=5)))
    await outbox.enqueue(new_entry())

    await hooks.tell_all()

    state = await outbox.hook_state("hangs")
    assert (1, "TimeoutError") == (state.failures, state.last_error)


class _OddError(BaseException):
    """Something that is no `Exception`."""


async def _wait_for_a_cancelled_task() -> None:
    task = asyncio.ensure_future(anyio.sleep_forever())
    task.cancel()
    await task


async def _raise(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("fail", "name"),
    [
        (_wait_for_a_cancelled_task, "CancelledError"),
        (partial(_raise, asyncio.CancelledError()), "CancelledError"),
        (partial(_raise, _OddError()), "_OddError"),
        (partial(_raise, BaseExceptionGroup("x", [_OddError()])), "BaseExceptionGroup"),
    ],
)
async def test_hook_that_fails_with_no_exception(
    outbox: MemoryOutbox, clock: TurnableClock, fail: Callable[[], Awaitable[None]], name: str
) -> None:
    """It has failed like any other: it is counted, waited for and given up, and the others are told."""
    well = Listener()
    hooks = await started(outbox, clock, Hook("fails", lambda _: fail(), tries=2), Hook("well", well))
    await outbox.enqueue(new_entry())

    await hooks.tell_all()
    once = await outbox.hook_state("fails")
    clock.advance(timedelta(hours=1))
    await hooks.tell_all()

    twice = await outbox.hook_state("fails")
    assert (1, name, 1, 1) == (once.failures, once.last_error, twice.given_up, twice.position)
    assert [("EntryQueued", "id-one")] == well.told


async def test_cancelled_while_a_hook_is_told(outbox: MemoryOutbox, clock: TurnableClock) -> None:
    """Whoever is cancelled ends, and it is no failure of the hook's."""
    begun = anyio.Event()

    async def hang(_: Event) -> None:
        begun.set()
        await anyio.sleep_forever()

    hooks = await started(outbox, clock, Hook("hangs", hang))
    await outbox.enqueue(new_entry())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hooks.tell_all)
        await begun.wait()
        tasks.cancel_scope.cancel()

    state = await outbox.hook_state("hangs")
    assert (0, 0) == (state.failures, state.position)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_hook_that_ends_the_program(error: BaseException) -> None:
    """The program ends, and the event is told again when it runs next."""
    clock, listener = TurnableClock(), Listener()
    outbox = MemoryOutbox(clock)

    async def tell(call: Callable[[Event], object]) -> None:
        hooks = await started(outbox, clock, Hook("ends", call))
        await outbox.enqueue(new_entry())
        await hooks.tell_all()

    with pytest.raises(type(error)):
        asyncio.run(tell(lambda _: _raise(error)))
    clock.advance(timedelta(hours=1))
    asyncio.run(tell(listener))

    assert [("EntryQueued", "id-one")] == listener.told


async def test_stopped_while_an_event_is_told(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """What is being told is told to its end and written down, so that nothing is told twice at a normal stop."""
    begun, may_end = anyio.Event(), anyio.Event()

    async def slow(event: Event) -> None:
        listener(event)
        begun.set()
        await may_end.wait()

    hooks = await started(outbox, clock, Hook("slow", slow))
    await outbox.enqueue(new_entry())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hooks.run)
        await begun.wait()
        hooks.stop()
        may_end.set()
    await hooks.tell_all()

    assert [("EntryQueued", "id-one")] == listener.told


class _Counting:
    """An outbox that counts what is asked of it."""

    def __init__(self, outbox: MemoryOutbox) -> None:
        self._outbox = outbox
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.calls.append(name)
        return getattr(self._outbox, name)


async def test_hook_that_is_new_to_a_long_history(
    outbox: MemoryOutbox, clock: TurnableClock, listener: Listener
) -> None:
    """It is registered without a look at the history, of which it is told nothing, and is told of what comes after."""
    for number in range(1200):
        await outbox.enqueue(new_entry(f"old-{number}"))
    clock.advance(MINUTE)
    counting = _Counting(outbox)

    hooks = await started(counting, clock, Hook("listener", listener))
    registered = list(counting.calls)
    await outbox.enqueue(new_entry("new"))
    await hooks.tell_all()

    assert ["hook_state", "change_hook"] == registered
    assert [("EntryQueued", "id-new")] == listener.told
    assert 12 > counting.calls.count("change_hook")


@pytest.mark.parametrize("kinds", [(), (EntryAcknowledged,)])
async def test_idle_hook(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener, kinds: Any) -> None:
    """A hook for which nothing happens writes nothing."""
    counting = _Counting(outbox)
    hooks = await started(counting, clock, Hook("listener", listener, kinds=kinds))
    await outbox.enqueue(new_entry())
    await hooks.tell_all()
    counting.calls.clear()

    for _ in range(3):
        await hooks.tell_all()

    assert {"hook_state", "events"} == set(counting.calls)
    assert "" == (await outbox.hook_state("listener")).holder


@pytest.mark.parametrize("state", [{"holder": "somebody"}, {"failures": 1}])
async def test_turn_of_a_wrong_clock(
    outbox: MemoryOutbox, clock: TurnableClock, listener: Listener, state: dict[str, Any]
) -> None:
    """Neither a turn nor a wait that was written while the clock was a year ahead silences the hook."""
    hooks = await started(outbox, clock, Hook("listener", listener))
    far = clock.now() + timedelta(days=365)
    before = await outbox.hook_state("listener")
    await outbox.change_hook("listener", replace(before, held_until=far, next_at=far, **state))
    await outbox.enqueue(new_entry())

    await hooks.tell_all()

    assert [("EntryQueued", "id-one")] == listener.told


async def test_turn_of_a_dispatcher_that_died(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """Another one takes over when the turn has ended: after a lease and two calls, and not before."""
    lease, timeout = timedelta(seconds=30), timedelta(seconds=5)
    death = anyio.CancelScope()

    async def die(_: Event) -> None:
        death.cancel()
        await anyio.sleep_forever()

    dying, other = (
        replace(hooks_of(outbox, clock, Hook("listener", call, timeout=timeout)), turn=lease)
        for call in (die, listener)
    )
    await dying.register()
    await outbox.enqueue(new_entry())
    with death:
        await dying.tell_all()

    clock.advance(lease + 2 * timeout - timedelta(seconds=1))
    await other.tell_all()
    before = list(listener.told)
    clock.advance(timedelta(seconds=1))
    await other.tell_all()

    assert [] == before
    assert [("EntryQueued", "id-one")] == listener.told


async def test_hook_after_a_restart(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """A program that starts again goes on where it was, also with what happened meanwhile."""
    await started(outbox, clock, Hook("listener", listener))
    await outbox.enqueue(new_entry())

    again = await started(outbox, clock, Hook("listener", listener))
    await again.tell_all()

    assert [("EntryQueued", "id-one")] == listener.told


async def test_outbox_that_fails(
    outbox: MemoryOutbox, clock: TurnableClock, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    """An outbox that fails for a while loses no event."""

    class Failing:
        times = 1

        def __getattr__(self, name: str) -> Any:
            return getattr(outbox, name)

        async def events(self, **asked: Any) -> Any:
            if self.times:
                self.times -= 1
                raise OutboxUnavailableError("the outbox is locked")
            return await outbox.events(**asked)

    await started(outbox, clock, Hook("listener", listener))
    await outbox.enqueue(new_entry())
    hooks = hooks_of(Failing(), clock, Hook("listener", listener))

    await hooks.tell_all()
    await hooks.tell_all()

    assert [("EntryQueued", "id-one")] == listener.told
    assert "the outbox is locked" in caplog.text


@pytest.mark.parametrize("names", [("one", "one"), ("",), ("x" * 101,)])
def test_names_that_cannot_be_told_apart(names: tuple[str, ...]) -> None:
    """Each hook needs a name of its own, under which it is remembered."""
    with pytest.raises(ConfigurationError, match="name of its own"):
        check_hooks([Hook(name, Listener(), kinds=(EntryQueued,)) for name in names])
