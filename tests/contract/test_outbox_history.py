"""What every store writes down of each change, chained so that a removed or edited line shows."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from hashlib import sha256

import anyio
import anyio.lowlevel
import pytest

from tests.contract.conftest import Stores
from tests.contract.values import (
    CHAIN,
    LANE,
    MINUTE,
    REPLY,
    START,
    acknowledge,
    acknowledgement,
    attempt,
    lease_of,
    new_entry,
)
from tipline_client.delivery.acknowledgement import Alarm, AlarmKind, FileSet
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import (
    AlarmClosed,
    AlarmRaised,
    EntryAcknowledged,
    EntryAttempted,
    EntryGivenUp,
    EntryQueued,
    EntryRequeued,
    EntryRetracted,
    Event,
    HandFilingNoted,
    Happening,
    LanePaused,
    ReceiptSigned,
    WithdrawalAsked,
    digest_of,
)
from tipline_client.delivery.lane_state import Incident, LaneState
from tipline_client.delivery.outcomes import Attempt, Failure, Outcome
from tipline_client.envelope import HistoryChain
from tipline_client.outbox import Lane, MemoryOutbox, Outbox
from tipline_client.testing import TurnableClock

ALARM = Alarm(AlarmKind.HASH_MISSING, "no hash", START)


async def _told(outbox: Outbox, entry_id: str = "id-one") -> list[Happening]:
    return [line.event.what for line in await outbox.history(entry_id)]


async def test_history_of_a_filed_entry(outbox: Outbox, clock: TurnableClock) -> None:
    """Every change of an entry that is filed, with the moments, in their order."""
    lease = await lease_of(outbox)
    clock.advance(timedelta(seconds=1))
    released = attempt(Outcome.TRANSIENT)
    await outbox.release(lease, Checkpoint(), released, available_in=timedelta(0))
    clock.advance(timedelta(seconds=1))
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    filed = attempt(Outcome.ACKNOWLEDGED)
    await outbox.acknowledge(lease, Checkpoint(), acknowledgement(), filed, reply=REPLY, alarms=[ALARM])
    await outbox.store_receipt("id-one", b"receipt")
    await outbox.store_receipt("id-one", b"another")
    await outbox.close_alarm(1, note="looked")

    expected: list[Happening] = [
        EntryQueued("digest of one"),
        EntryAttempted(released),
        EntryAttempted(filed),
        EntryAcknowledged(acknowledgement().report_id, FileSet.CONFIRMED, sha256(REPLY).hexdigest()),
        AlarmRaised(1, AlarmKind.HASH_MISSING),
        ReceiptSigned(sha256(b"receipt").hexdigest()),
        AlarmClosed(1, digest_of("looked")),
    ]
    lines = await outbox.history("id-one")
    assert expected == [line.event.what for line in lines]
    moments = [(line.at - START).seconds for line in lines]
    assert [0, 1, 2, 2, 2, 2, 2] == moments
    assert Event(START, "sample", Environment.MOCK, expected[0], "id-one") == lines[0].event


async def test_history_of_an_entry_given_up_and_withdrawn(outbox: Outbox) -> None:
    """What people did is in it by digest, beside what became of it."""
    given_up = attempt(Outcome.REJECTED)
    await outbox.dead_letter(await lease_of(outbox), Checkpoint(), given_up)
    await outbox.requeue("id-one", reason="mended")
    await outbox.withdraw("id-one", reason="wrong account")

    assert [
        EntryQueued("digest of one"),
        EntryAttempted(given_up),
        EntryGivenUp(given_up.failure),
        EntryRequeued(digest_of("mended")),
        WithdrawalAsked(digest_of("wrong account")),
        EntryRetracted(),
    ] == await _told(outbox)


async def test_history_of_an_entry_retracted_at_the_endpoint(outbox: Outbox) -> None:
    """A withdrawal that a dispatcher carries out is told when it is asked and when it is done."""
    await outbox.record(await lease_of(outbox), Checkpoint(report_id=1))
    await outbox.withdraw("id-one", reason="wrong account")
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    done = attempt(Outcome.RETRACTED)
    await outbox.mark_retracted(lease, Checkpoint(), done)

    told = await _told(outbox)

    assert [WithdrawalAsked(digest_of("wrong account")), EntryAttempted(done), EntryRetracted()] == told[1:]


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("is_vouched_for", [False, True])
async def test_history_of_an_entry_put_back_with_a_wish(outbox: Outbox, *, by_hand: bool, is_vouched_for: bool) -> None:
    """A person who vouches for the record vouches for the wish in it: it is told again, under the secret of now."""
    checkpoint = Checkpoint(report_id=1)
    await outbox.record(await lease_of(outbox), checkpoint)
    if by_hand:
        await outbox.file_by_hand("id-one", report_id=77, reason="on the portal")
    else:
        await outbox.withdraw("id-one", reason="wrong account")
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    await outbox.dead_letter(lease, checkpoint, attempt(Outcome.REJECTED))

    await outbox.requeue("id-one", reason="looked", checkpoint=checkpoint if is_vouched_for else None)

    note = digest_of("on the portal" if by_hand else "wrong account")
    wish: Happening = HandFilingNoted(77, note) if by_hand else WithdrawalAsked(note)
    told = await _told(outbox)
    last = (await outbox.history("id-one"))[-1]
    assert [*([wish] if is_vouched_for else []), EntryRequeued(digest_of("looked"), is_vouched_for)] == told[4:]
    assert CHAIN.own(await outbox.history("id-one"))[-1] == last


async def test_chain_of_a_home_that_uses_the_outbox(stores: Stores) -> None:
    """A store keeps the secret that it links with; another one is refused, and none at all changes nothing."""
    outbox = stores.open()
    await outbox.enqueue(new_entry())

    assert outbox.use_chain(HistoryChain(b"a secret of these tests"))
    assert outbox.use_chain(HistoryChain())
    assert not outbox.use_chain(HistoryChain(b"another secret"))
    await outbox.withdraw("id-one", reason="wrong account")
    assert () == CHAIN.problems(await outbox.history("id-one"))


async def test_store_opened_without_a_chain() -> None:
    """It links with the secret of the first home that uses it, from then on."""
    outbox = MemoryOutbox()
    await outbox.enqueue(new_entry())

    assert outbox.use_chain(CHAIN)
    assert not outbox.use_chain(HistoryChain(b"another secret"))
    await outbox.withdraw("id-one", reason="wrong account")

    lines = await outbox.history("id-one")
    assert lines[1:] == list(CHAIN.own(lines))


async def test_what_leaves_no_line(outbox: Outbox) -> None:
    """Neither leases nor checkpoints are told, nor what was refused or found to be there already."""
    lease = await lease_of(outbox)
    await outbox.enqueue(new_entry())
    await outbox.renew(lease, lease_for=MINUTE)
    await outbox.record(lease, Checkpoint(report_id=1))

    assert [EntryQueued("digest of one")] == await _told(outbox)
    assert [] == await outbox.history("id-nobody")


async def test_history_of_a_lane(outbox: Outbox) -> None:
    """A lane has a history of its own; a change of it that was refused leaves no line."""
    paused = LanePaused(Incident(START, Failure("outage", "sample")), waiting=3, oldest_waiting=START)
    await outbox.change_lane(LANE, LaneState(START), what=paused)
    await outbox.change_lane(LANE, LaneState(START), what=paused)
    await outbox.change_lane(Lane("other", Environment.MOCK), LaneState(START), what=paused)
    await outbox.change_lane(LANE, LaneState(START, version=1))

    lines = await outbox.lane_history(LANE)

    assert [Event(START, "sample", Environment.MOCK, paused)] == [line.event for line in lines]


async def test_lines_in_turn(outbox: Outbox) -> None:
    """Whoever reads all lines page by page sees each once, in the order of the outbox."""
    for name in ("one", "two", "three"):
        await acknowledge(outbox, await lease_of(outbox, name))
    seen = []
    after = 0

    while page := await outbox.events(after=after, limit=2):
        seen += [(line.entry_id, line.kind) for line in page]
        after = page[-1].position

    kinds = ["EntryQueued", "EntryAttempted", "EntryAcknowledged"]
    assert [(f"id-{name}", kind) for name in ("one", "two", "three") for kind in kinds] == seen
    assert [] == await outbox.events(after=after)


async def test_lines_read_while_others_are_written(outbox: Outbox) -> None:
    """A reader that goes on from the last line that it saw misses none, however many write at once."""
    seen: list[str | None] = []

    async def write(number: int) -> None:
        await outbox.enqueue(new_entry(str(number)))

    async def read() -> None:
        after = 0
        while len(seen) < 40:
            page = await outbox.events(after=after, limit=7)
            seen.extend(line.entry_id for line in page)
            after = page[-1].position if page else after
            await anyio.lowlevel.checkpoint()

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            for number in range(40):
                tasks.start_soon(write, number)

    assert sorted(f"id-{number}" for number in range(40)) == sorted(map(str, seen))


async def test_chain(outbox: Outbox) -> None:
    """The lines of each entry and lane hang together, by links that only this installation can make."""
    for name in ("one", "two"):
        await acknowledge(outbox, await lease_of(outbox, name))
    await outbox.change_lane(LANE, LaneState(START), what=LanePaused(Incident(START, Failure("outage", "sample"))))

    lines = await outbox.events()

    assert () == CHAIN.problems(lines)
    assert {"keyed"} == {line.link.partition(":")[0] for line in lines}


@pytest.mark.parametrize("text", ["Zoë \0 \x1a mug", "x" * 5000])
async def test_odd_words_in_the_chain(outbox: Outbox, text: str) -> None:
    """Whatever text a failure holds comes back as it was linked."""
    failure = Failure("outage", text)
    ended = Attempt(START, START, Outcome.REJECTED, failure)
    await outbox.dead_letter(await lease_of(outbox), Checkpoint(), ended)

    lines = await outbox.history("id-one")

    assert EntryGivenUp(failure) == lines[-1].event.what
    assert () == CHAIN.problems(lines)


async def test_two_who_tell_at_once(outbox: Outbox) -> None:
    """Two changes of one entry at the same moment follow each other in the chain."""
    lease = await lease_of(outbox)
    ended = attempt(Outcome.ACKNOWLEDGED)
    await outbox.acknowledge(lease, Checkpoint(), acknowledgement(), ended, reply=REPLY, alarms=[ALARM] * 8)

    async with anyio.create_task_group() as tasks:
        for number in range(1, 9):
            tasks.start_soon(partial(outbox.close_alarm, number, note="looked"))
        tasks.start_soon(outbox.store_receipt, "id-one", b"receipt")

    lines = await outbox.history("id-one")
    assert 3 + 8 + 8 + 1 == len(lines)
    assert () == CHAIN.problems(lines)


async def test_chain_of_another_installation(outbox: Outbox) -> None:
    """Links made with another secret, or with none, are not taken for our own."""
    await acknowledge(outbox, await lease_of(outbox))
    lines = await outbox.history("id-one")
    plain = HistoryChain()
    link = plain.link(
        "",
        at=lines[0].at,
        profile="sample",
        environment="mock",
        entry_id="id-one",
        kind=lines[0].kind,
        facts=lines[0].facts,
    )
    forged = replace(lines[0], link=link)

    assert 3 == len(HistoryChain(b"another").problems(lines))
    assert 2 == len(CHAIN.problems([forged, *lines[1:]]))
    assert () == plain.problems([forged])
