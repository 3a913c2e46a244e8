"""Dispatcher processes that really die at each point of each step, and what the next one makes of it."""

import signal

import pytest

from tests.acceptance.hosts import Hosts
from tests.acceptance.test_cli_processes import SECONDS, expire_leases, once, wait_until_taken
from tests.acceptance.world import World
from tests.support.crashes import CrashPoint
from tipline_client.delivery.steps import Step
from tipline_client.mock import slow

STEPS = (Step.SUBMIT, Step.UPLOAD, Step.FILEINFO, Step.FINISH)


@pytest.mark.slow
@pytest.mark.parametrize("point", CrashPoint)
def test_crash_in_each_step(hosts: Hosts, point: CrashPoint) -> None:
    """One process dies in each step at this point; the next dispatcher files each report once, with its files."""
    entries = {step: hosts.enqueue(step.value) for step in STEPS}
    victims = [hosts.start("--dies-at", entries[step].id, step.value, point.value) for step in STEPS]
    ends = [victim.wait(timeout=SECONDS) for victim in victims]
    before = hosts.endpoint.summary()["finished"]

    hosts.start()
    hosts.await_filed(*entries.values())

    assert [-signal.SIGKILL] * len(STEPS) == ends
    # Only the one whose answer to the finish was never written down had been filed.
    assert (1 if point is CrashPoint.BEFORE_RECORD else 0) == before
    assert hosts.filed_once(*entries.values())


def test_killed_while_submitting(world: World) -> None:
    """Handing the same case in again, after its process died with the submit under way, ends with a receipt."""
    path = str(world.submission())
    world.endpoint.faults.script("submit", slow(30))
    process = world.start("submit", path)
    wait_until_taken(world, process)
    process.kill()
    process.communicate(timeout=SECONDS)
    expire_leases(world)

    again = world.run("submit", "--json", path)

    assert (0, "acknowledged", False) == (again.code, again.document["state"], again.document["isNew"])
    assert once(world)
