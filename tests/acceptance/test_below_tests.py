"""A process that a test starts addresses loopback alone; the test itself is watched by the plug-in.

Behind the refusal stands this project's own guard, which would fail these tests.
"""

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import anyio
import pytest

from tests.support.stage import sample_report
from tipline_client import EndpointProfile, TiplineClient, profiles
from tipline_client.delivery.run_of_tests import VARIABLE
from tipline_client.errors import ConfigurationError
from tipline_client.home import Home
from tipline_client.mock import MockEndpoint
from tipline_client.transport.below_tests import check_may_address

pytestmark = pytest.mark.slow

CREDENTIALS = {"username": "example-user", "password": "example-password"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Home(tmp_path / "home").create()
    return tmp_path / "home"


def queue(home: Path, profile: EndpointProfile) -> str:
    with TiplineClient.open(home, profile=profile) as client:
        return client.enqueue(sample_report()).id


def run(home: Path, endpoint: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own, as a test of an application would start it."""
    named = {f"TIPLINE_{name.upper()}": value for name, value in CREDENTIALS.items() if endpoint == "testing"}
    return subprocess.run(
        [sys.executable, "-m", "tipline_client", *words],
        env={**os.environ, **named, "TIPLINE_HOME": str(home), "TIPLINE_ENDPOINT": endpoint},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_real_endpoint(home: Path) -> None:
    """It ends with the reason, and what was queued waits as before."""
    entry_id = queue(home, profiles.cybertipline_testing(**CREDENTIALS))

    ended = run(home, "testing", "dispatch", "--drain")
    shown = run(home, "testing", "show", entry_id).stdout

    assert 5 == ended.returncode
    assert f"error: {VARIABLE} is set" in ended.stderr
    assert "a mock endpoint" in ended.stderr
    assert "queued" in shown


def test_looked_at_by_doctor(home: Path) -> None:
    """A variable that got into a service by mistake is found before anything has to be sent."""
    anyio.run(Home(home).open_outbox().close)

    ended = run(home, "testing", "doctor")

    assert f"reachability: {VARIABLE} is set" in ended.stdout


def test_mock_endpoint(home: Path) -> None:
    """Loopback is addressed as ever."""
    with MockEndpoint() as endpoint:
        queue(home, endpoint.profile)
        ended = run(home, endpoint.base_url, "dispatch", "--drain")
        summary = endpoint.summary()

    assert 0 == ended.returncode, ended.stderr
    assert 1 == summary["finished"]


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        (None, set()),
        ("", set()),
        ("this process", set()),
        ("1", {"testing", "production"}),
        ("1:testing", {"production"}),
        ("yes", {"testing", "production"}),
    ],
)
def test_what_is_said(said: str | None, refused: set[str]) -> None:
    """Without the variable, and in the process that runs the tests, nothing is refused here."""
    if said == "this process":
        said = os.environ[VARIABLE]
    every = [
        profiles.cybertipline_testing(**CREDENTIALS),
        profiles.cybertipline_production(**CREDENTIALS, registered_esp=True),
        profiles.mock("http://[::1]:8765/ispws"),
    ]

    for profile in every:
        is_refused = profile.environment.value in refused
        with pytest.raises(ConfigurationError, match=VARIABLE) if is_refused else nullcontext():
            check_may_address(profile, environ={} if said is None else {VARIABLE: said})
