"""A Django project that was written without this package gets it: its own tests pass, in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT
from tests.support.postgres import required


def run_its_tests(folder: Path, **environ: str) -> str:
    """What Django's own runner says; a failure shows all of it."""
    command = [sys.executable, "-W", "error", "-m", "django", "test", "tests.hosts.elsewhere", "-p", "cases_*.py"]
    known = {"DJANGO_SETTINGS_MODULE": "tests.hosts.elsewhere.settings", "ELSEWHERE": str(folder)}
    paths = os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])
    ran = subprocess.run(
        [*command, "-t", str(ROOT)],
        cwd=folder,
        env={**os.environ, **known, "PYTHONPATH": paths, **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert 0 == ran.returncode, ran.stdout + ran.stderr
    return ran.stderr


def test_project_on_sqlite(tmp_path: Path) -> None:
    """Its transactions, admin, checks and command do what the page says."""
    assert "Ran 24 tests" in run_its_tests(tmp_path)


def test_project_on_postgresql(tmp_path: Path) -> None:
    """So they do where decisions and outbox are in a server's database, whose tables Django's `migrate` made."""
    server = required()
    environ = {"ELSEWHERE_SERVER": str(server.folder), "ELSEWHERE_DATABASE": server.make_database()}

    assert "Ran 24 tests" in run_its_tests(tmp_path, **environ)
