"""The unit's own command on a host that shares nothing, killed at bad moments and started again, as systemd does."""

import shlex
from pathlib import Path

import pytest

from tests.acceptance.hosts import eventually
from tests.acceptance.test_cli_processes import expire_leases
from tests.acceptance.world import World
from tests.support.service_files import ONE_HOST_UNITS, unit_environ, values_of
from tipline_client.mock import slow
from tipline_client.mock.script import Step

UNIT = ONE_HOST_UNITS["tipline-dispatch"]
COMMAND = shlex.split(values_of(UNIT, "ExecStart")[0])[1:]


@pytest.fixture
def environ(bare_world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of the unit, with a settings file for the mock endpoint, on a host whose home was made."""
    folder: Path = bare_world.folder
    (folder / "password").write_text(bare_world.endpoint.password + "\n", encoding="utf-8")
    settings = {"TIPLINE_ENDPOINT": bare_world.endpoint.base_url, "TIPLINE_USERNAME": bare_world.endpoint.username}
    environ = unit_environ(UNIT, settings=settings, state=folder, credentials=folder)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert 0 == bare_world.run("init").code
    (folder / "home").symlink_to(folder / "tipline")
    return environ


@pytest.mark.slow
def test_killed_while_a_reply_is_held_back(bare_world: World, environ: dict[str, str]) -> None:
    """In the middle of each step in turn: the next start files what was queued, once."""
    world = bare_world
    steps: tuple[Step, ...] = ("submit", "upload", "finish")
    for step in steps:
        world.endpoint.faults.script(step, slow(1))
        assert 0 == world.run("enqueue", str(world.submission(step))).code
        process = world.start(*COMMAND, environ=environ)
        eventually(lambda: not world.endpoint.faults.to_json()["faults"])
        process.kill()
        process.communicate()
        expire_leases(world)

    world.start(*COMMAND, environ=environ)
    eventually(lambda: len(world.listed("acknowledged")) == len(steps))

    summary = world.endpoint.summary()
    assert (len(steps), 0) == (summary["finished"], summary["duplicates"])
    assert 0 == world.run("status").code
