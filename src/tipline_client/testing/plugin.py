"""The pytest plug-in `tipline`: fixtures, markers, strictness, and the guard that keeps tests from a real hotline.

A fixture acts only when it is asked for; the guard is always there. It is loaded in every test run of an environment
that has this package, so it imports nothing but pytest and the guard until something is asked for. What the fixtures
give stands in the modules beside it.
"""

import difflib
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tipline_client.testing import guard, guarding

TYPE_CHECKING = False
"""As in `typing`; what is imported below it would cost every test run its time."""

if TYPE_CHECKING:
    from tipline_client import AsyncTiplineClient, Options, TiplineClient
    from tipline_client.mock.script import FaultBook, ScriptedFault
    from tipline_client.testing.clock import TurnableClock
    from tipline_client.testing.endpoint import TiplineEndpoint

__all__ = [
    "tipline_async_client",
    "tipline_client",
    "tipline_clock",
    "tipline_disturbance",
    "tipline_endpoint",
    "tipline_faults",
    "tipline_home",
    "tipline_options",
]

_MARKERS = {
    "tipline_endpoint(in_process=..., **settings)": "how `tipline_endpoint` is opened: in process or over loopback, "
    "and any argument of `MockEndpoint`, such as era='2016'",
    "tipline_clock(start)": "let `tipline_clock` begin at this moment (ISO 8601, with its zone) and stand still until "
    "it is turned",
    "tipline_faults(step, *faults)": "what shall go wrong, in order: faults of `tipline_client.mock`, names such as "
    "'lost_reply', or their JSON form",
    "tipline_relaxed": "let the test pass in spite of unexpected requests, faults that met no call, and duplicates",
    "tipline_testing_host": "let the test reach the hotline's own test hosts, and only these",
}
_NAMES = [marker.partition("(")[0] for marker in _MARKERS]
_BARE = {marker for marker in _MARKERS if "(" not in marker}
_WAYS = ("loopback", "in_process")
_DISTURBANCES = [
    f"{step}:{fault}"
    for step in ("submit", "upload", "fileinfo", "finish")
    for fault in ("lost_request", "lost_reply", "status", "garbage", "truncate")
]

_endpoint_key = pytest.StashKey["TiplineEndpoint"]()
_disturbed_key = pytest.StashKey[str]()
_passed_key = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say which settings there are."""
    parser.addini(
        "tipline_endpoint",
        "how `tipline_endpoint` is reached unless a test is marked: loopback (default) or in_process",
        default="loopback",
    )
    parser.addini(
        "tipline_hotlines",
        "domains that no test may address, beside the hotline's own: one a line, such as hotline.example, which "
        "stands for every host below it too",
        type="linelist",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and begin to watch."""
    for marker, meaning in _MARKERS.items():
        config.addinivalue_line("markers", f"{marker}: {meaning}")
    if config.getini("tipline_endpoint") not in _WAYS:
        raise pytest.UsageError(f"tipline_endpoint is one of {', '.join(_WAYS)}")
    try:
        guard.watch(config.getini("tipline_hotlines"))
    except ValueError as error:
        raise pytest.UsageError(f"tipline_hotlines takes a domain on each line: {error}") from None
    # Until the very end: what a session's last fixture starts is below the run too.
    told = ExitStack()
    told.enter_context(guard.tell_children())
    config.add_cleanup(told.close)
    config.pluginmanager.register(guarding, "tipline-guard")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse a marker that sounds like ours and is none: a test without its faults would pass."""
    for marker in item.iter_markers():
        if marker.name.startswith("tipline_") and marker.name not in _registered(item.config):
            near = difflib.get_close_matches(marker.name, _NAMES, n=1, cutoff=0)
            raise pytest.UsageError(f"there is no marker {marker.name} in {item.name}; the nearest is {near[0]}")
        if marker.name in _BARE and (marker.args or marker.kwargs):
            # It would relax more than it seems to say.
            raise pytest.UsageError(f"{marker.name} takes nothing in brackets, in {item.name}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test whose endpoint has something to complain of."""
    try:
        result = yield
    except (Exception, pytest.fail.Exception):
        _tell_of_endpoint(item)
        raise
    complaints = _complaints(item)
    if complaints:
        _tell_of_endpoint(item)
        _fail_for(complaints)
    item.stash[_passed_key] = True
    return result


@pytest.fixture
def tipline_clock(request: pytest.FixtureRequest) -> "TurnableClock":
    """The time of endpoint and client: it goes with the machine's until it is turned, and who waits on it turns it.

    With the marker `tipline_clock` it begins at a moment of the test's choice, and stands still.
    """
    from tipline_client.testing.clock import TurnableClock

    marker = request.node.get_closest_marker("tipline_clock")
    if marker is None:
        return TurnableClock.running()
    try:
        [start] = marker.args
        moment = start if isinstance(start, datetime) else datetime.fromisoformat(start)
    except (TypeError, ValueError):
        raise pytest.UsageError("tipline_clock takes one moment, such as '2026-01-05T09:00:00Z'") from None
    if moment.tzinfo is None:
        raise pytest.UsageError("the moment of tipline_clock needs a zone, such as the Z of '2026-01-05T09:00:00Z'")
    return TurnableClock(moment.astimezone(UTC))


@pytest.fixture
def tipline_endpoint(request: pytest.FixtureRequest, tipline_clock: "TurnableClock") -> "Iterator[TiplineEndpoint]":
    """A mock endpoint of the test's own: strict, stateful, and broken as the test asks.

    Nothing that was sent to it leaves the machine. The test fails if a call arrives that no client that works can
    send, or a fault that was scripted meets no call, unless it is marked `tipline_relaxed`.
    """
    from tipline_client.errors import ConfigurationError
    from tipline_client.testing.endpoint import TiplineEndpoint

    node = request.node
    try:
        made = TiplineEndpoint(clock=tipline_clock, **_settings(node))
        made.start()
    except (TypeError, ConfigurationError) as error:
        raise pytest.UsageError(f"tipline_endpoint of {node.name}: {error}") from None
    with made as endpoint:
        for marker in reversed(list(node.iter_markers("tipline_faults"))):
            _script(endpoint, marker)
        node.stash[_endpoint_key] = endpoint
        yield endpoint
        # One that failed has said so, and one that was skipped need not have met its faults.
        complaints = _complaints(node) if node.stash.get(_passed_key, False) else []
    if complaints:
        _fail_for(complaints)


@pytest.fixture
def tipline_faults(tipline_endpoint: "TiplineEndpoint") -> "FaultBook":
    """What shall go wrong at `tipline_endpoint`: `.script(step, *faults)`, `.dice(seed, chances=...)`, `.clear()`."""
    return tipline_endpoint.faults


@pytest.fixture(params=_DISTURBANCES, ids=[text.replace(":", "-") for text in _DISTURBANCES])
def tipline_disturbance(request: pytest.FixtureRequest, tipline_endpoint: "TiplineEndpoint") -> "ScriptedFault":
    """Runs the test once for each fault that a client must survive, at each step, and says which it is.

    A step that the test never takes, such as an upload without evidence, leaves its fault unmet; that is no failure.
    """
    from tipline_client.mock import read_fault

    step, _, name = str(request.param).partition(":")
    scripted = read_fault({"step": step, "fault": name})
    tipline_endpoint.faults.script(scripted.step, scripted.fault)
    request.node.stash[_disturbed_key] = f"the fault {name} for {step} met no call"
    return scripted


@pytest.fixture
def tipline_home(tmp_path: Path) -> Path:
    """Where the clients of the test have outbox, keys and evidence; it is made when one is opened."""
    return tmp_path / "tipline-home"


@pytest.fixture
def tipline_options(tipline_endpoint: "TiplineEndpoint") -> "Options":
    """Options for clients that a test opens itself: calls go to `tipline_endpoint`, and no wait takes time."""
    return tipline_endpoint.options


@pytest.fixture
def tipline_client(
    tipline_endpoint: "TiplineEndpoint", tipline_options: "Options", tipline_home: Path
) -> "Iterator[TiplineClient]":
    """An open client of `tipline_endpoint`, with a home and keys of its own; it is closed after the test."""
    from tipline_client import TiplineClient

    with TiplineClient.open(tipline_home, profile=tipline_endpoint.profile, options=tipline_options) as client:
        tipline_endpoint.watch(client)
        yield client


@pytest.fixture
def tipline_async_client(
    request: pytest.FixtureRequest, tipline_endpoint: "TiplineEndpoint", tipline_options: "Options", tipline_home: Path
) -> "Iterator[AsyncTiplineClient]":
    """The same for asynchronous tests on asyncio, whatever plug-in runs them; it has the home of `tipline_client`."""
    from anyio.from_thread import start_blocking_portal

    from tipline_client import AsyncTiplineClient

    if _is_run_by_trio(request):
        raise pytest.UsageError(
            f"tipline_async_client of {request.node.name} needs asyncio: trio cannot carry it. "
            "With anyio's plug-in have the fixture `anyio_backend` return 'asyncio'."
        )
    client = AsyncTiplineClient.open(tipline_home, profile=tipline_endpoint.profile, options=tipline_options)
    tipline_endpoint.watch(client)
    yield client
    # Whether a loop runs in this thread by now is known to nobody here, so it is closed in another.
    with start_blocking_portal() as portal:
        portal.call(client.aclose)


def _is_run_by_trio(request: pytest.FixtureRequest) -> bool:
    if request.node.get_closest_marker("trio") is not None:
        return True
    if "anyio_backend" not in request.fixturenames:
        return False
    backend = request.getfixturevalue("anyio_backend")
    name: object = backend[0] if isinstance(backend, tuple) else backend
    return name == "trio"


def _registered(config: pytest.Config) -> set[str]:
    """The markers that there are: ours, and those of the suite, which may begin like ours."""
    return {re.split(r"[(:]", line, maxsplit=1)[0].strip() for line in config.getini("markers")}


def _settings(node: pytest.Item) -> dict[str, Any]:
    settings: dict[str, Any] = {"in_process": node.config.getini("tipline_endpoint") == "in_process"}
    for marker in reversed(list(node.iter_markers("tipline_endpoint"))):
        if marker.args:
            raise pytest.UsageError("tipline_endpoint takes names alone, such as in_process=True")
        settings |= marker.kwargs
    return settings


def _script(endpoint: "TiplineEndpoint", marker: pytest.Mark) -> None:
    from tipline_client.mock import read_fault

    if len(marker.args) < 2 or marker.kwargs:
        raise pytest.UsageError("tipline_faults takes a step and at least one fault: ('finish', 'lost_reply')")
    step, *faults = marker.args
    for fault in faults:
        try:
            if isinstance(fault, str | Mapping):
                told = {"fault": fault} if isinstance(fault, str) else dict(fault)
                fault = read_fault({**told, "step": step}).fault  # noqa: PLW2901 - the same fault as a value
            endpoint.faults.script(step, fault)
        except ValueError as error:
            raise pytest.UsageError(f"tipline_faults({step!r}, {fault!r}) is no fault: {error}") from None


def _complaints(item: pytest.Item) -> list[str]:
    endpoint = item.stash.get(_endpoint_key, None)
    if item.get_closest_marker("tipline_relaxed") is not None:
        return []
    if endpoint is None:
        if item.get_closest_marker("tipline_faults") is None:
            return []
        return ["the faults of the marker met no call: nothing in the test asked for `tipline_endpoint`"]
    complaints = endpoint.complaints()
    unmet = item.stash.get(_disturbed_key, None)
    if unmet in complaints:
        complaints.remove(unmet)
    return complaints


def _tell_of_endpoint(item: pytest.Item) -> None:
    endpoint = item.stash.get(_endpoint_key, None)
    if endpoint is not None:
        item.add_report_section("call", "tipline endpoint", "\n".join((*endpoint.outline(), *endpoint.complaints())))


def _fail_for(complaints: list[str]) -> None:
    pytest.fail(
        "\n".join(
            (
                "the mock endpoint met what it did not expect:",
                *(f"  {complaint}" for complaint in complaints),
                "A test that means it is marked `tipline_relaxed`.",
            )
        ),
        pytrace=False,
    )
