"""One report is never two entries': what the endpoint names, and what a person filed, belong to one entry of a lane."""

from datetime import timedelta

import pytest

from tests.contract.values import LANE, MINUTE, START, attempt, new_entry
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.events import EntryQueued
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.errors import LeaseLostError, ReportTakenError
from tipline_client.outbox import Lane, Outbox
from tipline_client.testing import TurnableClock

REPORT = 2**63 - 1
OPENED = Checkpoint(report_id=REPORT, opened_at=START)


async def _leased(outbox: Outbox, name: str, *, lane: Lane = LANE) -> Lease:
    entry, _ = await outbox.enqueue(new_entry(name, lane=lane))
    [lease] = await outbox.claim(lane, limit=1, lease_for=MINUTE, entry_id=entry.id)
    return lease


async def test_report_of_another_entry_recorded(outbox: Outbox) -> None:
    """The first entry that has it keeps it; the other one is told whose it is, and nothing of it is written."""
    await outbox.record(await _leased(outbox, "one"), OPENED)
    other = await _leased(outbox, "two")

    with pytest.raises(ReportTakenError, match="id-one"):
        await outbox.record(other, OPENED)
    with pytest.raises(ReportTakenError, match="id-one"):
        await outbox.release(other, OPENED, attempt(Outcome.STOPPED), available_in=timedelta(0))

    found = await outbox.get("id-two")
    assert (State.LEASED, None) == (found.state, found.checkpoint.report_id)


async def test_own_report_recorded_again(outbox: Outbox) -> None:
    """An entry may name its report as often as it likes."""
    lease = await _leased(outbox, "one")
    for _ in range(2):
        await outbox.record(lease, OPENED)
    await outbox.release(lease, OPENED, attempt(Outcome.TRANSIENT), available_in=timedelta(0))

    assert REPORT == (await outbox.get("id-one")).checkpoint.report_id


async def test_report_that_was_let_go(outbox: Outbox) -> None:
    """A report that its entry has left behind holds up nobody."""
    lease = await _leased(outbox, "one")
    await outbox.record(lease, OPENED)
    await outbox.record(lease, Checkpoint())

    await outbox.record(await _leased(outbox, "two"), OPENED)

    assert REPORT == (await outbox.get("id-two")).checkpoint.report_id


async def test_same_number_in_another_lane(outbox: Outbox) -> None:
    """Two endpoints count for themselves."""
    elsewhere = Lane("sample", Environment.TESTING)
    await outbox.record(await _leased(outbox, "one"), OPENED)

    await outbox.record(await _leased(outbox, "two", lane=elsewhere), OPENED)

    assert REPORT == (await outbox.get("id-two")).checkpoint.report_id


async def test_lease_that_is_lost_comes_first(outbox: Outbox, clock: TurnableClock) -> None:
    """Whoever has lost the lease is told that, where the report is nobody else's."""
    lease = await _leased(outbox, "one")
    clock.advance(2 * MINUTE)

    with pytest.raises(LeaseLostError):
        await outbox.record(lease, OPENED)


async def test_given_up_whatever_the_report(outbox: Outbox) -> None:
    """An end is never refused for the report's sake: the entry is set aside."""
    await outbox.record(await _leased(outbox, "one"), OPENED)

    await outbox.dead_letter(await _leased(outbox, "two"), OPENED, attempt(Outcome.REJECTED))

    assert State.DEAD_LETTER is (await outbox.get("id-two")).state
    with pytest.raises(ReportTakenError, match="id-one"):
        await outbox.requeue("id-two", reason="looked at it", checkpoint=OPENED)


async def test_report_of_another_entry_in_what_was_given_up(outbox: Outbox) -> None:
    """What an entry named that was set aside takes nothing from the entry whose report it is."""
    mine = await _leased(outbox, "one")
    await outbox.record(mine, OPENED)
    await outbox.dead_letter(await _leased(outbox, "two"), OPENED, attempt(Outcome.REJECTED))

    await outbox.record(mine, OPENED)
    await outbox.release(mine, OPENED, attempt(Outcome.TRANSIENT), available_in=timedelta(0))

    assert REPORT == (await outbox.get("id-one")).checkpoint.report_id


async def test_report_named_while_giving_back(outbox: Outbox) -> None:
    """A report that goes on record with the end of a lease is that entry's from then on."""
    lease = await _leased(outbox, "one")
    await outbox.release(lease, OPENED, attempt(Outcome.STOPPED), available_in=timedelta(0))

    with pytest.raises(ReportTakenError, match="id-one"):
        await outbox.record(await _leased(outbox, "two"), OPENED)


@pytest.mark.parametrize("vouched_for", [None, OPENED])
async def test_report_of_an_entry_that_was_put_back(outbox: Outbox, vouched_for: Checkpoint | None) -> None:
    """Put back with a report in its record, the entry has that report to itself again."""
    await outbox.dead_letter(await _leased(outbox, "one"), OPENED, attempt(Outcome.REJECTED))
    await outbox.requeue("id-one", reason="looked at it", checkpoint=vouched_for)

    with pytest.raises(ReportTakenError, match="id-one"):
        await outbox.record(await _leased(outbox, "two"), OPENED)


async def test_number_of_another_entry_filed_by_hand(outbox: Outbox) -> None:
    """A number copied from the wrong line ends no entry."""
    await outbox.record(await _leased(outbox, "one"), OPENED)
    await outbox.enqueue(new_entry("two"))
    await outbox.enqueue(new_entry("three"))

    with pytest.raises(ReportTakenError, match="id-one"):
        await outbox.file_by_hand("id-two", report_id=REPORT, reason="on the portal")
    await outbox.file_by_hand("id-two", report_id=77, reason="on the portal")
    with pytest.raises(ReportTakenError, match="id-two"):
        await outbox.file_by_hand("id-three", report_id=77, reason="on the portal")

    assert State.QUEUED is (await outbox.get("id-three")).state
    assert [EntryQueued("digest of three")] == [line.event.what for line in await outbox.history("id-three")]


async def test_number_filed_by_hand_named_by_the_endpoint(outbox: Outbox) -> None:
    """What a person filed for one entry is no other entry's report."""
    await outbox.enqueue(new_entry("one"))
    await outbox.file_by_hand("id-one", report_id=REPORT, reason="on the portal")

    with pytest.raises(ReportTakenError, match="id-one"):
        await outbox.record(await _leased(outbox, "two"), OPENED)
