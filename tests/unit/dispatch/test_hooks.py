"""Hooks: told after the commit, in order, again until each event is taken or given up; nobody else waits for them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

import anyio
import pytest

from tests.contract.values import MINUTE, acknowledge, lease_of, new_entry
from tipline_client.delivery.events import EntryAcknowledged, EntryQueued, Event
from tipline_client.delivery.retry import RetryPolicy
from tipline_client.dispatch.hooks import Hook, Hooks, check_hooks
from tipline_client.errors import ConfigurationError, OutboxUnavailableError
from tipline_client.outbox import MemoryOutbox
from tipline_client.testing import TurnableClock

DICE = Random(1)  # noqa: S311 - jitter


class Listener:
    """Remembers what it was told, and fails so many times first."""

    def __init__(self, *, failures: int = 0) -> None:
        self.told: list[tuple[str, str | None]] = []
        self.failures = failures

    def __call__(self, event: Event) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError("coffee is out")
        self.told.append((type(event.what).__name__, event.entry_id))


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def outbox(clock: TurnableClock) -> MemoryOutbox:
    return MemoryOutbox(clock)


@pytest.fixture
def listener() -> Listener:
    return Listener()


def _hooks(outbox: Any, clock: TurnableClock, *hooks: Hook) -> Hooks:
    return Hooks(hooks, outbox, clock, RetryPolicy(jitter=0), DICE)


async def _started(outbox: Any, clock: TurnableClock, *hooks: Hook) -> Hooks:
    started = _hooks(outbox, clock, *hooks)
    await started.register()
    return started


async def test_events_in_order(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """Every event since the hook was registered, once, in the order of the history."""
    await outbox.enqueue(new_entry("before"))
    clock.advance(MINUTE)
    hooks = await _started(outbox, clock, Hook("listener", listener))

    await acknowledge(outbox, await lease_of(outbox))
    await hooks.tell_all()
    await hooks.tell_all()

    assert [(kind, "id-one") for kind in ("EntryQueued", "EntryAttempted", "EntryAcknowledged")] == listener.told


async def test_many_events(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """However many wait, all are told at once."""
    hooks = await _started(outbox, clock, Hook("listener", listener))
    for number in range(250):
        await outbox.enqueue(new_entry(str(number)))

    await hooks.tell_all()

    assert [("EntryQueued", f"id-{number}") for number in range(250)] == listener.told


async def test_kinds(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """A hook that wants one kind is told of no other."""
    hooks = await _started(outbox, clock, Hook("listener", listener, kinds=(EntryAcknowledged,)))

    await acknowledge(outbox, await lease_of(outbox))
    await hooks.tell_all()

    assert [("EntryAcknowledged", "id-one")] == listener.told


async def test_failure_is_told_again(outbox: MemoryOutbox, clock: TurnableClock) -> None:
    """A failing hook waits longer each time, keeps the order, and gets every event; other hooks do not wait for it."""
    failing, well = Listener(failures=3), Listener()
    hooks = await _started(outbox, clock, Hook("failing", failing), Hook("well", well))
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
    hooks = await _started(outbox, clock, Hook("failing", failing, tries=4))
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


async def test_hook_that_hangs(outbox: MemoryOutbox, clock: TurnableClock) -> None:
    """A call that takes too long has failed."""

    async def hang(_: Event) -> None:
        await anyio.sleep_forever()

    hooks = await _started(outbox, clock, Hook("hangs", hang, timeout=timedelta(milliseconds=5)))
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
    hooks = await _started(outbox, clock, Hook("fails", lambda _: fail(), tries=2), Hook("well", well))
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

    hooks = await _started(outbox, clock, Hook("hangs", hang))
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
        hooks = await _started(outbox, clock, Hook("ends", call))
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

    hooks = await _started(outbox, clock, Hook("slow", slow))
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

    hooks = await _started(counting, clock, Hook("listener", listener))
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
    hooks = await _started(counting, clock, Hook("listener", listener, kinds=kinds))
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
    hooks = await _started(outbox, clock, Hook("listener", listener))
    far = clock.now() + timedelta(days=365)
    before = await outbox.hook_state("listener")
    await outbox.change_hook("listener", replace(before, held_until=far, next_at=far, **state))
    await outbox.enqueue(new_entry())

    await hooks.tell_all()

    assert [("EntryQueued", "id-one")] == listener.told


async def test_two_dispatchers_with_one_hook(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """One of them tells; the other one takes over when the turn is over, and the first one tells nothing more."""
    entered, is_released = anyio.Event(), anyio.Event()
    calls = []

    async def wait(event: Event) -> None:
        calls.append(event.entry_id)
        entered.set()
        await is_released.wait()

    slow = await _started(outbox, clock, Hook("shared", wait, timeout=3 * MINUTE))
    other = _hooks(outbox, clock, Hook("shared", listener, timeout=3 * MINUTE))
    for name in ("one", "two"):
        await outbox.enqueue(new_entry(name))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(slow.tell_all)
        await entered.wait()
        clock.advance(7 * MINUTE - timedelta(microseconds=1))
        await other.tell_all()
        while_held = list(listener.told)
        clock.advance(timedelta(microseconds=1))
        await other.tell_all()
        is_released.set()

    assert ([], [("EntryQueued", "id-one"), ("EntryQueued", "id-two")]) == (while_held, listener.told)
    # The slow one came too late to write, and changed nothing.
    assert (["id-one"], 2) == (calls, (await outbox.hook_state("shared")).position)


async def test_second_event_that_takes_its_time(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """The turn is long enough for whatever a call may take, at each event: nobody else tells it meanwhile."""
    entered, is_released = anyio.Event(), anyio.Event()

    async def wait(event: Event) -> None:
        if event.entry_id == "id-two":
            entered.set()
            await is_released.wait()

    slow = await _started(outbox, clock, Hook("shared", wait, timeout=3 * MINUTE))
    other = _hooks(outbox, clock, Hook("shared", listener, timeout=3 * MINUTE))
    for name in ("one", "two"):
        await outbox.enqueue(new_entry(name))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(slow.tell_all)
        await entered.wait()
        clock.advance(3 * MINUTE)
        await other.tell_all()
        is_released.set()

    assert [] == listener.told
    assert 2 == (await outbox.hook_state("shared")).position


async def test_failure_that_another_dispatcher_tells_again(
    outbox: MemoryOutbox, clock: TurnableClock, listener: Listener
) -> None:
    """Whoever looks when a failed event is due tells it; it need not be the one with which it failed."""
    first = await _started(outbox, clock, Hook("shared", Listener(failures=1)))
    other = _hooks(outbox, clock, Hook("shared", listener))
    await outbox.enqueue(new_entry())
    await first.tell_all()
    due = (await outbox.hook_state("shared")).next_at
    # Earlier than a turn that was not given back would end.
    assert due is not None
    assert due < clock.now() + MINUTE

    clock.advance(due - clock.now())
    await other.tell_all()

    assert [("EntryQueued", "id-one")] == listener.told


async def test_dispatchers_that_tell_in_turns(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """Who has told everything keeps nobody from telling what happens next."""
    hook = Hook("shared", listener)
    first, other = await _started(outbox, clock, hook), _hooks(outbox, clock, hook)
    told = []

    for number, hooks in enumerate((first, other, first)):
        await outbox.enqueue(new_entry(str(number)))
        await hooks.tell_all()
        told.append(len(listener.told))

    assert [1, 2, 3] == told


async def test_hook_after_a_restart(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """A program that starts again goes on where it was, also with what happened meanwhile."""
    await _started(outbox, clock, Hook("listener", listener))
    await outbox.enqueue(new_entry())

    again = await _started(outbox, clock, Hook("listener", listener))
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

    await _started(outbox, clock, Hook("listener", listener))
    await outbox.enqueue(new_entry())
    hooks = _hooks(Failing(), clock, Hook("listener", listener))

    await hooks.tell_all()
    await hooks.tell_all()

    assert [("EntryQueued", "id-one")] == listener.told
    assert "the outbox is locked" in caplog.text


@pytest.mark.parametrize("names", [("one", "one"), ("",), ("x" * 101,)])
def test_names_that_cannot_be_told_apart(names: tuple[str, ...]) -> None:
    """Each hook needs a name of its own, under which it is remembered."""
    with pytest.raises(ConfigurationError, match="name of its own"):
        check_hooks([Hook(name, Listener(), kinds=(EntryQueued,)) for name in names])
