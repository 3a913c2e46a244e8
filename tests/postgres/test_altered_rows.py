"""Rows that a person or a fault changed in the database: recognised, set aside, never acted on by guess."""

from collections.abc import Mapping
from datetime import timedelta

import psycopg
import pytest

from tests.contract.values import (
    FULL_CHECKPOINT,
    LANE,
    MINUTE,
    REPLY,
    acknowledge,
    acknowledgement,
    attempt,
    lease_of,
    new_entry,
)
from tests.support.postgres import PostgresServer
from tipline_client.delivery.acknowledgement import AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Outcome
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain
from tipline_client.errors import IllegalTransitionError
from tipline_client.outbox import Lane, Stray, UnreadableRowError
from tipline_client.outbox.postgres import PostgresOutbox, questions
from tipline_client.outbox.postgres.conversation import Row, Value, hold
from tipline_client.outbox.postgres.leasing import set_aside


async def test_acknowledged_entry_set_back(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """An acknowledged entry whose state was set back still says that it is filed, so that nobody files it again."""
    await acknowledge(outbox, await lease_of(outbox))

    server.execute("UPDATE tipline.entries SET state = 'queued'")

    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert (True, 4711) == (lease.entry.has_receipt, lease.entry.report_id)


@pytest.mark.parametrize("state", ["dead_letter", "queued"])
async def test_filed_whatever_the_state_says(outbox: PostgresOutbox, server: PostgresServer, state: str) -> None:
    """What is filed is neither requeued nor withdrawn."""
    await acknowledge(outbox, await lease_of(outbox))
    server.execute(f"UPDATE tipline.entries SET state = '{state}'")  # noqa: S608 - the test's own words

    with pytest.raises(IllegalTransitionError):
        await outbox.requeue("id-one", reason="again")
    with pytest.raises(IllegalTransitionError):
        await outbox.withdraw("id-one", reason="again")

    assert [] == await outbox.notes("id-one")


@pytest.mark.parametrize(("report_id", "alarms"), [(4711, 0), (4712, 1)])
async def test_second_acknowledgement(
    outbox: PostgresOutbox, server: PostgresServer, report_id: int, alarms: int
) -> None:
    """The first acknowledgement stays on record; a second one of another report is an alarm, not a replacement."""
    await acknowledge(outbox, await lease_of(outbox))
    await outbox.store_receipt("id-one", b"receipt")
    server.execute("UPDATE tipline.entries SET state = 'queued'")
    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)

    await outbox.acknowledge(
        lease, Checkpoint(), acknowledgement(report_id), attempt(Outcome.ACKNOWLEDGED), reply=b"<second/>"
    )

    record = await outbox.acknowledgement("id-one")
    assert record is not None
    assert (4711, REPLY, b"receipt") == (record.acknowledgement.report_id, record.reply, record.receipt)
    raised = await outbox.alarms()
    assert [AlarmKind.FINISHED_BY_ANOTHER] * alarms == [alarm.kind for alarm in raised]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ("checkpoint = 'coffee'", "checkpoint"),
        ("""checkpoint = '{"report_id": "coffee mug"}'""", "checkpoint"),
        ("last_failure = '[]'", "last_failure"),
        ("enqueued_at = 9223372036854775807", "enqueued_at"),
        ("available_at = 9223372036854775807", "available_at"),
        ("attempts = -1", "attempts"),
        ("lapses_at = -1", "lapses_at"),
        ("orphans_lapse_at = -1", "orphans_lapse_at"),
        ("report_id = 'coffee'", "entries.report_id"),
    ],
)
async def test_unreadable_row(outbox: PostgresOutbox, server: PostgresServer, change: str, column: str) -> None:
    """A row that cannot be read becomes a dead letter with a try and an alarm; the next one is claimed in its place."""
    await outbox.enqueue(new_entry("one"))
    await outbox.enqueue(new_entry("two"))

    server.execute(f"UPDATE tipline.entries SET {change} WHERE id = 'id-one'")  # noqa: S608 - the test's own words

    claimed = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    [alarm] = await outbox.alarms()
    [tried] = await outbox.attempts("id-one")
    shown = await outbox.get("id-one")
    assert (("id-one",), ["id-two"]) == (claimed.set_aside, [lease.entry.id for lease in claimed])
    assert ("id-one", AlarmKind.ENVELOPE_REFUSED) == (alarm.entry_id, alarm.kind)
    assert Outcome.REJECTED is tried.outcome
    assert (State.DEAD_LETTER, "mug" in alarm.text) == (shown.state, False)
    assert column in alarm.text


@pytest.mark.parametrize("now_under", ["lease_token = 'another'", "state = 'queued', lease_token = NULL"])
async def test_unreadable_row_that_is_somebody_elses_by_now(
    outbox: PostgresOutbox, server: PostgresServer, now_under: str
) -> None:
    """A row is set aside under the lease with which it was read: whoever has it since may have found it mended."""
    await lease_of(outbox)

    with server.connect() as connection:

        def ask(sql: str, parameters: Mapping[str, Value]) -> list[Row]:
            return connection.execute(sql.encode(), parameters).fetchall()

        [row] = ask(questions.ENTRY_BY_ID, {"id": "id-one"})
        connection.execute(f"UPDATE tipline.entries SET {now_under}".encode())  # noqa: S608 - the test's own words
        name = hold(set_aside(row, chain=HistoryChain(), now=None), ask)

    found = await outbox.get("id-one")
    assert (None, []) == (name, await outbox.alarms())
    assert State.DEAD_LETTER is not found.state


async def test_unreadable_row_by_name(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """Asked for by name, a damaged row is set aside too, and nothing else is claimed in its place."""
    for name in ("one", "two"):
        await outbox.enqueue(new_entry(name))
    server.execute("UPDATE tipline.entries SET checkpoint = 'coffee' WHERE id = 'id-one'")

    claimed = await outbox.claim(LANE, limit=2, lease_for=MINUTE, entry_id="id-one")

    assert (("id-one",), []) == (claimed.set_aside, list(claimed))


async def test_unreadable_row_is_shown(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """A damaged row is listed with what is left of it; whoever acts on it is refused, without its content."""
    lease = await lease_of(outbox)
    await outbox.release(lease, FULL_CHECKPOINT, attempt(Outcome.TRANSIENT), available_in=timedelta(0))
    server.execute("UPDATE tipline.entries SET checkpoint = 'coffee mug'")

    [listed] = await outbox.list_entries()

    assert (Checkpoint(), ("checkpoint",)) == (listed.checkpoint, listed.unreadable)
    with pytest.raises(UnreadableRowError) as caught:
        await outbox.withdraw("id-one", reason="unknown progress")
    assert "mug" not in str(caught.value)
    assert caught.value.__context__ is None


async def test_lease_without_an_end(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """An entry that was set to leased by hand is not locked out for ever."""
    await outbox.enqueue(new_entry())

    server.execute("UPDATE tipline.entries SET state = 'leased'")

    [lease] = await outbox.claim(LANE, limit=1, lease_for=MINUTE)
    assert lease.was_taken_over


async def test_counts_after_changes_by_hand(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """The numbers are right after rows were moved, ended and deleted by hand."""
    for name in ("one", "two", "three", "four"):
        await outbox.enqueue(new_entry(name))
    await acknowledge(outbox, await lease_of(outbox, "filed"))

    server.execute("UPDATE tipline.entries SET state = 'held', environment = 'testing' WHERE id = 'id-one'")
    server.execute("UPDATE tipline.entries SET state = 'retracted' WHERE id IN ('id-three', 'id-four')")
    server.execute("UPDATE tipline.entries SET profile = 'other' WHERE id = 'id-four'")
    server.execute("DELETE FROM tipline.entries WHERE id IN ('id-two', 'id-three')")
    server.execute("UPDATE tipline.entries SET state = 'dead_letter' WHERE id = 'id-filed'")

    everything, other = await outbox.count(), await outbox.count(lane=Lane("other", Environment.MOCK))
    expected = {State.HELD: 1, State.RETRACTED: 1, State.DEAD_LETTER: 1}
    assert expected == {state: number for state, number in everything.by_state.items() if number}
    assert {State.RETRACTED: 1} == {state: number for state, number in other.by_state.items() if number}


async def test_entry_moved_to_another_lane(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """An entry that somebody moved to a lane that nobody serves is named as a stray."""
    await outbox.enqueue(new_entry("one"))
    await outbox.enqueue(new_entry("two"))

    server.execute("UPDATE tipline.entries SET profile = 'misspelt' WHERE id = 'id-one'")

    strays = await outbox.strays([LANE])
    assert (1, (Stray("id-one", "misspelt", "mock", "queued"),)) == (strays.count, strays.first)


@pytest.mark.parametrize("change", ["state = 'done'", "environment = 'staging'", "envelope = NULL", "attempts = 'x'"])
async def test_value_that_the_table_refuses(outbox: PostgresOutbox, server: PostgresServer, change: str) -> None:
    """The table itself refuses a state or an environment that this program does not know."""
    await outbox.enqueue(new_entry())

    with pytest.raises(psycopg.Error):
        server.execute(f"UPDATE tipline.entries SET {change}")  # noqa: S608 - the test's own words

    assert State.QUEUED is (await outbox.get("id-one")).state
