"""Days without an endpoint, for a dispatcher process whose clock turns with its waits."""

from datetime import timedelta

import pytest

from tests.acceptance.hosts import Hosts
from tests.support.stage import sample_report
from tipline_client.delivery.events import LanePaused, LaneResumed
from tipline_client.mock import status
from tipline_client.outbox import Lane

ENTRIES = 40
PROBES = 330
"""A quarter of an hour apart at most, so that they last for more than three days."""


@pytest.mark.slow
def test_outage_of_three_days(hosts: Hosts) -> None:
    """One incident is told for all that wait; it ends by itself, no attempt is counted, and all are filed once."""
    entries = [
        hosts.client.enqueue(sample_report(str(number)), idempotency_key=f"case-{number}") for number in range(ENTRIES)
    ]
    hosts.endpoint.faults.script("submit", *[status(503)] * 10)
    hosts.endpoint.faults.script("status", *[status(503)] * PROBES)

    dispatcher = hosts.start("--turns-clock", "--drain-days=9")
    end = dispatcher.wait(timeout=300)

    client = hosts.client
    lane = Lane(client.profile.name, client.profile.environment)
    paused, resumed = [line.event for line in client.call(client.asynchronous.outbox.lane_history, lane)]
    assert isinstance(paused.what, LanePaused)
    assert isinstance(resumed.what, LaneResumed)
    assert (0, 1) == (end, hosts.log.read_text().count("lane paused"))
    assert resumed.at - paused.at > timedelta(days=3)
    assert ENTRIES == paused.what.waiting
    assert resumed.what.incident.failures >= PROBES
    assert hosts.filed_once(*entries)
    assert not [attempt for entry in entries for attempt in hosts.failed_tries(entry) if attempt.burns]
