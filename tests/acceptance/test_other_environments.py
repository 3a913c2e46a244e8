"""Testing and production on one outbox, with dispatchers of both as processes, and credentials of the wrong one."""

import json

import pytest

from tests.acceptance.hosts import Hosts
from tests.acceptance.test_cli_processes import ended
from tests.acceptance.world import World
from tests.support.dispatcher_child import profile_of
from tests.support.stage import sample_report
from tipline_client import Entry, State, TiplineClient
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.profiles import MOCK_PASSWORD, MOCK_USERNAME
from tipline_client.profiles.known import PRODUCTION, TESTING


def enqueue(hosts: Hosts, lane: str, name: str) -> Entry:
    """An entry of that lane, under the key that its name has in every lane."""
    with TiplineClient.open(hosts.home, profile=profile_of(lane, hosts.endpoint.base_url)) as client:
        return client.enqueue(sample_report(name), idempotency_key=f"case-{name}")


@pytest.mark.slow
def test_switch_of_environment_with_a_backlog(hosts: Hosts) -> None:
    """A test filing blocks no real one; what was queued before the switch waits for a person."""
    early = enqueue(hosts, PRODUCTION.name, "early")
    rehearsal = enqueue(hosts, TESTING.name, "real")
    testing = hosts.start(f"--lane={TESTING.name}")
    hosts.await_filed(rehearsal)
    hosts.stop(testing)
    left = enqueue(hosts, TESTING.name, "left")

    hosts.start(f"--lane={PRODUCTION.name}")
    real = enqueue(hosts, PRODUCTION.name, "real")
    hosts.await_filed(real)

    states = [hosts.client.entry(entry.id).state for entry in (early, rehearsal, left, real)]
    assert [State.HELD, State.ACKNOWLEDGED, State.QUEUED, State.ACKNOWLEDGED] == states
    assert 2 == hosts.endpoint.summary()["finished"]


@pytest.mark.parametrize("endpoint", ["testing", "production"])
def test_credentials_of_another_environment(world: World, endpoint: str) -> None:
    """The doctor says whose pair it is and sends nothing there, or the guard of this process would have told."""
    assert 0 == ended(world.start("submit", str(world.submission())))[0]
    environ = {
        "TIPLINE_ENDPOINT": endpoint,
        "TIPLINE_REGISTERED_ESP": "yes",
        "TIPLINE_USERNAME": MOCK_USERNAME,
        "TIPLINE_PASSWORD": MOCK_PASSWORD,
    }

    code, out, _ = ended(world.start("doctor", "--json", environ=environ))

    [found] = [check for check in json.loads(out)["checks"] if check["name"] == "credentials"]
    assert (ExitCode.PROBLEM_FOUND, "problem") == (code, found["grade"])
    assert f"accepted by mock and never by {endpoint}" in found["detail"]
