"""Credentials of one environment at the address of another: found out before anything is sent."""

import json
import stat

import pytest

from tests.acceptance.world import World
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.profiles import MOCK_PASSWORD, MOCK_USERNAME


def check(world: World, subject: str) -> dict[str, str]:
    """What `doctor` says of a subject."""
    checks = world.run("doctor", "--json").document["checks"]
    return next(found for found in checks if found["name"] == subject)


@pytest.fixture
def elsewhere(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The mock's pair, with the test host as the endpoint: whatever was sent there would fail the test."""

    def turn() -> None:
        monkeypatch.setenv("TIPLINE_ENDPOINT", "testing")
        monkeypatch.setenv("TIPLINE_USERNAME", MOCK_USERNAME)
        monkeypatch.setenv("TIPLINE_PASSWORD", MOCK_PASSWORD)

    world.run("init")
    assert "reachability" == check(world, "reachability")["name"]
    turn()
    return world


def test_pair_that_another_environment_accepted(elsewhere: World) -> None:
    """The doctor names the environment whose pair it is, and asks the endpoint nothing."""
    found = check(elsewhere, "credentials")

    assert ("problem", True) == (found["grade"], "accepted by mock and never by testing" in found["detail"])
    assert ExitCode.PROBLEM_FOUND == elsewhere.run("doctor").code


def test_pair_that_filed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filing is remembered as well as a doctor's question."""
    world.run("submit", str(world.submission()))
    monkeypatch.setenv("TIPLINE_ENDPOINT", "testing")
    monkeypatch.setenv("TIPLINE_USERNAME", MOCK_USERNAME)
    monkeypatch.setenv("TIPLINE_PASSWORD", MOCK_PASSWORD)

    found = check(world, "credentials")

    assert "accepted by mock" in found["detail"]


def test_what_is_remembered(elsewhere: World) -> None:
    """Neither the name nor the password can be read from the memory, which is the owner's alone."""
    path = elsewhere.home / "accepted.json"

    text = path.read_text()

    assert ["mock"] == list(json.loads(text))
    assert (False, False) == (MOCK_USERNAME in text, MOCK_PASSWORD in text)
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("damage", ["no JSON", "[]", '{"mock": 5}', '{"mock": [5]}'])
def test_memory_that_cannot_be_read(world: World, damage: str) -> None:
    """It is no more than a memory lost: the endpoint is asked as if nothing were known, and it is remembered anew."""
    world.run("init")
    (world.home / "accepted.json").write_text(damage)

    found = check(world, "reachability")

    assert "ok" == found["grade"]
    assert 64 == len(json.loads((world.home / "accepted.json").read_text())["mock"][-1])
