"""The steps of a destruction: what is refused, what each erases, and that each may be repeated."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from tests.contract.test_archive_holds import LIMIT, REFERENCE, US, YEAR, filed
from tests.contract.values import CHAIN, FAILURE, FULL_CHECKPOINT, REPLY, START, attempt, lease_of, new_entry
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.events import ContentErased, DestructionBegun, EntryDestroyed, digest_of
from tipline_client.delivery.outcomes import Outcome
from tipline_client.errors import EntryNotFoundError, HoldRunningError, IllegalTransitionError
from tipline_client.outbox import Outbox
from tipline_client.testing import TurnableClock

PLAN = b"a sealed plan"
CERTIFICATE = b"a sealed certificate"


async def _begin(outbox: Outbox, *, request: str | None = None) -> None:
    await outbox.archive.begin_destruction("id-one", PLAN, reason="the year is over", actor="Zoë", request=request)


async def _queued(outbox: Outbox) -> None:
    await outbox.enqueue(new_entry())


async def _held(outbox: Outbox) -> None:
    await outbox.enqueue(new_entry(), held=True)


async def _leased(outbox: Outbox) -> None:
    await lease_of(outbox)


async def _given_up_with_a_report_open(outbox: Outbox) -> None:
    await outbox.dead_letter(await lease_of(outbox), FULL_CHECKPOINT, attempt(Outcome.REJECTED, failure=FAILURE))


async def _given_up(outbox: Outbox) -> None:
    lease = await lease_of(outbox)
    await outbox.record(lease, Checkpoint(), replies=[b"an earlier reply"])
    await outbox.dead_letter(lease, Checkpoint(), attempt(Outcome.REJECTED, failure=FAILURE), reply=REPLY)


async def _retracted(outbox: Outbox) -> None:
    await outbox.enqueue(new_entry())
    await outbox.withdraw("id-one", reason="wrong account")


@pytest.mark.parametrize("arrange", [_queued, _held, _leased, _given_up_with_a_report_open])
async def test_not_at_its_end(outbox: Outbox, arrange: Callable[[Outbox], Awaitable[None]]) -> None:
    """What may still be filed is not destroyed, not even at a legal request, and nothing is changed by trying."""
    await arrange(outbox)
    before = await outbox.get("id-one")

    with pytest.raises(IllegalTransitionError):
        await _begin(outbox, request="order 12")

    assert before == await outbox.get("id-one")
    assert await outbox.archive.destruction("id-one") is None


@pytest.mark.parametrize("arrange", [_given_up, _retracted])
async def test_never_filed(outbox: Outbox, arrange: Callable[[Outbox], Awaitable[None]]) -> None:
    """What was given up with nothing open, or withdrawn, needs no hold to have ended."""
    await arrange(outbox)

    await _begin(outbox)

    assert "" == (await outbox.get("id-one")).data_key


async def test_while_a_hold_runs(outbox: Outbox, clock: TurnableClock) -> None:
    """While a hold of the content runs it is refused, whatever else is released; at its end it is not."""
    await filed(outbox, US, LIMIT, REFERENCE)

    with pytest.raises(HoldRunningError, match="must be kept until"):
        await _begin(outbox)

    assert "" != (await outbox.get("id-one")).data_key
    clock.advance(YEAR - START)
    await _begin(outbox)
    assert "" == (await outbox.get("id-one")).data_key


async def test_at_a_legal_request(outbox: Outbox) -> None:
    """A request that is named allows it, ends the holds of the content, and is on record."""
    await filed(outbox, US, REFERENCE)

    await _begin(outbox, request="order 12")

    content, reference = await outbox.archive.holds(entry_id="id-one")
    lines = await outbox.history("id-one")
    assert (START, None) == (content.released_at, reference.released_at)
    assert DestructionBegun("Zoë", digest_of("the year is over"), digest_of("order 12"), (1,)) == lines[-1].event.what
    assert () == CHAIN.problems(lines)
    assert "order 12" in (await outbox.notes("id-one"))[-1][1]
    begun = await outbox.archive.destruction("id-one")
    assert begun is not None
    assert ((content,), PLAN, START) == (begun.overridden, begun.plan, begun.begun_at)


async def test_filed_and_never_held(outbox: Outbox) -> None:
    """A filed report without any hold on record is not destroyed without a request: nobody knows that one ended."""
    await filed(outbox)

    with pytest.raises(HoldRunningError, match="no hold"):
        await _begin(outbox)


async def test_all_steps(outbox: Outbox) -> None:
    """Key, rows and certificate go one after the other; what shows that it was filed stays."""
    await filed(outbox, US)
    await outbox.store_receipt("id-one", b"a sealed receipt")

    await _begin(outbox, request="order 12")
    assert ["id-one"] == await outbox.archive.unfinished()
    emptied = await outbox.archive.empty("id-one")
    await outbox.archive.scrub()
    done = await outbox.archive.complete_destruction("id-one", CERTIFICATE)

    entry, record = await outbox.get("id-one"), await outbox.acknowledgement("id-one")
    assert ("", b"", 4711) == (entry.data_key, entry.envelope, entry.report_id)
    assert record is not None
    assert (b"", b"a sealed receipt") == (record.reply, record.receipt)
    assert (START, False, True) == (emptied.emptied_at, emptied.is_done, done.is_done)
    assert CERTIFICATE == done.certificate
    assert done == await outbox.archive.destruction("id-one")
    assert [] == await outbox.archive.unfinished()
    told = [type(line.event.what) for line in await outbox.history("id-one")][-3:]
    assert [DestructionBegun, ContentErased, EntryDestroyed] == told


async def test_sealed_replies_emptied(outbox: Outbox) -> None:
    """The replies on the way and the one behind a dead letter are emptied too."""
    await _given_up(outbox)
    await _begin(outbox)

    await outbox.archive.empty("id-one")

    assert ([b""], b"") == (await outbox.replies("id-one"), await outbox.rejected_reply("id-one"))


async def test_each_step_twice(outbox: Outbox, clock: TurnableClock) -> None:
    """A step that was done already changes nothing, and the first certificate stays."""
    await filed(outbox, US)
    await _begin(outbox, request="order 12")
    await outbox.archive.empty("id-one")
    first = await outbox.archive.complete_destruction("id-one", CERTIFICATE)
    lines = await outbox.history("id-one")
    clock.advance(timedelta(days=1))

    await _begin(outbox)
    await outbox.archive.empty("id-one")
    second = await outbox.archive.complete_destruction("id-one", b"another")

    assert first == second
    assert lines == await outbox.history("id-one")


async def test_steps_out_of_order(outbox: Outbox) -> None:
    """Nothing is emptied or certified of what was not begun, and nothing is certified that is not emptied."""
    await filed(outbox, US)

    with pytest.raises(EntryNotFoundError):
        await outbox.archive.empty("id-one")
    with pytest.raises(EntryNotFoundError):
        await outbox.archive.complete_destruction("id-one", CERTIFICATE)
    await _begin(outbox, request="order 12")
    with pytest.raises(IllegalTransitionError):
        await outbox.archive.complete_destruction("id-one", CERTIFICATE)
    with pytest.raises(EntryNotFoundError):
        await outbox.archive.begin_destruction("id-none", PLAN, reason="none", actor="Zoë")


async def test_destroyed_is_final(outbox: Outbox) -> None:
    """What is destroyed is neither put back in the line nor held any longer; a person may still have filed it."""
    await _given_up(outbox)
    await _begin(outbox)

    with pytest.raises(IllegalTransitionError, match="destroyed"):
        await outbox.requeue("id-one", reason="mistake")
    with pytest.raises(IllegalTransitionError, match="destroyed"):
        await outbox.archive.extend("id-one", until=YEAR, reason="late", actor="Zoë")
    await outbox.file_by_hand("id-one", report_id=9, reason="on the portal", holds=[US])
    assert [] == await outbox.archive.holds(entry_id="id-one")
