"""A host whose links go dead in mid-flight without a word to anybody: another takes over, and it may come back.

Its ways to the endpoint and to the database are passages that can be cut: nothing passes and nothing is closed.
"""

import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.acceptance.hosts import Hosts, eventually
from tests.support.passage import Passage
from tests.support.postgres import PostgresServer
from tipline_client.delivery.steps import Step
from tipline_client.mock import slow


class FarHost:
    """A dispatcher behind two links.

    Args:
        hosts: Whose outbox and endpoint.
        server: Where the outbox is.
    """

    def __init__(self, hosts: Hosts, server: PostgresServer) -> None:
        self._hosts = hosts
        self.to_endpoint = Passage(urlsplit(hosts.endpoint.base_url).port or 0)
        self.to_database = Passage(server.folder / ".s.PGSQL.5432")

    def start(self, *settings: str) -> "subprocess.Popen[bytes]":
        """Its dispatcher."""
        return self._hosts.start(
            *settings,
            base_url=f"http://127.0.0.1:{self.to_endpoint.port}/ispws",
            database=f"postgresql://tipline@127.0.0.1:{self.to_database.port}/outbox",
        )

    def vanish(self, *, keeps_endpoint: bool = False) -> None:
        """Cut it off."""
        self.to_database.cut()
        if not keeps_endpoint:
            self.to_endpoint.cut()

    def come_back(self) -> None:
        """What it sent meanwhile arrives now."""
        self.to_endpoint.mend()
        self.to_database.mend()


@pytest.fixture
def far(hosts_on_postgres: Hosts, server: PostgresServer) -> Iterator[FarHost]:
    far = FarHost(hosts_on_postgres, server)
    yield far
    # Mended first: a connection that is held up could not be told that it ends.
    far.come_back()
    far.to_endpoint.close()
    far.to_database.close()


@pytest.mark.slow
@pytest.mark.parametrize("keeps_endpoint", [False, True], ids=["wholly", "from the database"])
@pytest.mark.parametrize("step", [Step.SUBMIT, Step.UPLOAD, Step.FINISH])
def test_host_cut_off_in_mid_call(hosts_on_postgres: Hosts, far: FarHost, step: Step, keeps_endpoint: bool) -> None:
    """Another host takes over and files once; the first one comes back, writes nothing of it, and works on."""
    hosts = hosts_on_postgres
    hosts.endpoint.faults.script(step.value, slow(0.5))
    entry = hosts.enqueue()
    first = far.start()
    hosts.await_call()

    far.vanish(keeps_endpoint=keeps_endpoint)
    second = hosts.start()
    hosts.await_filed(entry)
    hosts.stop(second)
    far.come_back()

    later = hosts.enqueue("later")
    hosts.await_filed(later)
    hosts.stop(first)
    assert hosts.filed_once(entry, later)
    # What the first one had opened and nobody else knew of, it has taken back; only a report that was opened by a
    # request which arrived when nobody waited for its answer any more is left to lapse, and that is said.
    assert hosts.endpoint.summary()["open"] <= len(hosts.client.orphaned())


@pytest.mark.slow
@pytest.mark.parametrize("step", [Step.UPLOAD, Step.FINISH])
def test_host_that_never_comes_back(hosts_on_postgres: Hosts, far: FarHost, step: Step) -> None:
    """It dies behind its dead links, and neither side ever hears of it: filed once by the other host."""
    hosts = hosts_on_postgres
    hosts.endpoint.faults.script(step.value, slow(0.5))
    entry = hosts.enqueue()
    first = far.start()
    hosts.await_call()

    far.vanish()
    first.kill()
    hosts.start()

    hosts.await_filed(entry)
    assert hosts.filed_once(entry)


@pytest.mark.slow
def test_host_that_lost_the_endpoint_alone(hosts_on_postgres: Hosts, far: FarHost) -> None:
    """It keeps its lease and its database, and keeps nobody else from filing what it cannot."""
    hosts = hosts_on_postgres
    hosts.endpoint.faults.script("finish", slow(0.5))
    entry = hosts.enqueue()
    first = far.start("--progress=0.5")
    hosts.await_call()

    far.to_endpoint.cut()
    hosts.start()
    others = [hosts.enqueue(str(number)) for number in range(4)]

    hosts.await_filed(entry, *others)
    assert first.poll() is None
    assert hosts.filed_once(entry, *others)
    far.come_back()
    eventually(lambda: hosts.client.call(hosts.client.asynchronous.outbox.count).waiting == 0)
    hosts.stop(first)
