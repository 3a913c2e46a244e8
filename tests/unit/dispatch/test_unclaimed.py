"""Evidence that no entry claims: found when it is old enough, told of with numbers, and never touched."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest

from tipline_client.delivery.clock import Clock
from tipline_client.delivery.entry import Entry, NewEntry
from tipline_client.delivery.environment import Environment
from tipline_client.dispatch.unclaimed import MARGIN, UnclaimedEvidence, find_unclaimed
from tipline_client.errors import OutboxUnavailableError
from tipline_client.evidence import EvidenceFolder, Holding
from tipline_client.outbox import MemoryOutbox, UnreadableRowError

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=3)


def holding(name: str, *, at: datetime = LONG_AGO, has_draft: bool = False) -> Holding:
    return Holding(name, copies=2, size=10, has_draft=has_draft, changed_at=at)


class Shelf(EvidenceFolder):
    """A store that holds just these, and knows whether its looker has left."""

    def __init__(self, *lying: Holding) -> None:
        super().__init__("nowhere")
        self.lying = lying
        self.is_left = False

    async def holdings(self) -> AsyncGenerator[Holding, None]:
        try:
            for each in self.lying:
                yield each
        finally:
            self.is_left = True


def _new(entry_id: str) -> NewEntry:
    return NewEntry(entry_id, "mock", Environment.MOCK, f"case-{entry_id}", "0" * 64, b"sealed", "master wrapped")


async def with_entries(*ids: str, clock: Clock | None = None) -> MemoryOutbox:
    outbox = MemoryOutbox(clock=clock)
    for entry_id in ids:
        await outbox.enqueue(_new(entry_id))
    return outbox


async def test_every_copy_has_its_entry() -> None:
    """Where every holding has an entry, nothing is told."""
    outbox = await with_entries("e1", "e2")

    found = await find_unclaimed(Shelf(holding("e1"), holding("e2")), outbox, now=NOW)

    assert UnclaimedEvidence(looked_at=2) == found


async def test_copies_of_no_entry() -> None:
    """What no entry claims is counted with its files and bytes, the oldest of it first."""
    outbox = await with_entries("e1")
    older, newer = holding("e2", at=LONG_AGO - timedelta(days=1), has_draft=True), holding("e3")

    found = await find_unclaimed(Shelf(newer, holding("e1"), older), outbox, now=NOW)

    assert UnclaimedEvidence(count=2, copies=4, size=20, drafts=1, oldest=(older, newer), looked_at=3) == found


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        (timedelta(0), 0),
        (MARGIN - timedelta(microseconds=1), 0),
        (MARGIN, 1),
        (timedelta(days=-400), 0),
    ],
)
async def test_enqueue_under_way(age: timedelta, expected: int) -> None:
    """What was written to within the margin, or is dated in the future, may still get its entry, and is passed over."""
    outbox = await with_entries()

    found = await find_unclaimed(Shelf(holding("e1", at=NOW - age)), outbox, now=NOW)

    assert (expected, expected) == (found.count, found.looked_at)


async def test_entry_written_during_the_look() -> None:
    """The entry is asked for after its copies were seen, so one that comes in between is found."""
    outbox = await with_entries()

    class Slow(Shelf):
        async def holdings(self) -> AsyncGenerator[Holding, None]:
            await outbox.enqueue(_new("e1"))
            yield holding("e1")

    found = await find_unclaimed(Slow(), outbox, now=NOW)

    assert 0 == found.count


async def test_look_that_is_bounded() -> None:
    """At the bound the look ends and says that it did; young holdings do not count, and the store is let go."""
    shelf = Shelf(holding("e1"), holding("e2", at=NOW), holding("e3"), holding("e4"))

    found = await find_unclaimed(shelf, await with_entries(), now=NOW, most=2)

    assert (2, 2, False, True) == (found.count, found.looked_at, found.is_complete, shelf.is_left)
    assert (await find_unclaimed(shelf, await with_entries(), now=NOW, most=3)).is_complete


async def test_more_than_can_be_named() -> None:
    """All are counted, and the twenty oldest named, in whatever order they come."""
    lying = [holding(f"e{number}", at=LONG_AGO + timedelta(hours=number * 7 % 50)) for number in range(50)]

    found = await find_unclaimed(Shelf(*lying), await with_entries(), now=NOW)

    oldest = sorted(lying, key=lambda each: each.changed_at)[:20]
    assert (50, tuple(oldest)) == (found.count, found.oldest)


async def test_row_that_cannot_be_read() -> None:
    """A damaged row is a row: its copies are not called unclaimed."""

    class Damaged(MemoryOutbox):
        async def get(self, entry_id: str) -> Entry:
            raise UnreadableRowError(f"entry {entry_id}: its row cannot be read back")

    found = await find_unclaimed(Shelf(holding("e1")), Damaged(), now=NOW)

    assert 0 == found.count


async def test_outbox_that_is_away() -> None:
    """An outbox that cannot be asked proves nothing about any copy."""

    class Away(MemoryOutbox):
        async def get(self, entry_id: str) -> Entry:
            raise OutboxUnavailableError(f"the outbox is locked: {entry_id}")

    shelf = Shelf(holding("e1"))

    with pytest.raises(OutboxUnavailableError, match="locked"):
        await find_unclaimed(shelf, Away(), now=NOW)

    assert shelf.is_left
