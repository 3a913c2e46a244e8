"""Reports that are left open between two steps for hours: which of them live is decided by the later of two limits."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.hosts import Hosts, set_wrong
from tipline_client.mock import slow
from tipline_client.mock.script import Step


class Hours:
    """Hours that pass for the dispatchers and the endpoint alike.

    Args:
        hosts: Whose.
        clock: The file that their clock goes by.
    """

    def __init__(self, hosts: Hosts, clock: Path) -> None:
        self._hosts = hosts
        self._clock = clock
        self._passed = 0.0
        self.setting = f"--clock={clock}"
        set_wrong(clock, 0)

    def pass_until(self, hour: float) -> None:
        """Let it be so many hours after the beginning."""
        self._hosts.endpoint.clock.advance(timedelta(hours=hour - self._passed))
        self._passed = hour
        set_wrong(self._clock, hour)

    def stop_in(self, step: Step) -> None:
        """Start a dispatcher and stop it in its next `step`, which then ends and is the last for now."""
        self._hosts.endpoint.faults.script(step, slow(0.5))
        dispatcher = self._hosts.start(self.setting)
        self._hosts.await_call()
        self._hosts.stop(dispatcher)


@pytest.fixture
def hours(hosts: Hosts, tmp_path: Path) -> Hours:
    return Hours(hosts, tmp_path / "clock")


@pytest.mark.slow
def test_opened_and_changed_two_hours_ago(hosts: Hosts, hours: Hours) -> None:
    """It is within its first day, so it lives and is finished: no other one is opened."""
    entry = hosts.enqueue()
    hours.stop_in("upload")

    hours.pass_until(2)
    hosts.start(hours.setting)
    hosts.await_filed(entry)

    assert hosts.filed_once(entry)
    assert 1 == len(hosts.endpoint.reports())


@pytest.mark.slow
def test_opened_25_hours_ago_and_changed_a_moment_ago(hosts: Hosts, hours: Hours) -> None:
    """Each change within the hour keeps it alive past its first day, and it is finished: no other one is opened."""
    entry = hosts.enqueue()
    hours.stop_in("upload")
    changes: tuple[tuple[float, Step], ...] = ((23.3, "fileinfo"), (24.0, "upload"), (24.6, "fileinfo"))
    for hour, step in changes:
        hours.pass_until(hour)
        hours.stop_in(step)

    hours.pass_until(25.1)
    hosts.start(hours.setting)
    hosts.await_filed(entry)

    assert hosts.filed_once(entry)
    assert 1 == len(hosts.endpoint.reports())


@pytest.mark.slow
def test_opened_and_changed_25_hours_ago(hosts: Hosts, hours: Hours) -> None:
    """It has lapsed: nothing more is attached to it, and another one is opened and filed."""
    entry = hosts.enqueue()
    hours.stop_in("upload")

    hours.pass_until(25)
    hosts.start(hours.setting)
    hosts.await_filed(entry)

    assert hosts.filed_once(entry)
    assert [("lapsed", 1), ("finished", 2)] == [
        (report["state"], len(report["files"])) for report in hosts.endpoint.reports()
    ]
