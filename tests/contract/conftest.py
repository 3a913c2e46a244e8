"""The stores that the contract is tried on, each openable several times on the same data."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.values import CHAIN
from tests.support import postgres
from tests.support.folders import folder_of_the_run, tmp_path
from tests.support.shelves import KINDS, Shelf, shelf_of
from tipline_client.outbox import MemoryOutbox, Outbox, SqliteOutbox
from tipline_client.outbox.postgres import PostgresOutbox
from tipline_client.outbox.sqlite.driver import DriverName
from tipline_client.testing import TurnableClock

__all__ = ["folder_of_the_run", "tmp_path"]


class Stores:
    """Opens one kind of store on one set of data, as often as a test likes."""

    def __init__(self, kind: str, folder: Path, clock: TurnableClock) -> None:
        self.kind = kind
        self._path = folder / "outbox.sqlite"
        self._clock = clock
        self._memory = MemoryOutbox(clock, chain=CHAIN)
        self._opened: list[Outbox] = []

    def open(self) -> Outbox:
        """One more door to the same data; in memory there is only one."""
        if self.kind == "memory":
            return self._memory
        if self.kind == "postgres":
            dsn = postgres.required().dsn()
            return self._kept(PostgresOutbox.open(dsn, clock=self._clock, max_connections=4, chain=CHAIN))
        driver: DriverName = "apsw" if self.kind == "sqlite-apsw" else "sqlite3"
        group_commit = self.kind != "sqlite-one-by-one"
        return self._kept(
            SqliteOutbox.open(self._path, clock=self._clock, driver=driver, group_commit=group_commit, chain=CHAIN)
        )

    def _kept(self, outbox: Outbox) -> Outbox:
        self._opened.append(outbox)
        return outbox

    async def close(self) -> None:
        for outbox in self._opened:
            await outbox.close()


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture(params=["memory", "sqlite-apsw", "sqlite-standard", "sqlite-one-by-one", "postgres"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path, clock: TurnableClock) -> AsyncIterator[Stores]:
    if request.param == "postgres":
        postgres.required().empty_outbox()
    stores = Stores(request.param, tmp_path, clock)
    yield stores
    await stores.close()


@pytest.fixture
def outbox(stores: Stores) -> Outbox:
    return stores.open()


@pytest.fixture(params=KINDS)
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    return shelf_of(request.param, tmp_path)
