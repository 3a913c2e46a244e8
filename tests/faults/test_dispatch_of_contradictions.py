"""Outboxes that contradict themselves: nothing is sent, nothing is made up, and whoever asks hears of it."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.stage import DAYS, Stage
from tipline_client.delivery.checkpoint import Aim, Checkpoint, Retraction
from tipline_client.delivery.outcomes import Attempt, Failure, Outcome
from tipline_client.delivery.states import State
from tipline_client.dispatch.delivering import deliver
from tipline_client.dispatch.vouching import vouch_for
from tipline_client.errors import EnvelopeError
from tipline_client.outbox import Lane
from tipline_client.outbox.sqlite.driver import connect


def _by_hand(folder: Path, sql: str) -> None:
    connection = connect(folder / "outbox.sqlite", driver="apsw", busy_timeout=1)
    connection.execute(sql)
    connection.close()


async def test_acknowledgement_erased_by_hand(durable: Stage) -> None:
    """An entry that says it is filed, without the proof of it, is said to be altered, and nothing is sent again."""
    entry = await durable.enqueue()
    await durable.conductor().drain(patience=DAYS)
    requests = durable.endpoint.summary()["requests"]
    _by_hand(durable.folder, "DELETE FROM acknowledgements")

    with pytest.raises(EnvelopeError, match="its acknowledgement is not on record"):
        await deliver(durable.conductor(), durable.outbox, durable.keys, durable.vault, entry.id)

    assert requests == durable.endpoint.summary()["requests"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET state = 'queued'",
        "UPDATE entries SET state = 'dead_letter'",
        "UPDATE entries SET state = 'retracted'",
    ],
)
async def test_filed_entry_whose_state_was_altered(durable: Stage, change: str) -> None:
    """Nobody says "not filed" of an entry with an acknowledgement, and nobody can requeue it."""
    entry = await durable.enqueue()
    await durable.conductor().drain(patience=DAYS)
    _by_hand(durable.folder, change)

    with pytest.raises(EnvelopeError, match="holds an acknowledgement of it as report"):
        await deliver(durable.conductor(), durable.outbox, durable.keys, durable.vault, entry.id)
    with pytest.raises(EnvelopeError, match="holds an acknowledgement of it as report"):
        await vouch_for(durable.outbox, durable.keys.checkpoint_seal(), durable.reader, entry.id, reason="try again")

    assert (1, 0) == (durable.endpoint.summary()["finished"], durable.endpoint.summary()["duplicates"])


async def test_retraction_of_no_report(durable: Stage) -> None:
    """A checkpoint that our own code can never have written ends the try: no made-up report is addressed."""
    entry = await durable.enqueue()
    lane = Lane(durable.profile.name, durable.profile.environment)
    [lease] = await durable.outbox.claim(lane, limit=1, lease_for=timedelta(minutes=1))
    impossible = Checkpoint(retraction=Retraction(Aim.START_OVER, Failure("sample", "a sample reason")))
    sealed = durable.keys.checkpoint_seal().apply(entry.id, impossible)
    now = durable.clock.now()
    await durable.outbox.release(lease, sealed, Attempt(now, now, Outcome.STOPPED), available_in=timedelta(0))

    with pytest.raises(ValueError, match="report of the retract must be known"):
        await deliver(durable.conductor(), durable.outbox, durable.keys, durable.vault, entry.id)

    after = await durable.outbox.get(entry.id)
    assert after.last_failure is not None
    assert (State.QUEUED, "internal_error") == (after.state, after.last_failure.kind)
    assert 0 == durable.endpoint.summary()["requests"]
