"""The database of a running dispatcher is killed in mid-call and comes back: the same process goes on by itself."""

import pytest

from tests.acceptance.hosts import Hosts
from tests.support.postgres import PostgresServer
from tipline_client.delivery.steps import Step
from tipline_client.mock import slow


@pytest.mark.slow
@pytest.mark.parametrize(
    ("step", "is_killed"),
    [(Step.SUBMIT, True), (Step.UPLOAD, True), (Step.UPLOAD, False), (Step.FILEINFO, False), (Step.FINISH, True)],
)
def test_database_dies_while_a_call_is_under_way(
    hosts_on_postgres: Hosts, server: PostgresServer, step: Step, is_killed: bool
) -> None:
    """The answer comes while nothing can be written down; when the database is back, each report is filed once."""
    hosts = hosts_on_postgres
    hosts.endpoint.faults.script(step.value, slow(0.5))
    entry = hosts.enqueue()
    dispatcher = hosts.start()
    hosts.await_call()

    (server.kill if is_killed else server.crash)()
    try:
        hosts.await_reply(step.value)
    finally:
        server.start()

    hosts.await_filed(entry)
    later = hosts.enqueue("later")
    hosts.await_filed(later)
    hosts.stop(dispatcher)
    assert hosts.filed_once(entry, later)


@pytest.mark.slow
def test_database_dies_under_a_dispatcher_that_was_told_to_stop(
    hosts_on_postgres: Hosts, server: PostgresServer
) -> None:
    """It ends, although it can write nothing down; the next one settles what was under way."""
    hosts = hosts_on_postgres
    hosts.endpoint.faults.script("finish", slow(0.5))
    entry = hosts.enqueue()
    dispatcher = hosts.start()
    hosts.await_call()

    server.crash()
    try:
        dispatcher.terminate()
        dispatcher.wait(timeout=120)
    finally:
        server.start()

    hosts.start()
    hosts.await_filed(entry)
    assert hosts.filed_once(entry)
