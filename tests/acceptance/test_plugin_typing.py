"""A suite that was written elsewhere is checked strictly, against what is installed."""

import subprocess
import sys
from pathlib import Path

import pytest

import tipline_client
from tests.support.elsewhere import ROOT

PACKAGE = Path(tipline_client.__file__).parent

pytestmark = pytest.mark.slow

TYPED = """
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given

from tipline_client import AsyncTiplineClient, Options, Report, TiplineClient
from tipline_client.mock import FaultBook, ScriptedFault, lost_reply
from tipline_client.testing import RealHotlineError, TiplineEndpoint, TurnableClock, factories, strategies


@pytest.mark.tipline_faults("finish", lost_reply())
def test_every_fixture(
    tipline_client: TiplineClient,
    tipline_async_client: AsyncTiplineClient,
    tipline_endpoint: TiplineEndpoint,
    tipline_clock: TurnableClock,
    tipline_disturbance: ScriptedFault,
    tipline_faults: FaultBook,
    tipline_home: Path,
    tipline_options: Options,
) -> None:
    report: Report = factories.report()
    entry = tipline_client.enqueue(report, evidence=[factories.evidence()], idempotency_key=factories.key())
    tipline_clock.advance(timedelta(hours=1))
    tipline_client.deliver(entry.id)
    number: str = tipline_endpoint.assert_filed_once(entry.idempotency_key)["report_id"]
    tipline_endpoint.assert_not_filed(factories.user_report())
    step: str = tipline_disturbance.step
    assert number and step and issubclass(RealHotlineError, AssertionError)


@given(strategies.reports())
def test_random(report: Report) -> None:
    assert report.incident_summary.incident_type
"""


def checked(source: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """What mypy says of a file; it sees the package as it sees any that is installed."""
    file = folder / "test_typed.py"
    file.write_text(source, encoding="utf-8")
    settings = folder / "mypy.ini"
    settings.write_text(f"[mypy]\nstrict = true\nmypy_path = {PACKAGE.parent}\n", encoding="utf-8")
    learnt = ROOT / ".mypy_cache" / "programs"
    command = [sys.executable, "-m", "mypy", "--config-file", str(settings), "--cache-dir", str(learnt)]
    return subprocess.run([*command, str(file)], capture_output=True, text=True, cwd=folder, timeout=300, check=False)


def test_fixtures_and_factories(tmp_path: Path) -> None:
    """Every fixture has a public type, and strict checking finds nothing."""
    ran = checked(TYPED, tmp_path)

    assert (0, "Success: no issues found in 1 source file\n") == (ran.returncode, ran.stdout), ran.stdout


def test_mistake(tmp_path: Path) -> None:
    """A method that there is not, and an argument of another type, are found."""
    wrong = TYPED.replace("assert_not_filed(", "assert_never_filed(").replace("timedelta(hours=1)", "3600")

    ran = checked(wrong, tmp_path)

    assert 1 == ran.returncode
    assert '"TiplineEndpoint" has no attribute "assert_never_filed"' in ran.stdout
    assert "incompatible type" in ran.stdout
