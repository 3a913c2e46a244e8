"""Which entries have suspected orphans that have not lapsed: found by a moment, in pages, whatever became of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.values import LANE, MINUTE, START, acknowledgement, attempt, new_entry
from tipline_client.delivery.checkpoint import UNFINISHED_LIFETIME, Checkpoint, SuspectedOrphan
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.errors import EntryNotFoundError
from tipline_client.outbox import Lane, Outbox

GONE = START + UNFINISHED_LIFETIME
INSTANT = timedelta(microseconds=1)


def _orphaned(*after: timedelta) -> Checkpoint:
    """A checkpoint with one suspected orphan for each of these times after the start."""
    moments = [START + offset for offset in after]
    return Checkpoint(orphans=tuple(SuspectedOrphan(moment, moment + UNFINISHED_LIFETIME) for moment in moments))


async def _leased(outbox: Outbox, name: str, *, lane: Lane = LANE) -> Lease:
    entry, _ = await outbox.enqueue(new_entry(name, lane=lane))
    [lease] = await outbox.claim(lane, limit=1, lease_for=MINUTE, entry_id=entry.id)
    return lease


async def _recorded(outbox: Outbox, name: str, checkpoint: Checkpoint, *, lane: Lane = LANE) -> Lease:
    lease = await _leased(outbox, name, lane=lane)
    await outbox.record(lease, checkpoint)
    return lease


async def test_entry_without_a_suspected_orphan(outbox: Outbox) -> None:
    """An entry whose submits were all answered is not among them."""
    await _recorded(outbox, "one", Checkpoint(report_id=7, opened_at=START))

    assert [] == await outbox.list_entries(orphaned_at=START)


async def test_moment_at_which_it_lapses(outbox: Outbox) -> None:
    """It is there until the last of its suspected orphans lapses, and not at that moment."""
    await _recorded(outbox, "one", _orphaned(MINUTE, timedelta(0)))

    [before] = await outbox.list_entries(orphaned_at=GONE + MINUTE - INSTANT)

    assert ("id-one", _orphaned(MINUTE, timedelta(0)).orphans) == (before.id, before.checkpoint.orphans)
    assert [] == await outbox.list_entries(orphaned_at=GONE + MINUTE)


@pytest.mark.parametrize("end", [State.ACKNOWLEDGED, State.DEAD_LETTER, State.RETRACTED, State.QUEUED])
async def test_entry_that_is_not_leased_any_more(outbox: Outbox, end: State) -> None:
    """However a lease ends, what may have been opened under it stays on the list until it lapses."""
    lease, checkpoint = await _leased(outbox, "one"), _orphaned(timedelta(0))
    if end is State.ACKNOWLEDGED:
        tried = attempt(Outcome.ACKNOWLEDGED)
        await outbox.acknowledge(lease, checkpoint, acknowledgement(), tried, reply=b"<x/>")
    elif end is State.DEAD_LETTER:
        await outbox.dead_letter(lease, checkpoint, attempt(Outcome.REJECTED))
    elif end is State.RETRACTED:
        await outbox.mark_retracted(lease, checkpoint, attempt(Outcome.STOPPED))
    else:
        await outbox.release(lease, checkpoint, attempt(Outcome.IN_DOUBT), available_in=timedelta(0))

    assert [("id-one", end)] == [(entry.id, entry.state) for entry in await outbox.list_entries(orphaned_at=START)]
    assert [] == await outbox.list_entries(orphaned_at=GONE)


async def test_dead_letter_put_back(outbox: Outbox) -> None:
    """Its suspected orphans stay on record, whether or not a person vouches for it."""
    for name in ("mended", "vouched-for"):
        await outbox.dead_letter(await _leased(outbox, name), _orphaned(timedelta(0)), attempt(Outcome.REJECTED))

    await outbox.requeue("id-mended", reason="mended")
    sealed = replace(_orphaned(timedelta(0)), seal="of a person")
    await outbox.requeue("id-vouched-for", reason="looked at it", checkpoint=sealed)

    assert ["id-mended", "id-vouched-for"] == [entry.id for entry in await outbox.list_entries(orphaned_at=START)]


async def test_pages_of_entries_with_suspected_orphans(outbox: Outbox) -> None:
    """Pages are in the order of the queueing, whenever each one lapses; an unknown id is no place to begin at."""
    for number, name in enumerate(("one", "two", "three", "four")):
        await _recorded(outbox, name, _orphaned(MINUTE * (9 - number)) if name != "two" else Checkpoint())

    first = await outbox.list_entries(orphaned_at=START, limit=2)
    second = await outbox.list_entries(orphaned_at=START, limit=2, after=first[-1].id)

    assert (["id-one", "id-three"], ["id-four"]) == ([entry.id for entry in first], [entry.id for entry in second])
    assert [] == await outbox.list_entries(orphaned_at=START, limit=0)
    with pytest.raises(EntryNotFoundError):
        await outbox.list_entries(orphaned_at=START, after="id-none")


async def test_suspected_orphans_of_one_state_and_environment(outbox: Outbox) -> None:
    """State and environment narrow the list as they narrow any other."""
    elsewhere = Lane("sample", Environment.TESTING)
    await _recorded(outbox, "one", _orphaned(timedelta(0)))
    await _recorded(outbox, "two", _orphaned(timedelta(0)), lane=elsewhere)
    await outbox.dead_letter(await _leased(outbox, "three"), _orphaned(timedelta(0)), attempt(Outcome.REJECTED))

    here = await outbox.list_entries(orphaned_at=START, environment=Environment.MOCK)
    leased = await outbox.list_entries(orphaned_at=START, states=[State.LEASED])

    assert (["id-one", "id-three"], ["id-one", "id-two"]) == ([e.id for e in here], [e.id for e in leased])
