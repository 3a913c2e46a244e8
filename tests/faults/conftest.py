"""One endpoint and one set of keys for all fault tests: what is broken in one is forgotten before the next."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.stage import Stage, staged
from tipline_client.envelope import KeyRing
from tipline_client.mock import MockEndpoint
from tipline_client.outbox import SqliteOutbox
from tipline_client.testing import TurnableClock


@pytest.fixture(scope="session")
def shared_clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture(scope="session")
def shared_endpoint(shared_clock: TurnableClock) -> Iterator[MockEndpoint]:
    with MockEndpoint(clock=shared_clock.now) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def shared_keys(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    keys = KeyRing.create(tmp_path_factory.mktemp("keys") / "keys")
    keys.generate()
    return keys


@pytest.fixture
async def stage(
    tmp_path: Path, shared_endpoint: MockEndpoint, shared_clock: TurnableClock, shared_keys: KeyRing
) -> AsyncIterator[Stage]:
    async with staged(tmp_path, shared_endpoint, shared_clock, keys=shared_keys) as stage:
        yield stage


@pytest.fixture
async def durable(
    tmp_path: Path, shared_endpoint: MockEndpoint, shared_clock: TurnableClock, shared_keys: KeyRing
) -> AsyncIterator[Stage]:
    """A stage whose outbox is a file, which a hand can alter, and whose dispatchers read the links of its history."""
    chain = shared_keys.history_chain()
    outbox = SqliteOutbox.open(tmp_path / "outbox.sqlite", clock=shared_clock, driver="apsw", chain=chain)
    async with staged(tmp_path, shared_endpoint, shared_clock, outbox=outbox, keys=shared_keys) as stage:
        stage.road = {"chain": chain}
        yield stage
