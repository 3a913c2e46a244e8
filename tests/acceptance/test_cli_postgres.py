"""The command line on a PostgreSQL outbox: made, filled, dispatched by two processes at once, looked at."""

import subprocess
import sys

import pytest

from tests.acceptance.world import World
from tests.support.postgres import PostgresServer


@pytest.fixture
def address(server: PostgresServer) -> str:
    """An empty database with tables, as a user writes its address."""
    return server.url()


def test_two_dispatchers_on_one_database(world: World, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every report is filed once, whichever process takes it, and the history of each is whole."""
    monkeypatch.setenv("TIPLINE_OUTBOX", address)
    assert 0 == world.run("migrate").code
    for number in range(8):
        assert 0 == world.run("enqueue", str(world.submission(f"case-{number}"))).code

    processes = [world.start("dispatch", "--drain", environ={"TIPLINE_OUTBOX": address}) for _ in range(2)]
    codes = [process.wait(timeout=60) for process in processes]

    assert [0, 0] == codes
    assert 8 == len(world.listed("acknowledged"))
    assert (8, 0, 0) == tuple(world.endpoint.summary()[name] for name in ("finished", "duplicates", "stray_files"))
    assert 0 == world.run("verify", "--all").code


@pytest.mark.parametrize("verb", ["status", "doctor", "list"])
def test_password_of_the_database(verb: str) -> None:
    """A server that is not there is named without the password that was meant for it."""
    address = "postgresql://courier:coffee-mug@127.0.0.1:1/tipline"

    ended = subprocess.run(
        [sys.executable, "-m", "tipline_client", verb, "--outbox", address],
        capture_output=True,
        timeout=30,
        check=False,
    )

    assert ended.returncode
    assert b"coffee-mug" not in ended.stdout + ended.stderr
