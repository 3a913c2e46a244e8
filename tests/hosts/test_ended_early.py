"""Examples that start other programs, ended from outside: `until_parent_ends.py` lets none of those live on."""

import signal
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.hosts.programs import signalled

EXAMPLES = ROOT / "examples"
WAYS = [signal.SIGTERM, signal.SIGKILL]
pytestmark = pytest.mark.slow


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


@pytest.mark.parametrize("number", WAYS)
def test_key_service(tmp_path: Path, number: signal.Signals) -> None:
    """And the one whose keys are in a service."""
    script = str(EXAMPLES / "key_service" / "file_reports.py")

    rest = signalled(script, folder=tmp_path, said="queued ", number=number)

    assert "Traceback" not in rest
