"""What an outbox has answered survives the death of its process, and a copy taken at any moment opens."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tipline_client.delivery.states import State
from tipline_client.outbox import SqliteOutbox
from tipline_client.outbox.sqlite.driver import DriverName, connect

ROOT = Path(__file__).resolve().parents[2]
SEED = 20260105
ROUNDS = 3


@pytest.fixture(params=["apsw", "sqlite3"])
def driver(request: pytest.FixtureRequest) -> DriverName:
    name: DriverName = request.param
    return name


def _writer(path: Path, driver: DriverName, number: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.outbox_child", "enqueue", str(path), driver, str(number)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def _reported(process: "subprocess.Popen[str]", *, at_least: int) -> Iterator[str]:
    assert process.stdout is not None
    for _ in range(at_least):
        yield process.stdout.readline().strip()


def _rest(process: "subprocess.Popen[str]") -> list[str]:
    """What the process had reported by its death; a line that was cut short was not yet a report."""
    assert process.stdout is not None
    return [line.strip() for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]


async def _kept(path: Path, driver: DriverName) -> set[str]:
    connection = connect(path, driver=driver, busy_timeout=5)
    assert [("ok",)] == connection.execute("PRAGMA integrity_check")
    connection.close()
    outbox = SqliteOutbox.open(path, driver=driver)
    counts = await outbox.count()
    entries = await outbox.list_entries(limit=1_000_000)
    await outbox.close()
    assert len(entries) == counts.by_state[State.QUEUED]
    assert all(entry.envelope.endswith(entry.id.removeprefix("id-").encode()) for entry in entries)
    return {entry.id for entry in entries}


async def test_killed_while_it_writes(tmp_path: Path, driver: DriverName) -> None:
    """Every id that was reported before a SIGKILL is there afterwards, whole, round after round on one file."""
    path = tmp_path / "outbox.sqlite"
    random = Random(SEED)  # noqa: S311  chance that can be repeated is what a test needs
    reported: set[str] = set()

    for number in range(ROUNDS):
        with _writer(path, driver, number) as process:
            reported.update(_reported(process, at_least=random.randint(1, 60)))
            process.kill()
            reported.update(_rest(process))

        assert reported <= await _kept(path, driver)

    print(f"seed {SEED}: {len(reported)} ids reported in {ROUNDS} rounds")


async def test_copied_while_it_writes(tmp_path: Path, driver: DriverName) -> None:
    """A copy of the file and its companions, taken at one instant, opens and holds whole entries."""
    path = tmp_path / "outbox.sqlite"

    with _writer(path, driver, 0) as process:
        before = set(_reported(process, at_least=20))
        copied = _snapshot(process, path)
        process.kill()

    assert before <= await _kept(copied, driver)


def _snapshot(process: "subprocess.Popen[str]", path: Path) -> Path:
    """Copies of the file and its companions as they are at one instant, since the process stands still meanwhile."""
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    folder = path.parent / "copy"
    folder.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        shutil.copy(file, folder / file.name)
    return folder / path.name
