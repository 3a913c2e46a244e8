"""A client that was opened before a fork: the child is told so at once, and the parent goes on."""

import functools
import multiprocessing
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.support.forks import PATIENCE, code_of, forked
from tests.support.stage import sample_report
from tipline_client import TiplineClient
from tipline_client.errors import OutboxUnavailableError
from tipline_client.mock import MockEndpoint


def _in_a_child(work: Callable[[], object]) -> int:
    """7 where the child is told of the fork, and where to open a client."""
    return code_of(
        forked(work, code=lambda error: 7 if isinstance(error, OutboxUnavailableError) and _says_so(error) else 8)
    )


def _says_so(error: OutboxUnavailableError) -> bool:
    return "forked" in str(error) and "after the fork" in str(error.hint)


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


def test_client_by_the_number_of_the_process(tmp_path: Path) -> None:
    """What `multiprocessing` forks opens a client of its own by the same line, beside the parent's."""
    with MockEndpoint() as endpoint:

        @functools.cache
        def client_of(process: int) -> TiplineClient:
            return TiplineClient.open(tmp_path, profile=endpoint.profile)

        def queue(name: str) -> None:
            client_of(os.getpid()).enqueue(sample_report(name), idempotency_key=name)

        queue("parent")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = multiprocessing.get_context("fork").Process(target=queue, args=["child"])
            child.start()
        child.join(PATIENCE)

        own = client_of(os.getpid())
        found = own.find("parent"), own.find("child")
        own.close()

    assert 0 == child.exitcode
    assert all(found)


def test_hosts_that_fork_are_named() -> None:
    """Whoever is told of the fork finds the place for a host: each that is known to fork has a line."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").partition("## Processes and forks")[2]

    for host in ("gunicorn", "--preload", "multiprocessing", "os.fork", "Celery", "Django", "client_of(process: int)"):
        assert host in page.partition("\n## ")[0]
