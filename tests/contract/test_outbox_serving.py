"""What a switch of environment does to a backlog: held after a switch to production, and let go by a person alone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.contract.conftest import Stores
from tests.contract.values import FULL_CHECKPOINT, MINUTE, START, attempt, new_entry
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import NewEntry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import EntryHeld, EntryQueued, EntryReleased, digest_of
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.errors import EntryNotFoundError, IllegalTransitionError, OutboxError
from tipline_client.outbox import Lane, Outbox
from tipline_client.outbox.switching import HELD_NOTE, UNSERVED_AFTER
from tipline_client.testing import TurnableClock

PRODUCTION = Lane("sample", Environment.PRODUCTION)
TESTING = Lane("sample", Environment.TESTING)
DAY = timedelta(days=1)


def for_production(name: str = "one") -> NewEntry:
    return new_entry(name, lane=PRODUCTION)


async def test_backlog_of_before_the_switch_is_held(outbox: Outbox, clock: TurnableClock) -> None:
    """What was queued for production before testing was last served waits for a person; what came after does not."""
    await outbox.enqueue(for_production("rehearsed"))
    clock.advance(MINUTE)
    await outbox.serve(TESTING)
    clock.advance(MINUTE)
    await outbox.enqueue(for_production("meant"))

    held = await outbox.serve(PRODUCTION)

    claimed = await outbox.claim(PRODUCTION, limit=5, lease_for=MINUTE)
    assert 1 == held
    assert ["id-meant"] == [lease.entry.id for lease in claimed]
    assert State.HELD is (await outbox.get("id-rehearsed")).state
    assert [HELD_NOTE] == [text for _, text in await outbox.notes("id-rehearsed")]


async def test_held_once_and_not_again(outbox: Outbox, clock: TurnableClock) -> None:
    """A lane that goes on being served is switched to once: what is queued later is never held."""
    await outbox.serve(TESTING)
    clock.advance(MINUTE)
    await outbox.serve(PRODUCTION)
    await outbox.enqueue(for_production())
    clock.advance(MINUTE)
    await outbox.serve(TESTING)

    held = await outbox.serve(PRODUCTION)

    assert 0 == held


async def test_first_environment_that_is_served(outbox: Outbox, clock: TurnableClock) -> None:
    """Nothing is held for production where no other environment was ever served."""
    await outbox.enqueue(for_production())
    clock.advance(DAY)

    held = await outbox.serve(PRODUCTION)

    assert 0 == held


async def test_production_restarted_after_an_outage_of_the_host(outbox: Outbox, clock: TurnableClock) -> None:
    """A dispatcher that was down for days holds nothing when nobody served anything else meanwhile."""
    await outbox.serve(TESTING)
    await outbox.serve(PRODUCTION)
    await outbox.enqueue(for_production())
    clock.advance(3 * DAY)

    held = await outbox.serve(PRODUCTION)

    assert 0 == held


async def test_testing_in_between(outbox: Outbox, clock: TurnableClock) -> None:
    """Production, then testing for a while, then production again: what waited since the first is held."""
    await outbox.serve(PRODUCTION)
    clock.advance(MINUTE)
    await outbox.enqueue(for_production())
    clock.advance(UNSERVED_AFTER)
    await outbox.serve(TESTING)

    held = await outbox.serve(PRODUCTION)

    assert 1 == held


async def test_testing_for_an_hour_in_between(outbox: Outbox, clock: TurnableClock) -> None:
    """Up to an hour without a dispatcher of production is a restart, whatever else was served beside it."""
    await outbox.serve(PRODUCTION)
    await outbox.enqueue(for_production())
    clock.advance(UNSERVED_AFTER)
    await outbox.serve(TESTING)

    held = await outbox.serve(PRODUCTION)

    assert 0 == held


async def test_both_served_at_one_moment_and_then_production_alone(outbox: Outbox, clock: TurnableClock) -> None:
    """What was served no later than production is no environment that somebody switched from."""
    await outbox.serve(PRODUCTION)
    await outbox.enqueue(for_production())
    clock.advance(MINUTE)
    await outbox.serve(TESTING)
    await outbox.serve(PRODUCTION)
    clock.advance(3 * DAY)

    held = await outbox.serve(PRODUCTION)

    assert 0 == held


async def test_several_environments_before_the_switch(outbox: Outbox, clock: TurnableClock) -> None:
    """The one that was served last counts: a demonstration of long ago does not make the switch of today none."""
    await outbox.serve(Lane("sample", Environment.MOCK))
    clock.advance(MINUTE)
    await outbox.serve(PRODUCTION)
    await outbox.enqueue(for_production())
    clock.advance(2 * UNSERVED_AFTER)
    await outbox.serve(TESTING)

    held = await outbox.serve(PRODUCTION)

    assert 1 == held


@pytest.mark.parametrize("environment", [Environment.TESTING, Environment.MOCK])
async def test_switch_away_from_production(outbox: Outbox, clock: TurnableClock, environment: Environment) -> None:
    """Nothing is held for an environment in which nothing is acted upon."""
    lane = Lane("sample", environment)
    await outbox.enqueue(new_entry(lane=lane))
    clock.advance(MINUTE)
    await outbox.serve(PRODUCTION)

    held = await outbox.serve(lane)

    assert 0 == held


@pytest.mark.parametrize(("is_over", "expected"), [(True, State.HELD), (False, State.LEASED)])
async def test_leased_before_the_switch(
    outbox: Outbox, clock: TurnableClock, *, is_over: bool, expected: State
) -> None:
    """What a dispatcher left behind before it sent anything is held like the rest; what is being worked on is not."""
    await outbox.enqueue(for_production())
    await outbox.claim(PRODUCTION, limit=1, lease_for=3 * MINUTE)
    clock.advance(MINUTE)
    await outbox.serve(TESTING)
    clock.advance(2 * MINUTE if is_over else MINUTE)

    held = await outbox.serve(PRODUCTION)

    assert (is_over, expected) == (held, (await outbox.get("id-one")).state)


async def test_begun_at_the_endpoint_before_the_switch(outbox: Outbox, clock: TurnableClock) -> None:
    """An entry with something at the endpoint goes on: left alone, nobody would settle what is in doubt."""
    await outbox.enqueue(for_production())
    [lease] = await outbox.claim(PRODUCTION, limit=1, lease_for=MINUTE)
    await outbox.release(lease, FULL_CHECKPOINT, attempt(Outcome.IN_DOUBT), available_in=timedelta(0))
    clock.advance(MINUTE)
    await outbox.serve(TESTING)

    held = await outbox.serve(PRODUCTION)

    assert (0, State.QUEUED) == (held, (await outbox.get("id-one")).state)


async def test_lease_of_a_dispatcher_that_died_before_its_first_step(outbox: Outbox, clock: TurnableClock) -> None:
    """A lease that ended with nothing sent is part of the backlog; one that is live is not."""
    await outbox.enqueue(for_production("died"))
    await outbox.claim(PRODUCTION, limit=1, lease_for=MINUTE)
    await outbox.enqueue(for_production("alive"))
    await outbox.claim(PRODUCTION, limit=1, lease_for=DAY)
    clock.advance(MINUTE)
    await outbox.serve(TESTING)
    clock.advance(MINUTE)

    held = await outbox.serve(PRODUCTION)

    states = [(await outbox.get(name)).state for name in ("id-died", "id-alive")]
    assert (1, [State.HELD, State.LEASED]) == (held, states)


async def test_let_go(outbox: Outbox, clock: TurnableClock) -> None:
    """What a person lets go is due at once, with the reason on record, and the next service does not hold it again."""
    await outbox.enqueue(for_production(), held=True)
    clock.advance(DAY)
    await outbox.serve(TESTING)
    clock.advance(MINUTE)

    entry = await outbox.let_go("id-one", reason="checked by two")

    held = await outbox.serve(PRODUCTION)
    assert (State.QUEUED, clock.now(), 0) == (entry.state, entry.available_at, held)
    assert entry == await outbox.get("id-one")
    assert [(clock.now(), "let go: checked by two")] == await outbox.notes("id-one")
    assert ["id-one"] == [found.entry.id for found in await outbox.claim(PRODUCTION, limit=1, lease_for=MINUTE)]


async def test_history_of_held_and_let_go(outbox: Outbox, clock: TurnableClock) -> None:
    """Both leave a line in the entry's history."""
    await outbox.enqueue(for_production())
    clock.advance(MINUTE)
    await outbox.serve(TESTING)
    await outbox.serve(PRODUCTION)
    await outbox.let_go("id-one", reason="checked")

    lines = await outbox.history("id-one")

    expected = [EntryQueued("digest of one"), EntryHeld(), EntryReleased(digest_of("checked"))]
    assert expected == [line.event.what for line in lines]


async def test_let_go_what_is_not_held(outbox: Outbox) -> None:
    """Only a held entry can be let go; an unknown one is named."""
    await outbox.enqueue(for_production())

    with pytest.raises(IllegalTransitionError, match="not held"):
        await outbox.let_go("id-one", reason="checked")
    with pytest.raises(EntryNotFoundError, match="id-two"):
        await outbox.let_go("id-two", reason="checked")
    with pytest.raises(OutboxError, match="surrogate"):
        await outbox.let_go("id-one", reason="\ud800")


async def test_two_doors_serve_at_once(stores: Stores, clock: TurnableClock) -> None:
    """A second dispatcher that starts right after the first holds nothing more and claims nothing of the backlog."""
    first, second = stores.open(), stores.open()
    await first.enqueue(for_production())
    clock.advance(MINUTE)
    await first.serve(TESTING)

    held = [await first.serve(PRODUCTION), await second.serve(PRODUCTION)]

    assert [1, 0] == held
    assert [] == await second.claim(PRODUCTION, limit=1, lease_for=MINUTE)


async def test_a_checkpoint_is_untouched_whatever_its_seal(outbox: Outbox, clock: TurnableClock) -> None:
    """An entry that was tried and came back untouched is part of the backlog."""
    await outbox.enqueue(for_production())
    [lease] = await outbox.claim(PRODUCTION, limit=1, lease_for=MINUTE)
    checkpoint = replace(Checkpoint(), seal="f" * 64, setbacks=2)
    await outbox.release(lease, checkpoint, attempt(Outcome.TRANSIENT), available_in=timedelta(0))
    clock.advance(MINUTE)
    await outbox.serve(TESTING)

    held = await outbox.serve(PRODUCTION)

    assert START + MINUTE == clock.now()
    assert 1 == held
