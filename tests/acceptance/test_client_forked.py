"""A client that was opened before a fork: the child is told so at once, and the parent goes on."""

import os
import signal
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.stage import sample_report
from tipline_client import TiplineClient
from tipline_client.errors import OutboxUnavailableError
from tipline_client.mock import MockEndpoint

PATIENCE = 60


def _in_a_child(work: Callable[[], object]) -> int:
    """The exit code of a forked process that does `work`; it is killed if it hangs."""
    with warnings.catch_warnings():
        # Newer Pythons warn of what servers do all the time.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PATIENCE)
        try:
            work()
        except OutboxUnavailableError as error:
            os._exit(7 if "forked" in str(error) and "after the fork" in str(error.hint) else 8)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("was_used", [True, False])
def test_client_opened_before_a_fork(tmp_path: Path, was_used: bool) -> None:
    """Each verb says what happened and where to open it; closing is no error, and takes nothing from the parent."""
    with MockEndpoint() as endpoint, TiplineClient.open(tmp_path, profile=endpoint.profile) as client:
        if was_used:
            client.enqueue(sample_report("one"))

        assert 7 == _in_a_child(lambda: client.find("case-one"))
        assert 7 == _in_a_child(lambda: client.enqueue(sample_report("two")))
        assert 0 == _in_a_child(client.close)

        entry = client.enqueue(sample_report("three"))
        assert client.deliver(entry.id).report_id
