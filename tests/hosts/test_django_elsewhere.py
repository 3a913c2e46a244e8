"""A Django project that was written without this package gets it: its own tests pass, in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.support.postgres import required


def run(folder: Path, *words: str, **environ: str) -> str:
    """What one of Django's commands says; a failure shows all of it."""
    code, said = ran(folder, *words, **environ)
    assert 0 == code, said
    return said


def ran(folder: Path, *words: str, **environ: str) -> tuple[int, str]:
    """How it ends, and what it says."""
    known = {"DJANGO_SETTINGS_MODULE": "tests.hosts.elsewhere.settings", "ELSEWHERE": str(folder)}
    paths = os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-m", "django", *words],
        cwd=folder,
        env={**os.environ, **known, "PYTHONPATH": paths, **environ},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def run_its_tests(folder: Path, **environ: str) -> str:
    """What Django's own runner says of the project's tests."""
    return run(folder, "test", "tests.hosts.elsewhere", "-p", "cases_*.py", "-t", str(ROOT), **environ)


def on_server() -> dict[str, str]:
    """A new database of the server, for the project's settings."""
    server = required()
    return {"ELSEWHERE_SERVER": str(server.folder), "ELSEWHERE_DATABASE": server.make_database()}


def test_project_on_sqlite(tmp_path: Path) -> None:
    """Its transactions, admin, checks and command do what the page says."""
    assert "Ran 54 tests" in run_its_tests(tmp_path)


def test_project_on_postgresql(tmp_path: Path) -> None:
    """So they do where decisions and outbox are in a server's database, whose tables Django's `migrate` made."""
    assert "Ran 54 tests" in run_its_tests(tmp_path, **on_server())


def test_new_database_on_sqlite(tmp_path: Path) -> None:
    """A check of databases before `migrate` says that there is none yet, and makes none."""
    run(tmp_path, "tipline", "init")

    checked = run(tmp_path, "check", "--database", "default", "--tag", "tipline")
    is_made = (tmp_path / "project.sqlite3").exists()
    migrated = run(tmp_path, "migrate")

    assert "(tipline.W002) the outbox's database is not there yet" in checked
    assert not is_made
    assert "The outbox in 'default' is brought from version 0 to" in migrated
    assert "no issues" in run(tmp_path, "check", "--database", "default", "--tag", "tipline")


def test_new_database_on_postgresql(tmp_path: Path) -> None:
    """`init` and `migrate` are all that it takes: nothing of the checks keeps them from being run."""
    environ = on_server()

    run(tmp_path, "tipline", "init", **environ)
    migrated = run(tmp_path, "migrate", **environ)
    checked = run(tmp_path, "check", "--database", "default", "--tag", "tipline", **environ)

    assert "The outbox in 'default' is brought from version 0 to" in migrated
    assert "tipline.W002" in migrated
    assert "no issues" in checked


@pytest.mark.parametrize("place", ["sqlite", "postgresql"])
def test_home_of_development(tmp_path: Path, place: str) -> None:
    """Tests that share it leave no trace in its memory, and whoever forgets the database is told it by a check."""
    environ = on_server() if place == "postgresql" else {}
    cases = "tests.hosts.elsewhere.cases_outbox.InTransactions"
    run(tmp_path, "tipline", "init", **environ)
    run(tmp_path, "migrate", **environ)
    run(tmp_path, "tipline", "rekey", **environ)
    known = (tmp_path / "home" / "outboxes.txt").read_text()

    for _ in range(2):
        assert "Ran 2 tests" in run(
            tmp_path, "test", f"{cases}.test_committed_with_the_decision", f"{cases}.test_rolled_back", **environ
        )

    assert known == (tmp_path / "home" / "outboxes.txt").read_text()
    assert "0 folder(s)" in run(tmp_path, "tipline", "evidence", "collect", "--yes", **environ)
    code, forgotten = ran(tmp_path, "check", "--database", "default", **environ, ELSEWHERE_FORGETS="yes")
    assert (1, True) == (code, "tipline.E008" in forgotten)
    assert 'settings.TIPLINE["DATABASE"]' in forgotten


def test_database_whose_driver_is_elsewhere(tmp_path: Path) -> None:
    """The project starts where it is not needed, as without this package."""
    assert "no issues" in run(tmp_path, "check", "--tag", "urls", ELSEWHERE_ARCHIVE="yes")


def test_migrate_with_another_name(tmp_path: Path) -> None:
    """Django's `migrate` makes what it is told to, and says that this is another outbox."""
    run(tmp_path, "tipline", "init")
    run(tmp_path, "migrate")
    run(tmp_path, "tipline", "rekey")

    migrated = run(tmp_path, "migrate", ELSEWHERE_NAME="projekt")

    said = f"This home has or had an outbox in sqlite://{tmp_path}/project.sqlite3 too: what is queued or filed there"
    assert said in migrated


@pytest.mark.parametrize("missing", ["django", "asgiref"])
def test_project_without_the_extra(missing: str) -> None:
    """Whoever names the application is told what to install."""
    code = f"import sys; sys.modules[{missing!r}] = None; import tipline_client.django"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)

    said = "ImportError: the application for Django needs its extra: pip install 'tipline-client[django]'"
    assert (1, said) == (ended.returncode, ended.stderr.splitlines()[-1])
