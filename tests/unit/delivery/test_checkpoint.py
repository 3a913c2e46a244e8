"""When an open report lapses, and what a checkpoint forgets in an outage of days."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tipline_client.delivery.checkpoint import AttachedFile, Checkpoint, Exchange, SuspectedOrphan
from tipline_client.delivery.steps import Step

OPENED = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
OPEN = Checkpoint(report_id=4711, opened_at=OPENED)


@pytest.mark.parametrize(
    ("changed_after", "lapses_after"),
    [
        (None, timedelta(hours=24)),
        (timedelta(0), timedelta(hours=24)),
        (timedelta(hours=22), timedelta(hours=24)),
        (timedelta(hours=23), timedelta(hours=24)),
        (timedelta(hours=23, seconds=1), timedelta(hours=24, seconds=1)),
        (timedelta(hours=24, minutes=30), timedelta(hours=25, minutes=30)),
    ],
)
def test_later_limit_counts(changed_after: timedelta | None, lapses_after: timedelta) -> None:
    """A report lapses at the later of a day after its opening and an hour after its last change."""
    checkpoint = replace(OPEN, changed_at=None if changed_after is None else OPENED + changed_after)

    assert OPENED + lapses_after == checkpoint.lapses_at


@pytest.mark.parametrize("checkpoint", [Checkpoint(), Checkpoint(opened_at=OPENED), Checkpoint(report_id=4711)])
def test_nothing_open(checkpoint: Checkpoint) -> None:
    """Without a current report, or without knowing since when, nothing lapses."""
    assert checkpoint.lapses_at is None


def test_attached_file() -> None:
    """A file is found by its place in the manifest, not by its place in the list."""
    second, first = AttachedFile(1, "f-1"), AttachedFile(0, "f-0")
    checkpoint = replace(OPEN, files=(second, first))

    assert (first, second, None) == tuple(checkpoint.attached(index) for index in range(3))


def test_orphans_of_a_long_outage() -> None:
    """The most recent suspected orphans are kept, in order, however many there were."""
    checkpoint = Checkpoint()

    for number in range(200):
        orphan = SuspectedOrphan(OPENED, OPENED, report_id=number)
        checkpoint = replace(checkpoint, orphans=checkpoint.with_orphan(orphan))

    numbers = [orphan.report_id for orphan in checkpoint.orphans]
    assert list(range(200 - len(numbers), 200)) == numbers
    assert 10 < len(numbers) < 200


def test_exchanges_of_a_long_outage() -> None:
    """The opening of the report stays on record, and then the most recent calls."""
    checkpoint = Checkpoint()

    for number in range(2000):
        exchange = Exchange(Step.FINISH if number else Step.SUBMIT, OPENED, code=number)
        checkpoint = replace(checkpoint, exchanges=checkpoint.with_exchange(exchange))

    codes = [exchange.code for exchange in checkpoint.exchanges]
    assert [0, *range(2001 - len(codes), 2000)] == codes
    assert Step.SUBMIT is checkpoint.exchanges[0].step
    assert 10 < len(codes) < 2000
