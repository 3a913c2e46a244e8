"""A program that brings an HTTP client of its own, as a process."""

import pytest

from tests.acceptance.hosts import Hosts
from tipline_client import State


@pytest.mark.slow
def test_client_with_credentials_of_its_own(hosts: Hosts) -> None:
    """Ours are sent all the same, to an endpoint that lets nobody else in."""
    entry = hosts.enqueue()

    hosts.start("--own-client=plain")
    hosts.await_filed(entry)

    assert hosts.filed_once(entry)


@pytest.mark.slow
def test_client_that_changes_requests(hosts: Hosts) -> None:
    """It is refused before anything is sent, and the report waits, unharmed."""
    entry = hosts.enqueue()

    dispatcher = hosts.start("--own-client=that changes requests")
    end = dispatcher.wait(timeout=60)

    waiting = hosts.client.entry(entry.id)
    assert (1, True) == (end, "event hooks" in hosts.log.read_text())
    assert (State.QUEUED, 0, ()) == (waiting.state, waiting.attempts, hosts.endpoint.requests)
