"""An application and a client on one database, before a mock endpoint."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.joining.applications import KINDS, Application, application, is_asynchronous, on_postgres
from tests.support import postgres
from tests.support.stage import sample_evidence, sample_report
from tipline_client import AsyncTiplineClient, Entry, TiplineClient
from tipline_client.client import AsyncDispatcher
from tipline_client.dispatch.collecting import Collected, collect
from tipline_client.evidence import EvidenceFolder
from tipline_client.mock import MockEndpoint

OpenClient = Callable[..., AsyncTiplineClient]


@dataclass
class World:
    """One application with its client.

    Attributes:
        kind: Which application.
        app: It.
        client: The asynchronous client; the one behind the other where that is used.
        blocking: The client of an application without an event loop.
        endpoint: The hotline.
        place: Where the database is.
        address: Where that is, as the client is told.
    """

    kind: str
    app: Application
    client: AsyncTiplineClient
    blocking: TiplineClient | None
    endpoint: MockEndpoint
    place: str
    address: str

    async def enqueue(self, connection: Any, name: str = "one", *, key: str = "case-1") -> Entry:
        """Hand in a report with two files, as the application would."""
        arguments: dict[str, Any] = {"idempotency_key": key, "connection": connection}
        if self.blocking is not None:
            return self.blocking.enqueue(sample_report(name), evidence=sample_evidence(), **arguments)
        return await self.client.enqueue(sample_report(name), evidence=sample_evidence(), **arguments)

    async def filed(self) -> int:
        """How many reports are filed once a dispatcher has found nothing left to do."""
        await AsyncDispatcher(self.client).drain()
        summary = self.endpoint.summary()
        assert (0, 0) == (summary["duplicates"], summary["orphans"])
        return int(summary["finished"])

    async def unclaimed(self) -> int:
        """How many folders of copies no entry names, however young."""
        found = await self.collected(is_dry=True)
        return found.count + found.kept

    async def collected(self, *, is_dry: bool = False) -> Collected:
        """What is collected in a year."""
        now = self.client._options.clock.now() + timedelta(days=365)
        store = EvidenceFolder(self.client.home.path / "evidence")
        return await collect(store, self.client.outbox, now=now, is_dry=is_dry)

    def decisions(self) -> list[int]:
        """What is decided, as somebody else sees it."""
        return [int(str(case)) for [case] in self._look("SELECT case_number FROM decisions ORDER BY case_number")]

    def rows(self, table: str) -> int:
        """How many rows a table of the outbox has."""
        prefix = "tipline." if on_postgres(self.kind) else ""
        [[count]] = self._look(f"SELECT count(*) FROM {prefix}{table}")  # noqa: S608 - of the test
        return int(str(count))

    def _look(self, sql: str) -> Iterable[Sequence[object]]:
        if on_postgres(self.kind):
            return postgres.required().execute(sql)
        with closing(sqlite3.connect(self.place)) as looking:
            return looking.execute(sql).fetchall()


@pytest.fixture(scope="module")
def _hotline() -> Iterator[MockEndpoint]:
    with MockEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(_hotline: MockEndpoint) -> MockEndpoint:
    _hotline.reset()
    return _hotline


@pytest.fixture(params=KINDS)
async def world(request: pytest.FixtureRequest, tmp_path: Path, endpoint: MockEndpoint) -> AsyncIterator[World]:
    kind = request.param
    if on_postgres(kind):
        server = postgres.required()
        server.empty_outbox()
        server.execute("DROP TABLE IF EXISTS decisions")
        place, address = str(server.folder), server.url()
    else:
        place = str(tmp_path / "app.sqlite")
        address = f"sqlite://{place}"
    app = await application(kind, place)
    client = AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=address)
    blocking = None if is_asynchronous(kind) else TiplineClient(client)
    yield World(kind, app, client, blocking, endpoint, place, address)
    await app.close()
    if blocking is None:
        await client.aclose()
    else:
        blocking.close()


@pytest.fixture
async def open_client(tmp_path: Path, endpoint: MockEndpoint) -> AsyncIterator[OpenClient]:
    opened: list[AsyncTiplineClient] = []

    def open_one(outbox: Any) -> AsyncTiplineClient:
        client = AsyncTiplineClient.open(tmp_path / "home", profile=endpoint.profile, outbox=outbox)
        opened.append(client)
        return client

    yield open_one
    for client in opened:
        await client.aclose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "app.sqlite"


@pytest.fixture
def on_file(open_client: OpenClient, file: Path) -> AsyncTiplineClient:
    """A client whose outbox is in an application's file."""
    return open_client(f"sqlite://{file}")


@pytest.fixture
def on_server(open_client: OpenClient) -> AsyncTiplineClient:
    """A client whose outbox is in a server's database."""
    server = postgres.required()
    server.empty_outbox()
    return open_client(server.url())
