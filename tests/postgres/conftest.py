"""An empty outbox in a real PostgreSQL for each test, and doors to it that are closed again."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from tests.support import postgres
from tests.support.postgres import PostgresServer
from tipline_client.delivery.clock import Clock
from tipline_client.outbox.postgres import PostgresOutbox

OpenOutbox = Callable[..., PostgresOutbox]


@pytest.fixture
def server() -> PostgresServer:
    server = postgres.required()
    server.empty_outbox()
    return server


@pytest.fixture
async def open_outbox(server: PostgresServer) -> AsyncIterator[OpenOutbox]:
    """Opens one more door, as another host would."""
    opened: list[PostgresOutbox] = []

    def open_one(
        dsn: str = "",
        *,
        clock: Clock | None = None,
        max_connections: int = 4,
        wait: float = 5,
        answer_within: float = 30,
    ) -> PostgresOutbox:
        outbox = PostgresOutbox.open(
            dsn or server.dsn(),
            clock=clock,
            max_connections=max_connections,
            wait_for_connection=timedelta(seconds=wait),
            answer_within=timedelta(seconds=answer_within),
        )
        opened.append(outbox)
        return outbox

    yield open_one
    for outbox in opened:
        await outbox.close()


@pytest.fixture
def outbox(open_outbox: OpenOutbox) -> PostgresOutbox:
    return open_outbox()
