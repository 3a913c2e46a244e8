"""Connections that are lost before a write, during it, or between its commit and the answer."""

import tempfile
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.contract.values import (
    FULL_CHECKPOINT,
    LANE,
    MINUTE,
    REPLY,
    acknowledgement,
    attempt,
    lease_of,
    new_entry,
)
from tests.postgres.conftest import OpenOutbox
from tests.support.postgres import PostgresServer
from tests.support.postgres_wire import Wire
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.errors import LeaseLostError, OutboxInDoubtError, OutboxUnavailableError
from tipline_client.outbox.postgres import PostgresOutbox

NOW = timedelta(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's own: the name of a socket has room for a hundred characters.
    with tempfile.TemporaryDirectory(prefix="tipline-wire-") as folder:
        yield Path(folder)


@pytest.fixture
def wire(server: PostgresServer, folder: Path) -> Iterator[Wire]:
    wire = Wire(folder, server.folder)
    yield wire
    wire.close()


@pytest.fixture
def outbox(open_outbox: OpenOutbox, wire: Wire, folder: Path) -> PostgresOutbox:
    return open_outbox(f"host={folder} user=tipline dbname=outbox", max_connections=2)


async def _release(outbox: PostgresOutbox, lease: Lease) -> None:
    await outbox.release(lease, FULL_CHECKPOINT, attempt(Outcome.TRANSIENT), available_in=NOW)


async def _acknowledge(outbox: PostgresOutbox, lease: Lease) -> None:
    await outbox.acknowledge(lease, FULL_CHECKPOINT, acknowledgement(), attempt(Outcome.ACKNOWLEDGED), reply=REPLY)


async def _dead_letter(outbox: PostgresOutbox, lease: Lease) -> None:
    await outbox.dead_letter(lease, FULL_CHECKPOINT, attempt(Outcome.REJECTED), reply=REPLY)


async def _mark_retracted(outbox: PostgresOutbox, lease: Lease) -> None:
    await outbox.mark_retracted(lease, FULL_CHECKPOINT, attempt(Outcome.RETRACTED))


Ending = Callable[[PostgresOutbox, Lease], Awaitable[None]]
ENDINGS: list[tuple[Ending, bytes, State]] = [
    (_release, b"COMMIT\0", State.QUEUED),
    (_acknowledge, b"COMMIT\0", State.ACKNOWLEDGED),
    (_dead_letter, b"COMMIT\0", State.DEAD_LETTER),
    (_mark_retracted, b"COMMIT\0", State.RETRACTED),
]

every_ending = pytest.mark.parametrize(
    ("end", "last_word", "state"), ENDINGS, ids=lambda case: getattr(case, "__name__", "")
)


@every_ending
async def test_answer_to_an_ending_is_lost(
    outbox: PostgresOutbox, wire: Wire, end: Ending, last_word: bytes, state: State
) -> None:
    """An ending that took place unanswered is in doubt; done again it is recognised, and is on record once."""
    lease = await lease_of(outbox)
    wire.lose_reply(last_word)

    with pytest.raises(OutboxInDoubtError):
        await end(outbox, lease)
    await end(outbox, lease)

    assert (1, state) == (wire.lost, (await outbox.get("id-one")).state)
    assert 1 == len(await outbox.attempts("id-one"))
    with pytest.raises(LeaseLostError):
        await end(outbox, lease)


@every_ending
async def test_ending_that_does_not_arrive(
    outbox: PostgresOutbox, wire: Wire, end: Ending, last_word: bytes, state: State
) -> None:
    """An ending that was lost on the way is in doubt too; done again it takes place."""
    lease = await lease_of(outbox)
    wire.lose_request(last_word)

    with pytest.raises(OutboxInDoubtError):
        await end(outbox, lease)
    before = (await outbox.get("id-one")).state
    await end(outbox, lease)

    assert (State.LEASED, state) == (before, (await outbox.get("id-one")).state)
    assert 1 == len(await outbox.attempts("id-one"))


async def test_ending_in_doubt_after_a_take_over(outbox: PostgresOutbox, wire: Wire) -> None:
    """An ending that did not take place, done again after another dispatcher took over, is a lost lease."""
    lease = await lease_of(outbox, lease_for=MINUTE)
    wire.lose_request(b"COMMIT\0")
    with pytest.raises(OutboxInDoubtError):
        await _release(outbox, lease)
    await outbox.renew(lease, lease_for=NOW)
    [taken] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    with pytest.raises(LeaseLostError):
        await _release(outbox, lease)

    assert taken.was_taken_over
    assert [] == await outbox.attempts("id-one")


async def test_released_in_doubt_and_claimed_by_another(outbox: PostgresOutbox, wire: Wire) -> None:
    """A release that took place is recognised even when the entry has gone on since; the new lease is untouched."""
    lease = await lease_of(outbox)
    wire.lose_reply(b"COMMIT\0")
    with pytest.raises(OutboxInDoubtError):
        await _release(outbox, lease)
    [taken] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await _release(outbox, lease)

    await outbox.record(taken, FULL_CHECKPOINT)
    assert not taken.was_taken_over
    assert 1 == len(await outbox.attempts("id-one"))


@pytest.mark.parametrize("lose", [Wire.lose_reply, Wire.lose_request])
async def test_enqueue_in_doubt(outbox: PostgresOutbox, wire: Wire, lose: Callable[[Wire, bytes], None]) -> None:
    """An enqueue of which nobody knows may be repeated: there is one entry, with the id of the first."""
    lose(wire, b"COMMIT\0")

    with pytest.raises(OutboxInDoubtError):
        await outbox.enqueue(new_entry())
    entry, _ = await outbox.enqueue(new_entry())

    assert "id-one" == entry.id
    assert 1 == (await outbox.count()).waiting


async def test_claim_in_doubt(outbox: PostgresOutbox, wire: Wire) -> None:
    """A lease that was granted to nobody ends by itself, and is then taken over like any other."""
    await outbox.enqueue(new_entry())
    wire.lose_reply(b"SKIP LOCKED")

    with pytest.raises(OutboxInDoubtError):
        await outbox.claim(LANE, limit=1, lease_for=NOW)

    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert lease.was_taken_over


async def test_record_in_doubt(outbox: PostgresOutbox, wire: Wire) -> None:
    """A checkpoint may be written again while the lease is live."""
    lease = await lease_of(outbox)
    wire.lose_reply(b"SET checkpoint")

    with pytest.raises(OutboxInDoubtError):
        await outbox.record(lease, FULL_CHECKPOINT)
    await outbox.record(lease, FULL_CHECKPOINT)

    assert FULL_CHECKPOINT == (await outbox.get("id-one")).checkpoint


async def test_transaction_lost_before_its_commit(outbox: PostgresOutbox, wire: Wire) -> None:
    """What was lost before its COMMIT was sent has not taken place, and that is said."""
    lease = await lease_of(outbox)
    wire.lose_reply(b"INSERT INTO tipline.acknowledgements")

    with pytest.raises(OutboxUnavailableError) as caught:
        await _acknowledge(outbox, lease)

    assert not isinstance(caught.value, OutboxInDoubtError)
    assert State.LEASED is (await outbox.get("id-one")).state
    await _acknowledge(outbox, lease)


async def test_read_that_is_lost(outbox: PostgresOutbox, wire: Wire) -> None:
    """A question that was not answered is no doubt about anything; the next one is answered."""
    await outbox.enqueue(new_entry())
    wire.lose_reply(b"entries.id = ")

    with pytest.raises(OutboxUnavailableError) as caught:
        await outbox.get("id-one")

    assert not isinstance(caught.value, OutboxInDoubtError)
    assert caught.value.__context__ is None
    assert "id-one" == (await outbox.get("id-one")).id
