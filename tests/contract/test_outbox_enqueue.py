"""How reports get into an outbox and how they are looked up again."""

import asyncio
import threading
from dataclasses import replace

import pytest

from tests.contract.conftest import Stores
from tests.contract.values import FAILURE, LANE, MINUTE, START, acknowledge, attempt, lease_of, new_entry
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry, NewEntry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.errors import DuplicateKeyError, EntryNotFoundError, OutboxError
from tipline_client.outbox import Lane, Outbox
from tipline_client.testing import TurnableClock


async def test_fresh_entry(outbox: Outbox) -> None:
    """A fresh entry is queued, due at once, untouched, and keeps every byte."""
    new = new_entry("one", is_escalated=True)

    entry, is_new = await outbox.enqueue(new)

    expected = Entry(
        id="id-one",
        profile="sample",
        environment=Environment.MOCK,
        idempotency_key="key-one",
        content_digest="digest of one",
        envelope=b"\x00\xffcoffee mug one",
        data_key="master wrapped/one",
        is_escalated=True,
        state=State.QUEUED,
        checkpoint=Checkpoint(seal="seal of one"),
        attempts=0,
        enqueued_at=START,
        available_at=START,
    )
    assert (expected, True) == (entry, is_new)
    assert expected == await outbox.get("id-one")


async def test_enqueued_as_held(outbox: Outbox) -> None:
    """A held entry is never claimed, not even by name."""
    entry, _ = await outbox.enqueue(new_entry(), held=True)

    by_line = await outbox.claim(LANE, limit=5, lease_for=MINUTE)
    by_name = await outbox.claim(LANE, limit=5, lease_for=MINUTE, entry_id=entry.id)

    assert State.HELD is entry.state
    assert ([], []) == (by_line, by_name)


async def test_same_key_and_content_again(outbox: Outbox) -> None:
    """The second enqueue gets the first one's entry, unchanged, whatever id it brought."""
    first, _ = await outbox.enqueue(new_entry("one"))
    again = replace(new_entry("two", digest="digest of one"), idempotency_key="key-one")

    second, is_new = await outbox.enqueue(again, held=True)

    assert (first, False) == (second, is_new)
    assert 1 == (await outbox.count()).by_state[State.QUEUED]


async def test_same_key_other_content(outbox: Outbox) -> None:
    """A key that names other content is refused, with the entry that holds it named and the content not."""
    await outbox.enqueue(new_entry("one"))

    with pytest.raises(DuplicateKeyError) as caught:
        await outbox.enqueue(new_entry("one", digest="another"))

    assert "id-one" == caught.value.entry_id
    assert "another" not in str(caught.value)
    assert "digest of one" == (await outbox.get("id-one")).content_digest


async def test_same_key_after_the_end(outbox: Outbox) -> None:
    """A key stays taken after its report is filed: the same report is not filed twice."""
    lease = await lease_of(outbox)
    await acknowledge(outbox, lease)

    entry, is_new = await outbox.enqueue(new_entry("one"))

    assert (State.ACKNOWLEDGED, False) == (entry.state, is_new)


@pytest.mark.parametrize("lane", [Lane("sample", Environment.TESTING), Lane("other", Environment.MOCK)])
async def test_same_key_in_another_lane(outbox: Outbox, lane: Lane) -> None:
    """A test filing neither satisfies nor blocks a real one: keys count within profile and environment."""
    await outbox.enqueue(new_entry("one"))
    other = replace(new_entry("one", lane=lane, digest="another"), id="id-other")

    entry, is_new = await outbox.enqueue(other)

    assert ("id-other", True) == (entry.id, is_new)
    assert "id-one" == _id(await outbox.find(LANE, "key-one"))
    assert "id-other" == _id(await outbox.find(lane, "key-one"))


async def test_id_in_use_under_another_key(outbox: Outbox) -> None:
    """An id names one entry; a second one with that id is refused and nothing is changed."""
    await outbox.enqueue(new_entry("one"))
    clash = replace(new_entry("two"), id="id-one")

    with pytest.raises(DuplicateKeyError):
        await outbox.enqueue(clash)

    assert "key-one" == (await outbox.get("id-one")).idempotency_key
    assert await outbox.find(LANE, "key-two") is None


async def test_two_enqueues_at_once(stores: Stores) -> None:
    """Callers in several threads and event loops, through several doors, get one entry, and one of them made it."""
    doors = [stores.open() for _ in range(3)]
    results: list[tuple[Entry, bool]] = []
    barrier = threading.Barrier(6)

    def click(outbox: Outbox, number: int) -> None:
        new = replace(new_entry("one"), id=f"id-{number}")
        barrier.wait()
        results.append(asyncio.run(_enqueue(outbox, new)))

    threads = [threading.Thread(target=click, args=(doors[number % 3], number)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)

    assert 6 == len(results)
    assert 1 == sum(is_new for _, is_new in results)
    assert 1 == len({entry.id for entry, _ in results})
    assert 1 == (await doors[0].count()).by_state[State.QUEUED]


async def test_many_enqueues_in_one_loop(outbox: Outbox) -> None:
    """Enqueues that wait together each get their own answer, also when some of them are refused."""
    await outbox.enqueue(new_entry("7", digest="another"))

    answers = await asyncio.gather(
        *(outbox.enqueue(new_entry(str(number))) for number in range(40)), return_exceptions=True
    )

    refused = [number for number, answer in enumerate(answers) if isinstance(answer, DuplicateKeyError)]
    made = {answer[0].id for answer in answers if isinstance(answer, tuple)}
    assert [7] == refused
    assert {f"id-{number}" for number in range(40)} - {"id-7"} == made
    assert 40 == (await outbox.count()).waiting


async def test_ids_and_keys_of_any_length(outbox: Outbox) -> None:
    """Nothing is cut: ids, keys and profiles of 20,000 characters beyond ASCII come back whole."""
    long = "é😀'\"\\\n\t%:;" * 2000
    new = replace(new_entry(), id="i" + long, idempotency_key=long, profile=long)

    await outbox.enqueue(new)

    assert "i" + long == _id(await outbox.find(Lane(long, Environment.MOCK), long))
    assert long == (await outbox.get("i" + long)).idempotency_key


async def test_key_with_half_a_surrogate_pair(outbox: Outbox) -> None:
    """Text that UTF-8 cannot carry is refused by name of the problem, and is nowhere in the exception."""
    new = replace(new_entry(), idempotency_key="mug\ud83d")

    with pytest.raises(OutboxError) as caught:
        await outbox.enqueue(new)

    assert "mug" not in str(caught.value)
    assert caught.value.__context__ is None
    assert 0 == (await outbox.count()).waiting


async def test_unknown_entry(outbox: Outbox) -> None:
    """What is not there is an error where an entry is asked for, and nothing where facts about one are."""
    await outbox.enqueue(new_entry())

    with pytest.raises(EntryNotFoundError, match="id-none"):
        await outbox.get("id-none")
    assert await outbox.find(LANE, "key-none") is None
    assert [] == await outbox.attempts("id-none")
    assert [] == await outbox.notes("id-none")
    assert [] == await outbox.alarms(entry_id="id-none")
    assert await outbox.acknowledgement("id-none") is None
    assert await outbox.rejected_reply("id-none") is None


async def test_pages_in_order_of_enqueueing(outbox: Outbox) -> None:
    """Pages follow the order of enqueueing, without a gap or a repeat, whatever the ids sort like."""
    names = ["m", "a", "z", "b", "y"]
    for name in names:
        await outbox.enqueue(new_entry(name))

    first = await outbox.list_entries(limit=2)
    second = await outbox.list_entries(limit=2, after=first[-1].id)
    third = await outbox.list_entries(limit=2, after=second[-1].id)
    fourth = await outbox.list_entries(limit=2, after=third[-1].id)

    pages = [[entry.id for entry in page] for page in (first, second, third, fourth)]
    assert [["id-m", "id-a"], ["id-z", "id-b"], ["id-y"], []] == pages
    assert [] == await outbox.list_entries(limit=0)


async def test_page_after_an_unknown_entry(outbox: Outbox) -> None:
    """A page after an entry that is not there is refused instead of starting anew."""
    await outbox.enqueue(new_entry())

    with pytest.raises(EntryNotFoundError):
        await outbox.list_entries(after="id-none")


async def test_list_by_state_and_environment(outbox: Outbox) -> None:
    """Filters narrow the list; several states come in the order of enqueueing, not state by state."""
    testing = Lane("sample", Environment.TESTING)
    await outbox.enqueue(new_entry("one"))
    await outbox.enqueue(new_entry("two"), held=True)
    await outbox.enqueue(new_entry("three", lane=testing))
    await outbox.enqueue(new_entry("four"))

    async def listed(states: list[State] | None = None, environment: Environment | None = None) -> list[str]:
        return [entry.id for entry in await outbox.list_entries(states=states, environment=environment)]

    assert ["id-one", "id-two", "id-three", "id-four"] == await listed([State.HELD, State.QUEUED, State.QUEUED])
    assert ["id-two"] == await listed([State.HELD])
    assert ["id-three"] == await listed(environment=Environment.TESTING)
    assert ["id-one", "id-four"] == await listed([State.QUEUED], Environment.MOCK)
    assert [] == await listed([])
    assert [] == await listed([State.RETRACTED])


async def test_counts(outbox: Outbox, clock: TurnableClock) -> None:
    """Counts say what each state has, since when the oldest waits and when the next is due."""
    testing = Lane("sample", Environment.TESTING)
    await outbox.enqueue(new_entry("test", lane=testing))
    clock.advance(MINUTE)
    lease = await lease_of(outbox, "filed")
    await acknowledge(outbox, lease)
    clock.advance(MINUTE)
    waiting = await lease_of(outbox, "waiting")
    await outbox.release(
        waiting, Checkpoint(), attempt(Outcome.TRANSIENT, failure=FAILURE, burns=False), available_in=5 * MINUTE
    )

    everything, mock = await outbox.count(), await outbox.count(environment=Environment.MOCK)
    production = await outbox.count(environment=Environment.PRODUCTION)

    assert set(State) == set(everything.by_state)
    assert (2, 1) == (everything.by_state[State.QUEUED], everything.by_state[State.ACKNOWLEDGED])
    assert (START, START) == (everything.oldest_waiting, everything.next_available)
    assert (1, 1, 1) == (mock.waiting, mock.by_state[State.QUEUED], mock.by_state[State.ACKNOWLEDGED])
    assert (START + 2 * MINUTE, START + 7 * MINUTE) == (mock.oldest_waiting, mock.next_available)
    assert (0, None, None) == (production.waiting, production.oldest_waiting, production.next_available)


async def test_next_available_while_everything_is_leased(outbox: Outbox, clock: TurnableClock) -> None:
    """A leased entry may be tried when its lease ends, so that whoever waits for work outwaits a dead dispatcher."""
    lease = await lease_of(outbox, lease_for=5 * MINUTE)
    leased = await outbox.count()
    clock.advance(MINUTE)
    await outbox.renew(lease, lease_for=5 * MINUTE)

    renewed = await outbox.count()

    assert (START + 5 * MINUTE, START + 6 * MINUTE) == (leased.next_available, renewed.next_available)


@pytest.mark.parametrize("stores", ["sqlite-apsw", "sqlite-standard", "sqlite-one-by-one", "postgres"], indirect=True)
async def test_everything_survives_reopening(stores: Stores) -> None:
    """What a durable store has answered is there for whoever opens it next, to the last byte."""
    first = stores.open()
    lease = await lease_of(first, "filed")
    await acknowledge(first, lease)
    await first.enqueue(new_entry("waiting"))
    before = await first.list_entries(), await first.acknowledgement("id-filed"), await first.attempts("id-filed")
    await first.close()

    second = stores.open()

    after = await second.list_entries(), await second.acknowledgement("id-filed"), await second.attempts("id-filed")
    assert before == after


async def test_closed_twice(outbox: Outbox) -> None:
    """Closing is safe to repeat."""
    await outbox.enqueue(new_entry())

    await outbox.close()
    await outbox.close()

    assert "kind" in await outbox.facts()


def _id(entry: Entry | None) -> str | None:
    return entry.id if entry else None


async def _enqueue(outbox: Outbox, new: NewEntry) -> tuple[Entry, bool]:
    return await outbox.enqueue(new)
