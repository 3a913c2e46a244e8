"""One mock endpoint for all tests of the command line, forgetful between them, and a fresh home for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.hosts import Hosts
from tests.acceptance.world import World, build
from tests.support import postgres
from tests.support.elsewhere import Elsewhere
from tests.support.postgres import PostgresServer
from tipline_client.mock import MockEndpoint


@pytest.fixture(scope="session")
def _shared_endpoint() -> Iterator[MockEndpoint]:
    with MockEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def bare_world(
    tmp_path: Path,
    _shared_endpoint: MockEndpoint,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[World]:
    """A folder and an endpoint, without a home."""
    _shared_endpoint.reset()
    world = build(tmp_path, _shared_endpoint, monkeypatch, capsys.readouterr)
    yield world
    world.end_processes()


@pytest.fixture
def world(bare_world: World) -> World:
    """A folder with a home, and an endpoint."""
    assert bare_world.run("init").code == 0
    return bare_world


@pytest.fixture
def server() -> PostgresServer:
    """A PostgreSQL with an empty outbox."""
    server = postgres.required()
    server.empty_outbox()
    return server


@pytest.fixture
def hosts(tmp_path: Path, _shared_endpoint: MockEndpoint) -> Iterator[Hosts]:
    """Hosts around an outbox in a file."""
    _shared_endpoint.reset()
    hosts = Hosts(tmp_path / "home", _shared_endpoint)
    yield hosts
    hosts.close()


@pytest.fixture
def hosts_on_postgres(tmp_path: Path, _shared_endpoint: MockEndpoint, server: PostgresServer) -> Iterator[Hosts]:
    """Hosts around an outbox in a database."""
    _shared_endpoint.reset()
    hosts = Hosts(tmp_path / "home", _shared_endpoint, server.url())
    yield hosts
    hosts.close()


@pytest.fixture
def elsewhere(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """A suite of somebody else; its module asks for the plug-in `pytester`."""
    return Elsewhere(pytester, monkeypatch)
