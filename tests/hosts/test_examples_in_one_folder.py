"""Examples that a newcomer starts one after another in one folder: each has a home of its own, or shares its outbox."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.support import postgres

EXAMPLES = ROOT / "examples"
STARTED = [
    "quickstart.py",
    "application/django_transaction.py",
    "application/fastapi_transaction.py",
    "django_project/serve.py --once --port 0",
    "celery_worker/run.py",
    "key_service/file_reports.py",
    "script/file_decisions.py --mock",
    "quickstart_async.py",
]


def run(words: str, folder: Path) -> None:
    """One that ends by itself, well."""
    script, *arguments = words.split()
    command = [sys.executable, str(EXAMPLES / script), *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    said = ran.stdout + ran.stderr
    assert (0, 0) == (ran.returncode, said.count("Traceback")), f"{words}: {said}"


@pytest.mark.slow
def test_one_after_another(tmp_path: Path) -> None:
    """Each files what it files and is refused by no home, also those that are started once more."""
    for words in (*STARTED, *STARTED[:3]):
        run(words, tmp_path)

    assert {
        "tipline-home",
        "django-transaction-home",
        "fastapi-transaction-home",
        "django-desk-data",
        "celery-desk-data",
        "key-service-home",
    } <= {path.name for path in tmp_path.iterdir()}


def test_in_a_server_and_in_a_file(tmp_path: Path) -> None:
    """One that can have its outbox in either place has a home for each."""
    server = postgres.required()
    server.empty_outbox()
    script = "application/fastapi_transaction.py"
    try:
        for words in (f"{script} {server.url()}", script, f"{script} {server.url()}"):
            run(words, tmp_path)
    finally:
        server.execute("DROP TABLE IF EXISTS moderation_decisions")


def test_every_home_of_an_example() -> None:
    """Those that name an outbox elsewhere name no folder that another example names."""
    named: dict[str, set[str]] = {}
    for file in EXAMPLES.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        room = file.relative_to(EXAMPLES).parts[0]
        # In this one each file is an example.
        whose = file.stem if room == "application" else room
        for folder in re.findall(r'"([\w-]+-(?:home|data))"', text):
            named.setdefault(folder, set()).add(whose)

    # In these homes the outbox is always the file in the home; below a folder of data, `tipline-home` is its own.
    shared = {name: whose for name, whose in named.items() if len(whose) > 1}

    assert {"tipline-home"} == set(shared)
    elsewhere = {"django_transaction", "fastapi_transaction"}
    assert not elsewhere & shared["tipline-home"]
    assert elsewhere | {"django_project", "celery_worker"} <= set().union(*named.values())
