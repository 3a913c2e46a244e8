"""Who gets an entry, in which order, and when somebody else may take it over."""

import asyncio
import threading
from datetime import timedelta

import pytest

from tests.contract.conftest import Stores
from tests.contract.values import (
    FULL_CHECKPOINT,
    LANE,
    MINUTE,
    START,
    acknowledge,
    attempt,
    lease_of,
    new_entry,
)
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.outbox import Lane, Outbox
from tipline_client.testing import TurnableClock


async def _claimed(outbox: Outbox, *, limit: int = 10, lane: Lane = LANE) -> list[str]:
    return [lease.entry.id for lease in await outbox.claim(lane, limit=limit, lease_for=MINUTE)]


async def _waiting_with_report(outbox: Outbox, name: str, *, opened: timedelta, is_escalated: bool = False) -> None:
    """An entry that was given back with a report open since `opened` after the start."""
    entry, _ = await outbox.enqueue(new_entry(name, is_escalated=is_escalated))
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE, entry_id=entry.id)
    checkpoint = Checkpoint(report_id=int.from_bytes(name.encode()), opened_at=START + opened)
    await outbox.release(lease, checkpoint, attempt(Outcome.TRANSIENT), available_in=timedelta(0))


async def test_claim(outbox: Outbox) -> None:
    """A claim leases a due entry for as long as asked, with a token that nobody can guess."""
    await outbox.enqueue(new_entry())

    [lease] = await outbox.claim(LANE, limit=5, lease_for=MINUTE)

    assert (START, START + MINUTE, False) == (lease.started_at, lease.expires_at, lease.was_taken_over)
    assert ("id-one", State.LEASED) == (lease.entry.id, lease.entry.state)
    assert lease.entry == await outbox.get("id-one")
    assert 32 <= len(lease.token)


async def test_leased_to_somebody_else(outbox: Outbox, clock: TurnableClock) -> None:
    """A leased entry is nobody else's until the very moment at which its lease ends, not even by name."""
    await lease_of(outbox)

    clock.advance(MINUTE - timedelta(microseconds=1))

    assert [] == await _claimed(outbox)
    assert [] == await outbox.claim(LANE, limit=1, lease_for=MINUTE, entry_id="id-one")


@pytest.mark.parametrize("entry_id", [None, "id-one"])
async def test_take_over_of_an_expired_lease(outbox: Outbox, clock: TurnableClock, entry_id: str | None) -> None:
    """An entry whose lease has ended is taken over, says so, shows the last checkpoint, and has another token."""
    first = await lease_of(outbox)
    await outbox.record(first, FULL_CHECKPOINT)
    clock.advance(MINUTE)

    [second] = await outbox.claim(LANE, limit=1, lease_for=MINUTE, entry_id=entry_id)

    assert second.was_taken_over
    assert FULL_CHECKPOINT == second.entry.checkpoint
    assert first.token != second.token
    assert START + 2 * MINUTE == second.expires_at


async def test_claim_after_release(outbox: Outbox) -> None:
    """An entry that was given back properly is not taken over, it is claimed."""
    lease = await lease_of(outbox)
    await outbox.release(lease, FULL_CHECKPOINT, attempt(Outcome.TRANSIENT), available_in=timedelta(0))

    [again] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    assert not again.was_taken_over
    assert FULL_CHECKPOINT == again.entry.checkpoint


async def test_not_due_yet(outbox: Outbox, clock: TurnableClock) -> None:
    """Before its time an entry is claimed by name alone; at its time it is claimed."""
    for name in ("one", "two"):
        lease = await lease_of(outbox, name)
        await outbox.release(lease, Checkpoint(), attempt(Outcome.TRANSIENT), available_in=5 * MINUTE)
    clock.advance(5 * MINUTE - timedelta(microseconds=1))

    too_early = await _claimed(outbox)
    by_name = await outbox.claim(LANE, limit=1, lease_for=MINUTE, entry_id="id-one")
    clock.advance(timedelta(microseconds=1))
    in_time = await _claimed(outbox)

    assert [] == too_early
    assert ["id-one"] == [lease.entry.id for lease in by_name]
    assert ["id-two"] == in_time


async def test_put_off_for_longer_than_anything_ever_is(outbox: Outbox, clock: TurnableClock) -> None:
    """A wait that is longer than any counts as the longest one, and not as over: nothing is tried before its time."""
    lease = await lease_of(outbox)
    await outbox.release(lease, Checkpoint(), attempt(Outcome.TRANSIENT), available_in=timedelta(days=30))

    at_once = await _claimed(outbox)
    clock.advance(timedelta(days=2) - timedelta(microseconds=1))
    too_early = await _claimed(outbox)
    clock.advance(timedelta(microseconds=1))

    assert ([], []) == (at_once, too_early)
    assert ["id-one"] == await _claimed(outbox)


async def test_order_of_claims(outbox: Outbox) -> None:
    """Escalated entries go first, then those whose open report lapses soonest, then the oldest."""
    for name in ("old", "newer"):
        await outbox.enqueue(new_entry(name))
    await _waiting_with_report(outbox, "lapses-late", opened=timedelta(hours=2))
    await _waiting_with_report(outbox, "lapses-soon", opened=timedelta(hours=1))
    await outbox.enqueue(new_entry("escalated", is_escalated=True))
    await _waiting_with_report(outbox, "escalated-open", opened=timedelta(hours=3), is_escalated=True)

    claimed = await _claimed(outbox)

    expected = ["escalated-open", "escalated", "lapses-soon", "lapses-late", "old", "newer"]
    assert [f"id-{name}" for name in expected] == claimed


async def test_longest_due_first(outbox: Outbox, clock: TurnableClock) -> None:
    """Asked for the longest due, the store goes by the time that each became due alone, take-overs included."""
    await lease_of(outbox, "lease-ends-third")
    await outbox.enqueue(new_entry("second"))
    await _waiting_with_report(outbox, "lapses-soon", opened=timedelta(hours=-20))
    clock.advance(timedelta(microseconds=1))
    await outbox.enqueue(new_entry("escalated", is_escalated=True))
    lease = await lease_of(outbox, "not-yet")
    await outbox.release(lease, Checkpoint(), attempt(Outcome.TRANSIENT), available_in=timedelta(hours=1))
    clock.advance(MINUTE)

    claimed = [
        lease.entry.id
        for _ in range(5)
        for lease in await outbox.claim(LANE, limit=1, lease_for=timedelta(hours=9), longest_due=True)
    ]

    assert ["id-second", "id-lapses-soon", "id-escalated", "id-lease-ends-third"] == claimed


async def test_several_of_the_longest_due(outbox: Outbox, clock: TurnableClock) -> None:
    """A claim of several takes the longest due of both kinds, in the order of their times, and no more than asked."""
    await lease_of(outbox, "lease-ended-first")
    clock.advance(MINUTE + timedelta(seconds=1))
    for name in ("second", "third", "fourth"):
        await outbox.enqueue(new_entry(name))
        clock.advance(timedelta(seconds=1))

    leases = await outbox.claim(LANE, limit=3, lease_for=MINUTE, longest_due=True)

    assert ["id-lease-ended-first", "id-second", "id-third"] == [lease.entry.id for lease in leases]
    assert [True, False, False] == [lease.was_taken_over for lease in leases]


async def test_order_of_take_overs(outbox: Outbox, clock: TurnableClock) -> None:
    """Expired leases stand in the same line as waiting entries, and a recorded checkpoint moves them in it."""
    await outbox.enqueue(new_entry("old"))
    lease = await lease_of(outbox, "open")
    await outbox.record(lease, Checkpoint(report_id=1, opened_at=START))
    clock.advance(MINUTE)

    claimed = await outbox.claim(LANE, limit=10, lease_for=MINUTE)

    assert [("id-open", True), ("id-old", False)] == [(one.entry.id, one.was_taken_over) for one in claimed]


async def test_limit_of_a_claim(outbox: Outbox) -> None:
    """A claim takes no more than asked, the first in line, and the rest stays."""
    for name in ("one", "two", "three"):
        await outbox.enqueue(new_entry(name))

    assert [] == await _claimed(outbox, limit=0)
    assert ["id-one", "id-two"] == await _claimed(outbox, limit=2)
    assert ["id-three"] == await _claimed(outbox, limit=2)


@pytest.mark.parametrize("lane", [Lane("sample", Environment.PRODUCTION), Lane("other", Environment.MOCK)])
async def test_claim_in_another_lane(outbox: Outbox, lane: Lane) -> None:
    """A dispatcher of another profile or environment gets nothing, not even by name."""
    await outbox.enqueue(new_entry())

    assert [] == await _claimed(outbox, lane=lane)
    assert [] == await outbox.claim(lane, limit=1, lease_for=MINUTE, entry_id="id-one")


async def test_claim_of_what_has_ended(outbox: Outbox, clock: TurnableClock) -> None:
    """Entries at their end are claimed by nobody, however much time passes."""
    await acknowledge(outbox, await lease_of(outbox, "filed"))
    await outbox.dead_letter(await lease_of(outbox, "dead"), Checkpoint(), attempt(Outcome.REJECTED))
    await outbox.mark_retracted(await lease_of(outbox, "withdrawn"), Checkpoint(), attempt(Outcome.RETRACTED))
    clock.advance(timedelta(days=400))

    by_name = [
        await outbox.claim(LANE, limit=1, lease_for=MINUTE, entry_id=f"id-{name}")
        for name in ("filed", "dead", "withdrawn", "none")
    ]

    assert [[], [], [], []] == by_name
    assert [] == await _claimed(outbox)


async def test_claims_at_once(stores: Stores) -> None:
    """Several dispatchers that claim at the same moment share the entries without one of them twice."""
    doors = [stores.open() for _ in range(3)]
    for number in range(30):
        await doors[0].enqueue(new_entry(str(number)))
    barrier = threading.Barrier(3)
    claimed: list[str] = []

    async def drain(outbox: Outbox) -> None:
        while leases := await outbox.claim(LANE, limit=2, lease_for=MINUTE):
            claimed.extend(lease.entry.id for lease in leases)

    def dispatcher(outbox: Outbox) -> None:
        barrier.wait()
        asyncio.run(drain(outbox))

    threads = [threading.Thread(target=dispatcher, args=(door,)) for door in doors]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)

    assert sorted(f"id-{number}" for number in range(30)) == sorted(claimed)


async def test_clock_that_jumps_back(outbox: Outbox, clock: TurnableClock) -> None:
    """A clock that jumps back lengthens leases and waits; it never gives an entry to two."""
    await lease_of(outbox)

    clock.advance(timedelta(hours=-2))

    assert [] == await _claimed(outbox)
    assert [] == await outbox.claim(LANE, limit=1, lease_for=MINUTE, entry_id="id-one")


async def test_every_claim_has_its_own_token(outbox: Outbox) -> None:
    """No token is used twice, within a claim or across claims."""
    for number in range(4):
        await outbox.enqueue(new_entry(str(number)))

    leases: list[Lease] = [
        *await outbox.claim(LANE, limit=2, lease_for=MINUTE),
        *await outbox.claim(LANE, limit=2, lease_for=MINUTE),
    ]

    assert 4 == len({lease.token for lease in leases})
