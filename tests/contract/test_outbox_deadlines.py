"""The clock from knowledge to filing: a warning for each unfiled entry, once, before its time is over."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.contract.conftest import Stores
from tests.contract.values import LANE, MINUTE, START, acknowledge, attempt, lease_of, new_entry
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.deadline import Deadline
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import DeadlineNear
from tipline_client.delivery.outcomes import Outcome
from tipline_client.errors import ConfigurationError
from tipline_client.outbox import Lane, Outbox
from tipline_client.testing import TurnableClock

HOUR = timedelta(hours=1)
DAY = Deadline(24 * HOUR, warn_before=6 * HOUR)


async def _known(outbox: Outbox, name: str, at: datetime | None, *, held: bool = False) -> None:
    await outbox.enqueue(replace(new_entry(name), known_at=at), held=held)


async def _warnings(outbox: Outbox, name: str = "one") -> list[DeadlineNear]:
    told = [line.event.what for line in await outbox.history(f"id-{name}")]
    return [what for what in told if isinstance(what, DeadlineNear)]


async def test_warned_once(outbox: Outbox, clock: TurnableClock) -> None:
    """A warning comes when the notice begins, not before, and not a second time."""
    await _known(outbox, "one", None)
    clock.advance(18 * HOUR - timedelta(microseconds=1))
    early = await outbox.tell_deadlines(LANE, deadline=DAY)
    clock.advance(timedelta(microseconds=1))

    told = [await outbox.tell_deadlines(LANE, deadline=DAY) for _ in range(2)]

    assert [(), ("id-one",), ()] == [early, *told]
    assert [DeadlineNear(START, START + 24 * HOUR)] == await _warnings(outbox)


async def test_clock_begins_with_the_knowledge(outbox: Outbox) -> None:
    """What was known long before it was handed in is warned of at once."""
    known_at = START - 20 * HOUR
    await _known(outbox, "one", known_at)
    await _known(outbox, "two", None)

    told = await outbox.tell_deadlines(LANE, deadline=DAY)

    assert ("id-one",) == told
    assert [DeadlineNear(known_at, known_at + 24 * HOUR)] == await _warnings(outbox)


async def test_longest_known_first(outbox: Outbox) -> None:
    """Never more than asked for, those that were known first before the others; a moment later the rest."""
    for name, hours in (("one", 20), ("two", 30), ("three", 25)):
        await _known(outbox, name, START - hours * HOUR)

    told = [await outbox.tell_deadlines(LANE, deadline=DAY, limit=2) for _ in range(2)]

    assert [("id-two", "id-three"), ("id-one",)] == told


async def test_whose_time_counts(outbox: Outbox, clock: TurnableClock) -> None:
    """What is held or leased waits as well; what is filed, given up or another lane's is not warned of."""
    await _known(outbox, "held", None, held=True)
    await acknowledge(outbox, await lease_of(outbox, "filed"))
    await outbox.dead_letter(await lease_of(outbox, "given-up"), Checkpoint(), attempt(Outcome.REJECTED))
    await outbox.enqueue(new_entry("elsewhere", lane=Lane("sample", Environment.TESTING)))
    await lease_of(outbox, "leased", lease_for=30 * HOUR)
    clock.advance(20 * HOUR)

    told = await outbox.tell_deadlines(LANE, deadline=DAY)

    assert {"id-held", "id-leased"} == set(told)


async def test_two_doors_warn_at_once(stores: Stores) -> None:
    """Of two dispatchers one tells."""
    first, second = stores.open(), stores.open()
    await _known(first, "one", START - 20 * HOUR)

    told = [await door.tell_deadlines(LANE, deadline=DAY) for door in (first, second)]

    assert [("id-one",), ()] == told


async def test_longest_known_is_counted(outbox: Outbox) -> None:
    """The count says since when the longest known of what waits is known."""
    await _known(outbox, "one", None)
    await _known(outbox, "two", START - MINUTE)

    assert START - MINUTE == (await outbox.count(lane=LANE)).longest_known
    assert START - MINUTE == (await outbox.get("id-two")).clock_began_at


@pytest.mark.parametrize(
    ("within", "before", "named"),
    [
        (timedelta(0), None, "file_within"),
        (-HOUR, None, "file_within"),
        (HOUR, timedelta(0), "warn_before"),
        (HOUR, HOUR + MINUTE, "warn_before"),
    ],
)
def test_deadline_that_could_not_warn(within: timedelta, before: timedelta | None, named: str) -> None:
    """A deadline that would warn never, or of everything, is refused by name."""
    with pytest.raises(ConfigurationError, match=named):
        Deadline(within, before)


def test_notice_by_default() -> None:
    """A quarter of the time, unless something else is said."""
    assert 6 * HOUR == Deadline(24 * HOUR).notice
