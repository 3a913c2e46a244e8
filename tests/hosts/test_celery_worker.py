"""The example with Celery: started by one command, and killed in the middle of its task. Each report is filed once."""

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.hosts import eventually
from tests.docs.machine import Machine, shell_block
from tests.docs.pages import ROOT
from tipline_client import Dispatcher, TiplineClient
from tipline_client.mock import MockEndpoint

FOLDER = ROOT / "examples" / "celery_worker"
URL = "https://www.example.com/mug"
pytestmark = pytest.mark.slow

WORKER = ("worker", "--concurrency=2", "--loglevel=WARNING", "--without-mingle", "--without-gossip")


class Desk:
    """Decisions, a broker and an outbox, with workers that come and go."""

    def __init__(self, data: Path, endpoint: MockEndpoint) -> None:
        self.hold = data / "hold"
        self.hold.mkdir(parents=True)
        self._home = data / "tipline-home"
        self._endpoint = endpoint
        paths = os.pathsep.join([str(FOLDER), str(ROOT), os.environ["PYTHONPATH"]])
        self._environ = {
            **os.environ,
            "DESK_DATA": str(data),
            "HOLD": str(self.hold),
            "PYTHONPATH": paths,
            "TIPLINE_ENDPOINT": endpoint.base_url,
        }
        # Made before two processes could make it at once.
        TiplineClient.open(self._home, profile=endpoint.profile).close()
        self.run("import decisions; decisions.make_table()")

    def run(self, code: str) -> str:
        """What the application does, in a process of its own."""
        command = [sys.executable, "-W", "error", "-c", code]
        ran = subprocess.run(command, env=self._environ, check=False, capture_output=True, text=True, timeout=120)
        assert 0 == ran.returncode, ran.stderr
        return ran.stdout

    def decide(self, *, sent: int) -> None:
        """One decision, whose task is sent so often."""
        self.run(
            f"import decisions, tasks; number = decisions.decide({URL!r}); "
            f"[tasks.report_decision.delay(number) for _ in range({sent})]"
        )

    @contextlib.contextmanager
    def worker(self) -> Iterator[int]:
        """A worker with two processes, whose tasks stop in the middle; all of it dies at the end of the block."""
        command = [sys.executable, "-m", "celery", "-A", "tests.hosts.held_tasks", *WORKER]
        log = self.hold.with_suffix(".log").open("ab")
        with (
            log,
            subprocess.Popen(
                command, env=self._environ, stdout=log, stderr=log, start_new_session=True, cwd=ROOT
            ) as process,
        ):
            try:
                yield process.pid
            finally:
                os.killpg(process.pid, signal.SIGKILL)

    def ended_worker(self) -> tuple[int, str]:
        """How a worker ends that does so by itself, and what it says."""
        command = [sys.executable, "-m", "celery", "-A", "tasks", *WORKER]
        ran = subprocess.run(command, env=self._environ, capture_output=True, text=True, timeout=60, check=False)
        return ran.returncode, ran.stdout + ran.stderr

    def held(self) -> list[int]:
        """Which processes stopped in the middle of the task, in whatever worker."""
        return [int(path.stem) for path in self.hold.glob("*.held")]

    def go_on(self) -> None:
        """Let the tasks end."""
        (self.hold / "go").touch()

    def await_marked(self) -> None:
        """Wait until every decision is marked as queued."""
        eventually(lambda: self.run("import decisions; print(decisions.unqueued())").strip() == "[]")

    def filed(self) -> tuple[int, int]:
        """How many entries there are, and how many reports are filed once a dispatcher has found nothing left."""
        with TiplineClient.open(self._home, profile=self._endpoint.profile) as client:
            Dispatcher(client).drain()
            entries = client.call(client.asynchronous.outbox.list_entries)
        summary = self._endpoint.summary()
        assert (0, 0) == (summary["duplicates"], summary["orphans"])
        return len(entries), int(summary["finished"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with MockEndpoint() as endpoint:
        yield Desk(tmp_path / "desk", endpoint)


def test_one_command(tmp_path: Path) -> None:
    """It starts everything, decides, and ends when all is filed."""
    command = shell_block("docs/hosts/celery.md", "python examples/celery_worker/run.py").code

    said = Machine(tmp_path).run(command)

    assert "decided: 5, filed: 5" == said.splitlines()[-1]


def test_process_killed_in_the_middle(desk: Desk) -> None:
    """Its worker gives the message to another process, which finds the entry that is there already."""
    desk.decide(sent=1)
    with desk.worker():
        eventually(lambda: len(desk.held()) == 1)
        [victim] = desk.held()
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: len(desk.held()) == 2)
        desk.go_on()
        desk.await_marked()

    assert (1, 1) == desk.filed()


def test_worker_killed_whole(desk: Desk) -> None:
    """The broker has lost the message; the next worker looks for what is left, and finds the entry."""
    desk.decide(sent=1)
    with desk.worker():
        eventually(lambda: len(desk.held()) == 1)
    desk.go_on()
    with desk.worker():
        desk.await_marked()

    assert (1, 1) == desk.filed()


def test_settings_that_open_no_client(desk: Desk, tmp_path: Path) -> None:
    """A worker that could do no task ends as it starts, with the reason and its way out."""
    elsewhere = f"sqlite://{tmp_path / 'app.sqlite3'}"
    (tmp_path / "desk" / "tipline-home" / "outboxes.txt").write_text(f"{elsewhere}\n", encoding="utf-8")

    code, said = desk.ended_worker()

    assert 1 == code
    assert f"was in {elsewhere}" in said
    assert "TIPLINE_OUTBOX" in said
    assert "Traceback" not in said


def test_two_at_once(desk: Desk) -> None:
    """Two processes in the middle of the same task end with one entry, and one report."""
    desk.decide(sent=2)
    with desk.worker():
        eventually(lambda: len(desk.held()) == 2)
        desk.go_on()
        desk.await_marked()

    assert (1, 1) == desk.filed()


TWICE_LOCKED = """
import decisions, tasks
from tipline_client.errors import OutboxUnavailableError

calls = []
real = tasks.client

def client():
    calls.append(1)
    if len(calls) < 3:
        raise OutboxUnavailableError("the outbox is locked")
    return real()

tasks.client = client
good, bad = decisions.decide("https://www.example.com/mug"), decisions.decide("no address")
states = [tasks.report_decision.apply(args=[number]).state for number in (good, bad)]
real().close()
print(states, len(calls), decisions.unqueued() == [] and decisions.refused() == [bad])
"""


def test_what_is_retried(desk: Desk) -> None:
    """An outbox that cannot be written to, until it can; a report that is refused is not, and waits for a person."""
    said = desk.run(TWICE_LOCKED)

    assert "['SUCCESS', 'FAILURE'] 6 True" == said.splitlines()[-1]


def test_what_a_message_holds(desk: Desk, tmp_path: Path) -> None:
    """The decision's id, and nothing of what was decided."""
    desk.decide(sent=1)

    [message] = (tmp_path / "desk" / "broker" / "messages").iterdir()

    document = json.loads(message.read_bytes())
    body, headers = base64.b64decode(document["body"]).decode(), json.dumps(document["headers"])
    assert [[1], {}] == json.loads(body)[:2]
    assert "report_decision" in headers
    assert [] == [part for part in (body, headers) if "example.com" in part]
