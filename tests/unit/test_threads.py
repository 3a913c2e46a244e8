"""A thread that never comes to its work is noticed, and another one takes its place."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.support.stage import sample_report
from tipline_client import TiplineClient, _threads
from tipline_client.errors import OutboxUnavailableError
from tipline_client.mock import MockEndpoint

FORK = """
import os, threading
from tipline_client.outbox import boundaries, turns
import sqlalchemy as sa

is_inside, may_leave = threading.Event(), threading.Event()

def be_inside():
    with {lock}:
        is_inside.set()
        may_leave.wait()

threading.Thread(target=be_inside).start()
is_inside.wait()
child = os.fork()
if child == 0:
    {work}
    os._exit(7)
may_leave.set()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""A thread of the parent is inside when it forks."""

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


class Tracing:
    """Has new threads traced, and refuses that to the first ones of each name."""

    def __init__(self, refusals: int) -> None:
        self._refusals = refusals
        self.refused: dict[str, int] = {}

    def __call__(self, _frame: FrameType, _event: str, _argument: Any) -> None:
        name = threading.current_thread().name
        sys.settrace(None)
        if name.startswith(("outbox", "tipline")) and self.refused.get(name, 0) < self._refusals:
            self.refused[name] = self.refused.get(name, 0) + 1
            raise RuntimeError("another trace function is being installed")


@pytest.fixture
def tracing(request: pytest.FixtureRequest) -> Iterator[Tracing]:
    tracing, before = Tracing(request.param), threading.gettrace()
    threading.settrace(tracing)
    yield tracing
    threading.settrace(before)


@pytest.mark.parametrize("tracing", [2], indirect=True)
def test_threads_that_end_before_they_begin(tracing: Tracing, tmp_path: Path) -> None:
    """A report is queued and filed all the same, and nobody waits for a thread that is not there."""
    with MockEndpoint() as endpoint, TiplineClient.open(tmp_path, profile=endpoint.profile) as client:
        entry = client.enqueue(sample_report("one"))
        assert client.deliver(entry.id).report_id

    assert {"tipline-mock", "tipline-loop", "outbox-writer", "outbox-reader"} <= set(tracing.refused)
    assert {2} == set(tracing.refused.values())


@pytest.mark.parametrize("tracing", [sys.maxsize], indirect=True)
def test_threads_that_never_begin(tracing: Tracing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none comes up at all, that is told, with the way out."""
    monkeypatch.setattr(_threads, "_ATTEMPTS", 3)

    with pytest.raises(OutboxUnavailableError, match="tipline-x cannot be started") as refused:
        _threads.begin(os.getpid, name="tipline-x")  # type: ignore[arg-type]

    assert {"tipline-x": 3} == tracing.refused
    assert "ulimit -u" in str(refused.value.hint)


def test_system_without_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a system that gives no thread."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as poor:
        poor.setattr(threading.Thread, "start", refuse)
        with pytest.raises(OutboxUnavailableError, match="cannot be started"):
            _threads.begin(lambda: None, name="tipline-x")


def test_handler_whose_error_comes_as_a_thread_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the caller's to hear, and not taken for a refusal of the system."""

    def be_interrupted(_: threading.Thread) -> None:
        raise RuntimeError("time limit")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", be_interrupted)
        with pytest.raises(RuntimeError, match="time limit"):
            _threads.begin(lambda: None, name="tipline-x")


@pytest.mark.parametrize(
    ("lock", "work"),
    [
        ("turns._turns.own.gate", "turns.turn_of_thread(object()).__enter__()"),
        ("boundaries._gate.own", "boundaries.unchanged_since_now(sa.create_engine('sqlite://').connect())"),
    ],
    ids=["turns", "boundaries"],
)
def test_process_that_forks(lock: str, work: str) -> None:
    """The child does not wait for a thread that only its parent has."""
    code = FORK.format(lock=lock, work=work)

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert "7\n" == ended.stdout
