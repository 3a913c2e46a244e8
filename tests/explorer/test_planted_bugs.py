"""The explorer itself, tried: mistakes that somebody could make are planted, and it has to find each of them."""

import logging
import re
import shlex
from collections.abc import Iterator

import pytest

from tests.explorer.__main__ import main, replay_command
from tests.explorer.path import walk
from tests.explorer.plants import PLANTS
from tests.explorer.scenarios import TWO, Scenario
from tests.explorer.search import explore

INSTALLATION = Scenario(files=1, doors=TWO)


@pytest.fixture(autouse=True)
def _without_the_log() -> Iterator[None]:
    """What thousands of paths say to the log helps nobody."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_bug_is_found(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A single disturbance is enough to show it; the path is told so that the printed command walks it again."""
    plant = PLANTS[name]
    setup = INSTALLATION.make_setup()

    with plant.planted():
        found = explore(setup, limit=1, choose=INSTALLATION.choose, looks_for=plant.broken)

    assert found.failed is not None
    command = replay_command(found.failed, INSTALLATION, name)
    assert 1 == main(shlex.split(command.removeprefix("python -m tests.explorer")))
    told = capsys.readouterr().out
    assert found.failed.violations == re.findall(r"^BROKEN PROMISE: (.*)$", told, flags=re.MULTILINE)
    assert f"again: {command}" in told


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTS)
def test_a_bug_is_gone_when_it_is_dug_out(name: str) -> None:
    """After the block in which a bug is planted the product is as it was."""
    setup = INSTALLATION.make_setup()

    with PLANTS[name].planted():
        pass
    path = walk(setup, {}, limit=1)

    assert not path.violations
