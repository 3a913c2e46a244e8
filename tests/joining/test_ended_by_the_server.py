"""A server that ends the caller's connection: the decision is gone too, and the hint says so."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest

from tests.support import postgres
from tests.support.stage import sample_report
from tipline_client import AsyncTiplineClient, Evidence
from tipline_client.errors import OutboxUnavailableError


def idle_for_too_long(connection: "psycopg.Connection[Any]") -> None:
    connection.execute("SET LOCAL idle_in_transaction_session_timeout = 20")


def ended_by_hand(connection: "psycopg.Connection[Any]") -> None:
    connection.execute("SELECT 1")
    postgres.required().execute(f"SELECT pg_terminate_backend({connection.info.backend_pid})")


@pytest.mark.parametrize(
    ("end", "state", "way_out"),
    [
        (idle_for_too_long, "25P03", "idle_in_transaction_session_timeout"),
        (ended_by_hand, "57P01", "decision included"),
    ],
)
async def test_connection_that_is_ended_while_evidence_is_copied(
    on_server: AsyncTiplineClient,
    end: Callable[[Any], None],
    state: str,
    way_out: str,
    request: pytest.FixtureRequest,
) -> None:
    """All of it has to be done again, on another connection; nothing is queued or left on the disk."""
    server = postgres.required()
    connection = server.connect()
    request.addfinalizer(connection.close)
    process = connection.info.backend_pid

    async def slowly() -> AsyncIterator[bytes]:
        end(connection)
        server.wait_until(f"NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = {process})")
        yield b"a mug"

    evidence = [Evidence.from_stream(slowly(), name="mug.jpg")]
    with pytest.raises(OutboxUnavailableError) as caught:
        await on_server.enqueue(sample_report(), evidence=evidence, idempotency_key="case-1", connection=connection)
    with pytest.raises(OutboxUnavailableError) as second:
        await on_server.enqueue(sample_report(), idempotency_key="case-1", connection=connection)

    assert f"(SQLSTATE {state}): all of its transaction is rolled back" in str(caught.value)
    for error in (caught.value, second.value):
        assert "Connect anew and do all of it again, the decision included." in str(error.hint)
    assert way_out in str(caught.value.hint)
    assert await on_server.find("case-1") is None
    assert [] == list((on_server.home.path / "evidence").iterdir())


async def test_transaction_that_may_be_idle_for_longer(on_server: AsyncTiplineClient) -> None:
    """What the page on transactions says to begin it with keeps it open while evidence is copied."""

    async def slowly() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.1)
        yield b"a mug"

    evidence = [Evidence.from_stream(slowly(), name="mug.jpg")]
    with postgres.required().connect() as connection:
        connection.execute("SET idle_in_transaction_session_timeout = 50; COMMIT")
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = '10min'")
        await on_server.enqueue(sample_report(), evidence=evidence, idempotency_key="case-1", connection=connection)

    assert await on_server.find("case-1") is not None
