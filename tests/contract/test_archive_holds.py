"""What must be kept, until when: opened by a filing, extended with a reason, never shortened, released by itself."""

from datetime import datetime, timedelta

import pytest

from tests.contract.values import (
    CHAIN,
    FAILURE,
    LANE,
    MINUTE,
    REPLY,
    START,
    acknowledgement,
    attempt,
    lease_of,
    new_entry,
)
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.events import EntryFiledByHand, HoldExtended, HoldOpened, HoldReleased, digest_of
from tipline_client.delivery.hold import BY_HAND, Conflict, Hold, HoldTerms, Part
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.errors import EntryNotFoundError, IllegalTransitionError, OutboxError
from tipline_client.outbox import Outbox
from tipline_client.testing import TurnableClock

DAY = timedelta(days=1)
YEAR = START + 365 * DAY
US = HoldTerms("us", Part.CONTENT, "a year", START, YEAR)
LIMIT = HoldTerms("eu", Part.CONTENT, "at most", START, START + 300 * DAY, is_limit=True)
REFERENCE = HoldTerms("uk", Part.REFERENCE, "five years", START, START + 5 * 365 * DAY)


async def filed(outbox: Outbox, *terms: HoldTerms, name: str = "one", report_id: int = 4711) -> None:
    """An acknowledged entry with these holds."""
    await outbox.acknowledge(
        await lease_of(outbox, name),
        Checkpoint(report_id=report_id),
        acknowledgement(report_id),
        attempt(Outcome.ACKNOWLEDGED),
        reply=REPLY,
        holds=terms,
    )


def _hold(terms: HoldTerms, *, number: int = 1, until: datetime | None = None, name: str = "one") -> Hold:
    return Hold(
        number,
        f"id-{name}",
        terms.regime,
        terms.part,
        terms.reason,
        terms.began_at,
        until or terms.ends_at,
        terms.is_limit,
    )


async def test_opened_by_the_acknowledgement(outbox: Outbox) -> None:
    """The acknowledgement opens the holds that it is given, each with a line in the history."""
    await filed(outbox, US, REFERENCE)

    lines = await outbox.history("id-one")
    assert [_hold(US), _hold(REFERENCE, number=2)] == await outbox.archive.holds(entry_id="id-one")
    told = [line.event.what for line in lines]
    assert [HoldOpened(1, "us", Part.CONTENT, YEAR), HoldOpened(2, "uk", Part.REFERENCE, REFERENCE.ends_at)] == told[
        -2:
    ]
    assert () == CHAIN.problems(lines)


async def test_opened_by_the_end_as_filed_by_hand(outbox: Outbox) -> None:
    """What is filed by hand is held from the moment at which it is proven that only a person filed it."""
    await outbox.enqueue(new_entry())

    await outbox.file_by_hand("id-one", report_id=5, reason="outage", holds=[US])

    assert [_hold(US)] == await outbox.archive.holds(entry_id="id-one")
    assert isinstance((await outbox.history("id-one"))[-2].event.what, EntryFiledByHand)


async def test_not_opened_while_something_is_to_be_taken_back(outbox: Outbox) -> None:
    """A filing by hand whose end is still to come opens nothing yet; the dispatcher that proves it does."""
    lease = await lease_of(outbox)
    await outbox.record(lease, Checkpoint(report_id=7, opened_at=START))
    await outbox.file_by_hand("id-one", report_id=5, reason="outage", holds=[US])
    assert [] == await outbox.archive.holds(entry_id="id-one")
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await outbox.mark_retracted(lease, Checkpoint(), attempt(Outcome.RETRACTED), holds=[US])

    assert State.FILED_BY_HAND is (await outbox.get("id-one")).state
    assert [_hold(US)] == await outbox.archive.holds(entry_id="id-one")


async def test_not_opened_by_a_retraction(outbox: Outbox) -> None:
    """What is proven not filed is not held."""
    lease = await lease_of(outbox)

    await outbox.mark_retracted(lease, Checkpoint(), attempt(Outcome.RETRACTED), holds=[US])

    assert [] == await outbox.archive.holds(entry_id="id-one")


async def test_due_before_a_moment(outbox: Outbox) -> None:
    """Holds that end before a moment come by their end; released and later ones do not."""
    sooner = HoldTerms("us", Part.CONTENT, "a year", START, YEAR - DAY)
    await filed(outbox, US, name="one", report_id=1)
    await filed(outbox, sooner, name="two", report_id=2)
    await filed(outbox, REFERENCE, name="three", report_id=3)
    await filed(outbox, sooner, name="four", report_id=4)
    await outbox.archive.release("id-four", reason="done", actor="Zoë")

    found = await outbox.archive.holds(ends_before=YEAR + DAY)

    assert ["id-two", "id-one"] == [hold.entry_id for hold in found]
    assert ["id-two"] == [hold.entry_id for hold in await outbox.archive.holds(ends_before=YEAR + DAY, limit=1)]
    assert 3 == len(await outbox.archive.holds())


async def test_extended(outbox: Outbox, clock: TurnableClock) -> None:
    """An extension moves what ends earlier, with actor and reason on record; limits and references stay."""
    await filed(outbox, US, LIMIT, REFERENCE)
    clock.advance(DAY)

    moved = await outbox.archive.extend("id-one", until=YEAR + DAY, reason="a request", actor="Zoë")

    assert [_hold(US, until=YEAR + DAY)] == moved
    kept = await outbox.archive.holds(entry_id="id-one")
    assert [YEAR + DAY, LIMIT.ends_at, REFERENCE.ends_at] == [hold.ends_at for hold in kept]
    lines = await outbox.history("id-one")
    assert HoldExtended(1, YEAR + DAY, "Zoë", digest_of("a request")) == lines[-1].event.what
    assert () == CHAIN.problems(lines)
    [(at, note)] = await outbox.notes("id-one")
    assert START + DAY == at
    assert "Zoë" in note
    assert "a request" in note


@pytest.mark.parametrize("until", [YEAR, YEAR - DAY], ids=["the same moment", "an earlier one"])
async def test_never_shortened(outbox: Outbox, until: datetime) -> None:
    """A moment that is no later than every end is refused, and nothing is written."""
    await filed(outbox, US)
    before = await outbox.history("id-one")

    with pytest.raises(IllegalTransitionError, match="never shortened"):
        await outbox.archive.extend("id-one", until=until, reason="less", actor="Zoë")

    assert [_hold(US)] == await outbox.archive.holds(entry_id="id-one")
    assert before == await outbox.history("id-one")
    assert [] == await outbox.notes("id-one")


async def test_extended_where_none_runs(outbox: Outbox, clock: TurnableClock) -> None:
    """A preservation request opens a hold of its own where none runs, also of what is not filed yet."""
    await outbox.enqueue(new_entry())

    [opened] = await outbox.archive.extend("id-one", until=YEAR, reason="a request", actor="Zoë")

    assert Hold(1, "id-one", BY_HAND, Part.CONTENT, "a request", START, YEAR) == opened
    told = (await outbox.history("id-one"))[-1].event.what
    assert HoldOpened(1, BY_HAND, Part.CONTENT, YEAR, actor="Zoë", note_sha256=digest_of("a request")) == told


async def test_extended_to_the_past(outbox: Outbox) -> None:
    """A moment that has passed, or has no zone, is refused."""
    await outbox.enqueue(new_entry())

    with pytest.raises(IllegalTransitionError):
        await outbox.archive.extend("id-one", until=START, reason="late", actor="Zoë")
    with pytest.raises(OutboxError, match="zone"):
        await outbox.archive.extend("id-one", until=YEAR.replace(tzinfo=None), reason="late", actor="Zoë")
    with pytest.raises(EntryNotFoundError):
        await outbox.archive.extend("id-none", until=YEAR, reason="late", actor="Zoë")


async def test_released(outbox: Outbox, clock: TurnableClock) -> None:
    """A release ends every hold of an entry, or the one that is named, once."""
    await filed(outbox, US, REFERENCE)
    clock.advance(DAY)

    [first] = await outbox.archive.release("id-one", reason="counsel", actor="Zoë", hold_id=2)
    [second] = await outbox.archive.release("id-one", reason="counsel", actor="Zoë")

    assert (2, START + DAY, 1) == (first.id, first.released_at, second.id)
    told = [line.event.what for line in await outbox.history("id-one")][-2:]
    assert [HoldReleased(2, "Zoë", digest_of("counsel")), HoldReleased(1, "Zoë", digest_of("counsel"))] == told
    with pytest.raises(IllegalTransitionError):
        await outbox.archive.release("id-one", reason="counsel", actor="Zoë")
    with pytest.raises(EntryNotFoundError):
        await outbox.archive.release("id-none", reason="counsel", actor="Zoë")


async def test_in_conflict(outbox: Outbox) -> None:
    """A limit that ends before a hold of the same part is shown with it, and neither is changed."""
    await filed(outbox, US, LIMIT, name="one", report_id=1)
    await filed(outbox, US, name="two", report_id=2)
    await filed(outbox, REFERENCE, LIMIT, name="three", report_id=3)

    found = await outbox.archive.conflicts()

    assert [Conflict(_hold(LIMIT, number=2), _hold(US))] == found
    await outbox.archive.release("id-one", reason="counsel", actor="Zoë", hold_id=1)
    assert [] == await outbox.archive.conflicts()


async def test_given_up(outbox: Outbox) -> None:
    """What was given up is not held by itself."""
    await outbox.dead_letter(await lease_of(outbox), Checkpoint(), attempt(Outcome.REJECTED, failure=FAILURE))

    assert [] == await outbox.archive.holds(entry_id="id-one")
