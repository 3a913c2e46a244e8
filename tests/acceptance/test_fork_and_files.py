"""Processes that are forked off while a client is open on a file: what each was answered is there in the end."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.forks import PATIENCE, Pipe, code_of, forked
from tests.support.stage import sample_report
from tipline_client import TiplineClient
from tipline_client.errors import ConfigurationError
from tipline_client.outbox.sqlite.driver import choose_driver, connect
from tipline_client.profiles import mock

PROFILE = mock("http://127.0.0.1:9/ispws")


@pytest.fixture(params=["in the home", "an application's"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """Where the outbox is: either journal that SQLite may be used with."""
    return None if request.param == "in the home" else f"sqlite://{tmp_path / 'app.sqlite3'}"


class Homes:
    def __init__(self, home: Path, outbox: str | None) -> None:
        self._home = home
        self._outbox = outbox

    def open(self) -> TiplineClient:
        return TiplineClient.open(self._home, profile=PROFILE, outbox=self._outbox)

    def enqueue(self, *names: str) -> None:
        with self.open() as client:
            for name in names:
                client.enqueue(sample_report(name), idempotency_key=name)

    def missing(self, *names: str) -> list[str]:
        """As another process sees it, since this one may keep in mind what is not on the disk."""
        told = Pipe()
        child = forked(lambda: told.tell(" ".join(name for name in names if self._find(name))))
        found = told.hear().split()
        _end(child)
        return [name for name in names if name not in found]

    def _find(self, name: str) -> bool:
        with self.open() as client:
            return client.find(name) is not None


@pytest.fixture
def homes(tmp_path: Path, outbox: str | None) -> Homes:
    return Homes(tmp_path / "home", outbox)


def _end(child: int) -> None:
    assert 0 == code_of(child)


@pytest.mark.parametrize("closes", [True, False])
def test_parent_that_ends_first(homes: Homes, closes: bool) -> None:
    """Whether it closes its client or is gone; the child's own goes on, and what it is answered stays."""
    begun, ended, done = Pipe(), Pipe(), Pipe()

    def be_child() -> None:
        with homes.open() as own:
            own.enqueue(sample_report("before"), idempotency_key="before")
            begun.tell()
            ended.hear()
            for name in ("one", "two"):
                own.enqueue(sample_report(name), idempotency_key=name)
            done.tell()

    def be_parent() -> None:
        client = homes.open()
        client.enqueue(sample_report("parent"), idempotency_key="parent")
        forked(be_child)
        begun.hear()
        if closes:
            client.close()
        os._exit(0)

    _end(forked(be_parent))
    homes.enqueue("beside")
    ended.tell()
    done.hear()

    assert [] == homes.missing("parent", "before", "beside", "one", "two")


def test_parent_at_work(homes: Homes) -> None:
    """Its threads go on, no child waits for what only they could end, and nothing of either is lost."""
    with homes.open() as client, _at_work(client) as answered:
        for number in range(5):
            _end(forked(lambda number=number: homes.enqueue(f"child-{number}")))  # type: ignore[misc]

    assert [] == homes.missing(*answered, *(f"child-{number}" for number in range(5)))


@contextmanager
def _at_work(client: TiplineClient) -> Iterator[list[str]]:
    answered: list[str] = []
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set() and len(answered) < 500:
            name = f"parent-{len(answered)}"
            client.enqueue(sample_report(name), idempotency_key=name)
            answered.append(name)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield answered
    finally:
        is_over.set()
        thread.join()


def test_client_closed_as_it_makes_way(homes: Homes) -> None:
    """One that is used no more after a fork is closed like any other, and one that is used opens its file again."""
    used, unused = homes.open(), homes.open()

    _end(forked(lambda: None))

    used.enqueue(sample_report("after"), idempotency_key="after")
    for client in (used, unused):
        client.close()
    _end(forked(lambda: homes.enqueue("child")))
    assert [] == homes.missing("after", "child")


def test_file_that_is_another_one_after_a_fork(tmp_path: Path) -> None:
    """What was put in its place meanwhile is not written to."""
    homes = Homes(tmp_path / "home", None)
    file = tmp_path / "home" / "outbox.sqlite"
    with homes.open() as client:
        client.enqueue(sample_report("one"), idempotency_key="one")
        _end(forked(lambda: None))
        file.rename(tmp_path / "away")
        file.write_bytes((tmp_path / "away").read_bytes())

        with pytest.raises(Exception, match="another file in the place of the outbox"):
            client.enqueue(sample_report("two"), idempotency_key="two")


def test_file_that_is_open_all_the_same(tmp_path: Path) -> None:
    """A child is refused what nobody could let go of in time, and told the way out; what its parent has stays whole."""
    homes = Homes(tmp_path / "home", None)
    homes.enqueue("one")
    file, told = tmp_path / "home" / "outbox.sqlite", Pipe()

    def be_child() -> None:
        with pytest.raises(ConfigurationError, match="open as this process was forked off") as refused:
            homes.open()
        told.tell(refused.value.hint)

    with closing(connect(file, driver=choose_driver("auto"), busy_timeout=1)) as held:
        held.execute("SELECT 1 FROM entries")
        _end(forked(be_child))

    assert "before the fork" in told.hear()
    assert [] == homes.missing("one")


_PROGRAM = """
import os, signal, sqlite3, sys, threading, time
from tests.support.stage import sample_report
from tipline_client import TiplineClient
from tipline_client.profiles import mock

def fork():
    child = os.fork()
    if not child:
        os._exit(0)
    children.append(child)

children = []
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGUSR1, lambda *_: fork())
home, file, number = sys.argv[1:]
client = TiplineClient.open(home, profile=mock("http://127.0.0.1:9/ispws"), outbox="sqlite://" + file)
other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
# What waits for this lock keeps the fork waiting, so that the signal comes in the midst of it.
other.execute("BEGIN IMMEDIATE")
threading.Thread(target=client.enqueue, args=[sample_report("one")], daemon=True).start()
time.sleep(0.3)
threading.Timer(0.3, os.kill, [os.getpid(), int(number)]).start()
threading.Timer(1, other.execute, ["ROLLBACK"]).start()
try:
    fork()
    time.sleep(0.5)
except KeyboardInterrupt:
    print("interrupted")
client.enqueue(sample_report("two"))
ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
print(len(client.call(client.asynchronous.outbox.list_entries)), ends)
"""


@pytest.mark.parametrize(
    ("number", "said"),
    [(signal.SIGINT, ["interrupted", "2 [0]"]), (signal.SIGUSR1, ["2 [0, 0]"])],
    ids=["interrupt", "handler that forks"],
)
def test_signal_while_a_fork_waits(tmp_path: Path, number: signal.Signals, said: list[str]) -> None:
    """An interrupt is raised once the fork is done, and not lost in what Python does around it.

    A handler that forks waits for nothing that waits for it; and the parent's outbox goes on.
    """
    places = [str(tmp_path / "home"), str(tmp_path / "app.sqlite3"), str(int(number))]

    ran = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *places], capture_output=True, text=True, timeout=PATIENCE, check=False
    )

    assert said == ran.stdout.splitlines(), ran.stderr
