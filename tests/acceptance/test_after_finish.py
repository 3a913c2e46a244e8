"""What fails after the finish, or before the signature: what is filed stays filed, and nothing is sent unsigned."""

import resource
import subprocess
from datetime import UTC, datetime

import pytest

from tests.acceptance.hosts import Hosts, eventually
from tests.acceptance.test_cli_processes import ended
from tests.acceptance.world import World
from tipline_client import State
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.mock import slow


def limit_files(process: "subprocess.Popen[bytes]", size: int) -> None:
    """Let no file of another process grow beyond `size`, as on a disk that is full; its own limit is the system's."""
    _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, hard))


def is_lease_over(hosts: Hosts) -> bool:
    """Whether the one entry that waits is under a lease that nobody could renew or give back."""
    ends = hosts.client.call(hosts.client.asynchronous.outbox.count).next_available
    return ends is not None and ends < datetime.now(UTC)


@pytest.mark.slow
def test_disk_full_when_the_finish_is_answered(hosts: Hosts) -> None:
    """The acknowledgement cannot be written; with room again the same process asks, and is told that it is filed."""
    hosts.endpoint.faults.script("finish", slow(0.5))
    entry = hosts.enqueue()
    dispatcher = hosts.start()
    hosts.await_call()

    limit_files(dispatcher, 0)
    hosts.await_reply("finish")
    eventually(lambda: is_lease_over(hosts))
    state = hosts.client.entry(entry.id).state
    limit_files(dispatcher, resource.RLIM_INFINITY)

    hosts.await_filed(entry)
    hosts.stop(dispatcher)
    assert State.LEASED is state
    assert hosts.filed_once(entry)


@pytest.mark.slow
def test_hook_that_fails_after_the_finish(hosts: Hosts) -> None:
    """The filing stands with its number, and the next report is filed as if nothing had happened."""
    dispatcher = hosts.start("--hook-fails")
    entries = [hosts.enqueue("one"), hosts.enqueue("two")]
    hosts.await_filed(*entries)
    outbox = hosts.client.asynchronous.outbox
    eventually(lambda: hosts.client.call(outbox.hook_state, "pager").failures > 0)

    hosts.stop(dispatcher)

    assert hosts.filed_once(*entries)
    assert [State.ACKNOWLEDGED] * 2 == [hosts.client.entry(entry.id).state for entry in entries]


@pytest.mark.slow
def test_receipt_that_cannot_be_signed(hosts: Hosts) -> None:
    """Without the signing key it is filed and stays so; its receipt is made by the next dispatcher that has the key."""
    entry = hosts.enqueue()
    [private] = (hosts.home / "keys").glob("*.private.pem")
    aside = private.rename(hosts.home / "aside.pem")
    first = hosts.start()
    hosts.await_filed(entry)
    hosts.stop(first)
    outbox = hosts.client.asynchronous.outbox
    unsigned = hosts.client.call(outbox.unreceipted)

    aside.rename(private)
    hosts.start()
    eventually(lambda: not hosts.client.call(outbox.unreceipted))

    assert [entry.id] == unsigned
    assert hosts.filed_once(entry)
    assert hosts.report_id(entry) == hosts.client.receipt(entry.id).report_id


def test_report_that_cannot_be_signed(world: World) -> None:
    """Without the signing key nothing is queued, and nothing of it leaves the machine."""
    [private] = (world.home / "keys").glob("*.private.pem")
    private.unlink()

    code, _, _ = ended(world.start("submit", str(world.submission())))

    assert ExitCode.CONFIGURATION == code
    assert (0, []) == (world.endpoint.summary()["requests"], world.listed())
