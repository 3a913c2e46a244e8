"""A hook of several dispatchers: one of them tells it at a time, and no event is lost between them."""

from datetime import timedelta

import anyio

from tests.contract.values import MINUTE, new_entry
from tests.unit.dispatch.hooking import Listener, hooks_of, started
from tipline_client.delivery.events import Event
from tipline_client.dispatch.hooks import Hook
from tipline_client.outbox import MemoryOutbox
from tipline_client.testing import TurnableClock


async def test_two_dispatchers_with_one_hook(outbox: MemoryOutbox, clock: TurnableClock, listener: Listener) -> None:
    """One of them tells; the other one takes over when the turn is over, and the first one tells nothing more."""
    entered, is_released = anyio.Event(), anyio.Event()
    calls = []

    async def wait(event: Event) -> None:
        calls.append(event.entry_id)
        entered.set()
        await is_released.wait()

    slow = await started(outbox, clock, Hook("shared", wait, timeout=3 * MINUTE))
    other = hooks_of(outbox, clock, Hook("shared", listener, timeout=3 * MINUTE))
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

    slow = await started(outbox, clock, Hook("shared", wait, timeout=3 * MINUTE))
    other = hooks_of(outbox, clock, Hook("shared", listener, timeout=3 * MINUTE))
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
    first = await started(outbox, clock, Hook("shared", Listener(failures=1)))
    other = hooks_of(outbox, clock, Hook("shared", listener))
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
    first, other = await started(outbox, clock, hook), hooks_of(outbox, clock, hook)
    told = []

    for number, hooks in enumerate((first, other, first)):
        await outbox.enqueue(new_entry(str(number)))
        await hooks.tell_all()
        told.append(len(listener.told))

    assert [1, 2, 3] == told
