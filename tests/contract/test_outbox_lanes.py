"""What is asked lane by lane: numbers of one lane alone, and what lies in lanes that nobody serves."""

from tests.contract.values import LANE, MINUTE, START, acknowledge, attempt, lease_of, new_entry
from tipline_client.delivery.acknowledgement import Alarm, AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.outbox import Lane, Outbox
from tipline_client.testing import TurnableClock

NEIGHBOUR = Lane("neighbour", LANE.environment)
TESTING = Lane(LANE.profile, Environment.TESTING)


async def test_counts_of_two_lanes_in_one_environment(outbox: Outbox, clock: TurnableClock) -> None:
    """Each lane's numbers are its own: states, oldest, next and alarms; the environment's are those of both."""
    await outbox.enqueue(new_entry("neighbour", lane=NEIGHBOUR))
    clock.advance(MINUTE)
    await outbox.dead_letter(
        await lease_of(outbox, "dead"),
        Checkpoint(),
        attempt(Outcome.REJECTED),
        alarms=[Alarm(AlarmKind.ENVELOPE_REFUSED, "altered", raised_at=START)],
    )
    await outbox.release(
        await lease_of(outbox, "later"), Checkpoint(), attempt(Outcome.TRANSIENT), available_in=5 * MINUTE
    )

    own, other = await outbox.count(lane=LANE), await outbox.count(lane=NEIGHBOUR)
    both = await outbox.count(environment=LANE.environment)
    neither = await outbox.count(lane=TESTING)

    assert (1, 1, 1) == (own.waiting, own.by_state[State.DEAD_LETTER], own.open_alarms)
    assert (START + MINUTE, START + 6 * MINUTE) == (own.oldest_waiting, own.next_available)
    assert (1, 0, START, START) == (other.waiting, other.open_alarms, other.oldest_waiting, other.next_available)
    assert (2, 1, START, START) == (both.waiting, both.open_alarms, both.oldest_waiting, both.next_available)
    assert (0, 0, None, None) == (
        neither.waiting,
        neither.open_alarms,
        neither.oldest_waiting,
        neither.next_available,
    )


async def test_count_of_a_lane_in_another_environment(outbox: Outbox) -> None:
    """A lane outside of the environment that is asked for has nothing in it."""
    await outbox.enqueue(new_entry())

    counts = await outbox.count(environment=Environment.PRODUCTION, lane=LANE)

    assert (0, set(State)) == (counts.waiting, set(counts.by_state))


async def test_strays(outbox: Outbox) -> None:
    """What waits in a lane that nobody serves is counted and named; what has ended there is not."""
    await outbox.enqueue(new_entry("served"))
    await outbox.enqueue(new_entry("one", lane=NEIGHBOUR))
    await outbox.enqueue(new_entry("two", lane=TESTING), held=True)
    await outbox.enqueue(new_entry("withdrawn", lane=TESTING))
    await outbox.withdraw("id-withdrawn", reason="wrong account")

    strays = await outbox.strays([LANE])

    assert 2 == strays.count
    assert {("id-one", "neighbour", "mock", "queued"), ("id-two", "sample", "testing", "held")} == {
        (stray.entry_id, stray.profile, stray.environment, stray.state) for stray in strays.first
    }


async def test_no_strays(outbox: Outbox) -> None:
    """Where every lane is served there are none; a bound limits how many are named and not how many are counted."""
    await acknowledge(outbox, await lease_of(outbox))
    for name in ("two", "three"):
        await outbox.enqueue(new_entry(name, lane=NEIGHBOUR))

    none, bounded = await outbox.strays([LANE, NEIGHBOUR]), await outbox.strays([LANE], limit=1)

    assert (0, ()) == (none.count, none.first)
    assert (2, ["id-two"]) == (bounded.count, [stray.entry_id for stray in bounded.first])


async def test_claim_sets_nothing_readable_aside(outbox: Outbox) -> None:
    """A claim says which rows it took out of the line; of readable ones, none."""
    await outbox.enqueue(new_entry())

    claimed = await outbox.claim(LANE, limit=2, lease_for=MINUTE)

    assert (1, ()) == (len(claimed), claimed.set_aside)
