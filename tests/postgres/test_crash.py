"""The server itself dies, comes back, or freezes."""

import asyncio
import os
import signal
from datetime import timedelta

import pytest

from tests.contract.values import FULL_CHECKPOINT, LANE, MINUTE, acknowledge, lease_of, new_entry
from tests.postgres.conftest import OpenOutbox
from tests.support.postgres import PostgresServer
from tipline_client.delivery.states import State
from tipline_client.errors import LeaseLostError, OutboxInDoubtError, OutboxUnavailableError
from tipline_client.outbox.postgres import PostgresOutbox

ENTRIES = 120


async def _insist(outbox: PostgresOutbox, number: int) -> None:
    """Enqueue as a careful caller does: again until it is answered."""
    while True:
        try:
            await outbox.enqueue(new_entry(f"{number}"))
        except OutboxUnavailableError:
            await asyncio.sleep(0)
        else:
            return


async def _dispatch(outbox: PostgresOutbox, is_done: asyncio.Event) -> None:
    """Acknowledge whatever can be claimed; what breaks off is left to whoever takes it over."""
    while not is_done.is_set():
        try:
            for lease in await outbox.claim(LANE, limit=5, lease_for=timedelta(milliseconds=200)):
                await acknowledge(outbox, lease, report_id=int(lease.entry.id.removeprefix("id-")) + 1)
            counts = await outbox.count()
        except (OutboxUnavailableError, LeaseLostError):
            await asyncio.sleep(0)
        else:
            if ENTRIES == counts.by_state[State.ACKNOWLEDGED]:
                is_done.set()


@pytest.mark.slow
async def test_server_that_dies_under_load(server: PostgresServer, open_outbox: OpenOutbox) -> None:
    """The pool finds its way back by itself; nothing that was answered is lost, and nothing is on record twice."""
    outbox, other = open_outbox(wait=0.2), open_outbox(wait=0.2)
    is_done = asyncio.Event()

    async def disturb() -> None:
        for done in (ENTRIES // 4, ENTRIES // 2):
            await asyncio.to_thread(server.wait_until, f"count(*) >= {done} FROM tipline.acknowledgements")
            await asyncio.to_thread(server.crash)
            await asyncio.to_thread(server.start)

    async with asyncio.timeout(60):
        await asyncio.gather(
            *(_insist(outbox, number) for number in range(ENTRIES)),
            *(_dispatch(door, is_done) for door in (outbox, other) for _ in range(2)),
            disturb(),
        )

    # A door of its own: the others wait for a connection only as long as it takes to give up.
    everything = await open_outbox().count()
    assert (ENTRIES, 0) == (everything.by_state[State.ACKNOWLEDGED], everything.waiting)
    assert [(ENTRIES, ENTRIES)] == server.execute(
        "SELECT count(*), count(DISTINCT report_id) FROM tipline.acknowledgements"
    )
    assert [(ENTRIES,)] == server.execute("SELECT count(*) FROM tipline.attempts WHERE outcome = 'acknowledged'")


@pytest.mark.slow
async def test_server_that_is_away(server: PostgresServer, open_outbox: OpenOutbox) -> None:
    """While it is away every verb says so within the wait; when it is back the same store goes on."""
    outbox = open_outbox(wait=0.1)
    await outbox.enqueue(new_entry("before"))

    server.crash()
    try:
        for _ in range(3):
            with pytest.raises(OutboxUnavailableError):
                await outbox.claim(LANE, limit=1, lease_for=MINUTE)
        with pytest.raises(OutboxUnavailableError, match="cannot be reached"):
            PostgresOutbox.open(server.dsn())
    finally:
        server.start()

    await _insist(outbox, 1)
    assert ["id-before", "id-1"] == [entry.id for entry in await outbox.list_entries()]


@pytest.mark.slow
async def test_server_that_freezes(server: PostgresServer, open_outbox: OpenOutbox) -> None:
    """A server that neither answers nor hangs up is given up after the limit, and the write is in doubt."""
    outbox = open_outbox(max_connections=1, answer_within=0.5)
    lease = await lease_of(outbox)
    [(process,)] = server.execute(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'tipline' AND pid <> pg_backend_pid()"
    )
    assert isinstance(process, int)

    os.kill(process, signal.SIGSTOP)
    try:
        with pytest.raises(OutboxInDoubtError):
            await outbox.record(lease, FULL_CHECKPOINT)
    finally:
        os.kill(process, signal.SIGCONT)

    await _insist(outbox, 1)
    assert (await outbox.get("id-1")).state is State.QUEUED


async def test_statement_that_takes_too_long(server: PostgresServer, open_outbox: OpenOutbox) -> None:
    """A write that waits too long for somebody's lock is ended by the server, and nothing was written."""
    outbox = open_outbox(answer_within=0.1)
    await outbox.enqueue(new_entry())

    with server.connect() as other:
        other.execute("SELECT FROM tipline.entries FOR UPDATE")
        with pytest.raises(OutboxUnavailableError, match="in time") as caught:
            await outbox.withdraw("id-one", reason="wrong account")

    assert not isinstance(caught.value, OutboxInDoubtError)
    assert State.QUEUED is (await outbox.get("id-one")).state
