"""The same case from several processes at once, and another case of the same person."""

from subprocess import DEVNULL

import pytest

from tests.acceptance.test_cli_processes import ended, once
from tests.acceptance.world import World
from tipline_client.cli.exit_codes import ExitCode


@pytest.mark.slow
def test_same_case_from_several_processes_at_once(world: World) -> None:
    """Whoever comes first files it; there is one entry, and it is filed once."""
    path = str(world.submission())
    processes = [world.start("submit", path, stdout=DEVNULL, stderr=DEVNULL) for _ in range(4)]

    codes = {process.wait(timeout=90) for process in processes}

    assert codes <= {ExitCode.OK, ExitCode.WAITING}
    assert ExitCode.OK in codes
    assert 1 == len(world.listed("acknowledged"))
    assert 1 == len(world.listed())
    assert once(world)


def test_second_case_of_the_same_person(world: World) -> None:
    """What the same person did later is another case, and is filed as well."""
    first = world.content("case-1")
    second = world.content("case-2")
    second["report"]["incidentSummary"]["incidentDateTime"] = "2026-01-06T08:30:00Z"
    assert first["report"]["personOrUserReported"] == second["report"]["personOrUserReported"]

    code, _, _ = ended(world.start("submit", str(world.lines(first, second))))

    assert 0 == code
    assert 2 == len(world.listed("acknowledged"))
    assert (2, 0) == (world.endpoint.summary()["finished"], world.endpoint.summary()["duplicates"])
