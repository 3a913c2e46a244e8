"""The example script: its exit codes, its lock, and what is left when it is killed at a bad moment and run again."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from examples.script import file_decisions as script

from tests.acceptance.hosts import eventually
from tests.support.dispatcher_child import hasty
from tests.support.dispatchers import ROOT
from tipline_client import TiplineClient, profiles
from tipline_client.mock import MockEndpoint, slow
from tipline_client.mock.faults import code
from tipline_client.mock.script import Step

EXAMPLES = ROOT / "examples"
FILE = EXAMPLES / "script" / "file_decisions.py"
SAMPLE = [json.loads(line) for line in FILE.with_name("decisions.jsonl").read_text(encoding="utf-8").splitlines()]
NOBODY = "http://127.0.0.1:1/ispws"
# The script as it stands, with waits that are short enough for a test.
CHILD = """
import sys
from datetime import timedelta
from pathlib import Path
from examples.script import file_decisions as script
from tests.support.dispatcher_child import hasty
from tipline_client import profiles
decisions, home, base_url = sys.argv[1:]
sys.exit(
    script.run(
        Path(decisions),
        home=Path(home),
        profile=profiles.mock(base_url),
        patience=timedelta(seconds=60),
        options=hasty(),
    )
)
"""


@dataclass
class Cron:
    """A folder, an endpoint, and runs of the script."""

    folder: Path
    endpoint: MockEndpoint
    processes: list["subprocess.Popen[str]"] = field(default_factory=list)

    def decisions(self, *cases: str) -> Path:
        """A file with a decision for each case."""
        (self.folder / "mug.png").write_bytes((ROOT / "examples" / "mug.png").read_bytes())
        lines = [
            json.dumps(SAMPLE[0] | {"case": case, "page": f"https://www.example.com/{case}", "picture": "mug.png"})
            for case in cases
        ]
        path = self.folder / "decisions.jsonl"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    def run(self, decisions: Path, *, away: bool = False) -> int:
        """Run it here, perhaps with an endpoint that is away; its exit code."""
        return script.run(
            decisions,
            home=self.folder / "home",
            profile=profiles.mock(NOBODY) if away else self.endpoint.profile,
            patience=timedelta(seconds=0 if away else 60),
            options=hasty(),
        )

    def start(self, decisions: Path) -> "subprocess.Popen[str]":
        """Run it as a process."""
        words = [str(decisions), str(self.folder / "home"), self.endpoint.base_url]
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", CHILD, *words],
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.processes.append(process)
        return process

    def filed(self) -> tuple[int, int]:
        """How many reports are filed, and how many of them twice."""
        summary = self.endpoint.summary()
        return summary["finished"], summary["duplicates"]


@pytest.fixture
def cron(tmp_path: Path, _shared_endpoint: MockEndpoint) -> Iterator[Cron]:
    _shared_endpoint.reset()
    cron = Cron(tmp_path, _shared_endpoint)
    yield cron
    for process in cron.processes:
        with process:
            process.kill()


def test_run_twice(cron: Cron, capsys: pytest.CaptureFixture[str]) -> None:
    """The second run prints the same receipts, and files nothing."""
    decisions = cron.decisions("case-1", "case-2")

    codes = [cron.run(decisions)]
    first = capsys.readouterr()
    codes.append(cron.run(decisions))
    second = capsys.readouterr()

    assert [script.FILED, script.FILED] == codes
    assert first == second
    assert ["case-1", "case-2"] == [line.partition(":")[0] for line in first.out.splitlines()]
    assert (2, 0) == cron.filed()


def test_lines_that_are_refused(cron: Cron, capsys: pytest.CaptureFixture[str]) -> None:
    """Each is named with paths and rules, without a value; the other lines are filed, and the exit code tells."""
    decisions = cron.decisions("case-1")
    wrong = [
        "{coffee",
        "[]",
        json.dumps({"case": "case-2"}),
        json.dumps(SAMPLE[2] | {"page": "coffee"}),
        json.dumps(SAMPLE[2] | {"case": "case-3", "picture": "missing.png"}),
        json.dumps(SAMPLE[2] | {"case": "case-1"}),
    ]
    with decisions.open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in wrong))

    ended = cron.run(decisions)
    said = capsys.readouterr()

    assert script.REFUSED == ended
    assert [f"line {number}" for number in range(2, 8)] == [line[:6] for line in said.err.splitlines()]
    assert "report.internetDetails[0].webPageIncident.url[0]: " in said.err
    assert "coffee" not in said.err
    assert (1, 0) == cron.filed()


def test_report_that_is_given_up(cron: Cron, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code asks for a person, in this run and in the next one; a line that is refused is told first."""
    cron.endpoint.faults.script("submit", code(4100))
    decisions = cron.decisions("case-1")

    codes = [cron.run(decisions), cron.run(decisions)]
    with decisions.open("a", encoding="utf-8") as file:
        file.write("{}\n")
    codes.append(cron.run(decisions))

    assert [script.GIVEN_UP, script.GIVEN_UP, script.REFUSED] == codes
    assert 3 * "case-1: dead_letter\n" == capsys.readouterr().out
    assert (0, 0) == cron.filed()


def test_endpoint_that_is_away(cron: Cron, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit code says that something waits, and the next run files it, even without the file."""
    decisions = cron.decisions("case-1")
    away = cron.run(decisions, away=True)
    decisions.write_text("", encoding="utf-8")

    back = cron.run(decisions)

    assert (script.WAITING, script.FILED) == (away, back)
    assert "case-1: queued\n" == capsys.readouterr().out
    assert (1, 0) == cron.filed()


@pytest.mark.parametrize(
    ("words", "ended", "says"),
    [
        ([], 2, "name the file of decisions"),
        (["missing.jsonl"], 2, "name the file of decisions"),
        ([str(FILE.with_name("decisions.jsonl"))], script.CONFIGURATION, "no such endpoint"),
    ],
)
def test_started_wrongly(
    words: list[str],
    ended: int,
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No endpoint is a default, and the sample decisions are for the mock endpoint alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["file_decisions.py", *words])

    try:
        code_of_main = script.main()
    except SystemExit as end:
        code_of_main = int(str(end.code))

    assert ended == code_of_main
    assert says in capsys.readouterr().err
    assert [] == [*tmp_path.iterdir()]


def test_one_command(tmp_path: Path) -> None:
    """The command at the head of the script and of its page files the sample with a mock endpoint."""
    page = (ROOT / "docs" / "hosts" / "script.md").read_text(encoding="utf-8")
    [shown] = [line for line in page.splitlines() if line.startswith("python ")]
    assert shown in (script.__doc__ or "")
    command = [
        sys.executable,
        "-W",
        "error",
        *(word.replace("examples/", f"{EXAMPLES}/") for word in shown.split()[1:]),
    ]

    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)

    cases = [line.partition(":")[0] for line in ended.stdout.splitlines()]
    assert ([decision["case"] for decision in SAMPLE], "") == (cases, ended.stderr)


def test_two_runs_at_once(cron: Cron, capsys: pytest.CaptureFixture[str]) -> None:
    """The second one says so and ends, with nothing read; once the first is gone the next one goes on."""
    decisions = cron.decisions("case-1")

    with script.alone(cron.folder / "home"):
        busy = cron.run(decisions)
    after = cron.run(decisions)

    assert (script.BUSY, script.FILED) == (busy, after)
    assert "another run is at it\n" == capsys.readouterr().err
    assert (1, 0) == cron.filed()


@pytest.mark.slow
def test_killed_while_a_reply_is_held_back(cron: Cron) -> None:
    """In the middle of each step in turn; the next run files what was left, once, and no lock is left behind."""
    steps: tuple[Step, ...] = ("submit", "upload", "finish")
    for step in steps:
        cron.endpoint.faults.script(step, slow(1))
        process = cron.start(cron.decisions(step))
        eventually(lambda: not cron.endpoint.faults.to_json()["faults"])
        process.kill()
        process.wait()

    ended = cron.run(cron.decisions(*steps))

    assert script.FILED == ended
    assert (3, 0) == cron.filed()


@pytest.mark.slow
def test_killed_between_two_lines(cron: Cron) -> None:
    """What was queued is there, what was not comes with the next run, and nothing is filed twice."""
    lines = cron.decisions("case-1", "case-2").read_text(encoding="utf-8").splitlines(keepends=True)
    pipe = cron.folder / "pipe"
    os.mkfifo(pipe)
    process = cron.start(pipe)
    with pipe.open("w", encoding="utf-8") as writing:
        writing.write(lines[0])
        writing.flush()
        home = cron.folder / "home"
        eventually(lambda: (home / "keys").exists() and _is_queued(cron, "case-1"))
        process.kill()
        process.wait()

    ended = cron.run(cron.folder / "decisions.jsonl")

    assert script.FILED == ended
    assert (2, 0) == cron.filed()


def _is_queued(cron: Cron, key: str) -> bool:
    with TiplineClient.open(cron.folder / "home", profile=cron.endpoint.profile) as client:
        return client.find(key) is not None
