"""Examples that start other programs, ended from outside: `until_parent_ends.py` lets none of those live on."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.hosts.programs import signalled

EXAMPLES = ROOT / "examples"
WAYS = [signal.SIGTERM, signal.SIGKILL]
pytestmark = pytest.mark.slow

IN_A_HURRY = f"""
import sys
sys.path.insert(0, {str(EXAMPLES)!r})
import until_parent_ends

until_parent_ends.GRACE = 1
sys.exit(until_parent_ends.main(sys.argv[1:]))
"""
WITH_ANOTHER_WORKER = f"""
import sys
sys.path.insert(0, {str(EXAMPLES / "celery_worker")!r})
import run

run.LEASH = [sys.executable, "-c", {IN_A_HURRY!r}]
run.WORKER = ["{{name}}"]
try:
    run.main()
except KeyboardInterrupt:
    sys.exit("ended early: start this again, and it goes on")
"""
STUBBORN = """
import signal, time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("stubborn", flush=True)
time.sleep(600)
"""


def ended(script: str, *, folder: Path) -> tuple[int, str]:
    """How a program that starts others ends by itself, and what all of them say."""
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, script]
    ran = subprocess.run(
        command,
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, ran.stdout


@pytest.mark.parametrize("number", WAYS)
def test_site_and_dispatcher(tmp_path: Path, number: signal.Signals) -> None:
    """The desk with Django takes both with it, also where it is killed itself."""
    script = str(EXAMPLES / "django_project" / "serve.py")

    rest = signalled(script, "--port", "0", folder=tmp_path, said=" is up; ", number=number)

    assert "Traceback" not in rest


@pytest.mark.parametrize("number", WAYS)
def test_worker_and_dispatcher(tmp_path: Path, number: signal.Signals) -> None:
    """So does the one with Celery, whose worker has processes of its own."""
    script = str(EXAMPLES / "celery_worker" / "run.py")

    rest = signalled(script, folder=tmp_path, said="decided: ", number=number)

    assert number is signal.SIGKILL or rest.endswith(("it goes on\n", "filed: 5\n"))


def test_worker_whose_processes_are_signalled_too(tmp_path: Path) -> None:
    """A worker that may wait for ever then, for the processes of its pool, keeps nobody waiting for ever."""
    script = str(EXAMPLES / "celery_worker" / "run.py")

    rest = signalled(script, folder=tmp_path, said="decided: ", number=signal.SIGTERM, reaches_all=True)

    assert rest.endswith(("it goes on\n", "filed: 5\n"))


def test_worker_that_does_not_end(tmp_path: Path) -> None:
    """One that takes no notice of being asked to is killed, which is said, and then everything ends."""
    (tmp_path / "stubborn.py").write_text(STUBBORN, encoding="utf-8")
    (tmp_path / "program.py").write_text(WITH_ANOTHER_WORKER.format(name="stubborn"), encoding="utf-8")

    rest = signalled("program.py", folder=tmp_path, said="stubborn", number=signal.SIGTERM, reaches_all=True)

    assert f"killed, since it did not end within 1 s: {sys.executable} -m stubborn" in rest
    assert rest.endswith("ended early: start this again, and it goes on\n")


def test_worker_that_does_not_start(tmp_path: Path) -> None:
    """It is told at once, and nobody is told to start it again."""
    (tmp_path / "program.py").write_text(WITH_ANOTHER_WORKER.format(name="no_such_worker"), encoding="utf-8")

    code, said = ended("program.py", folder=tmp_path)

    assert (1, "the worker has ended with code 1: why, it says above") == (code, said.splitlines()[-1])
    assert "No module named no_such_worker" in said


def test_worker_without_an_outbox(tmp_path: Path) -> None:
    """Where the home's outbox is another one, worker or dispatcher ends first, with the reason, and no task fails."""
    data = tmp_path / "celery-desk-data"
    data.mkdir()
    made = ["--home", str(data / "tipline-home"), "--outbox", f"sqlite://{data / 'desk.sqlite3'}"]
    subprocess.run([sys.executable, "-m", "tipline_client", "init", *made], check=True, capture_output=True)

    code, said = ended(str(EXAMPLES / "celery_worker" / "run.py"), folder=tmp_path)

    assert 1 == code
    assert re.fullmatch(r"the (worker|dispatcher) has ended with code \d+: why, it says above", said.splitlines()[-1])
    assert "no outbox is named" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", WAYS)
def test_key_service(tmp_path: Path, number: signal.Signals) -> None:
    """And the one whose keys are in a service."""
    script = str(EXAMPLES / "key_service" / "file_reports.py")

    rest = signalled(script, folder=tmp_path, said="queued ", number=number)

    assert "Traceback" not in rest
