"""What every test gets: the loopback guard, one event loop, the hotline's schema where it is at hand."""

import importlib
import importlib.util
import os
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.support import loopback_guard
from tipline_client.delivery import run_of_tests

ROOT = Path(__file__).resolve().parent.parent
HOTLINE_XSD = ROOT.parent / "shared" / "wire" / "cyber_tipline-2025-11.xsd"

MEASURES_PROCESSES = "COVERAGE_PROCESS_CONFIG"

loopback_guard.install()
# A shell has what it starts in the background ignore interrupts, and hands that down to every process of a test.
signal.signal(signal.SIGINT, signal.default_int_handler)


def _package_folder() -> Path:
    """Where the package under test is: the tree, or a wheel that was unpacked for it."""
    found = importlib.util.find_spec("tipline_client")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Have the processes that run the tests write down which lines they counted, on a machine with much to do too.

    They are killed a while after their last test, and what a process has counted is lost with it.
    """
    if config.pluginmanager.hasplugin("xdist"):
        importlib.import_module("xdist.workermanage").NodeManager.EXIT_TIMEOUT = 120


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold a slow test, in whatever order they came, so that none of them is left to the end.

    A file stays together: what it sets up once would be set up twice otherwise.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a slow test without counting lines, which would take as long again: quicker tests reach the same lines."""
    measuring = sys.modules["coverage"].Coverage.current() if "coverage" in sys.modules else None
    if measuring is None or item.get_closest_marker("slow") is None:
        return (yield)
    # With this in the environment a process counts its lines too.
    settings = os.environ.pop(MEASURES_PROCESSES, None)
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()
        if settings is not None:
            os.environ[MEASURES_PROCESSES] = settings


@pytest.fixture(scope="session", autouse=True)
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No setting of the developer's own shell reaches a test, and subprocesses are guarded too."""
    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("TIPLINE_") or name.lower().endswith("_proxy")]:
        # What the plug-in tells the processes below is no setting of anybody's shell.
        if name != run_of_tests.VARIABLE:
            del os.environ[name]
    os.environ[loopback_guard.VIOLATIONS_FILE] = str(tmp_path_factory.mktemp("guard") / "violations.txt")
    paths = (ROOT / "tests" / "support" / "subprocess_site", _package_folder())
    os.environ["PYTHONPATH"] = os.pathsep.join(map(str, paths))
    yield
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture(autouse=True)
def _only_loopback(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test that addressed anything but loopback, even if the code under test swallowed the refusal."""
    yield
    found = list(loopback_guard.violations)
    loopback_guard.violations.clear()
    file = Path(os.environ[loopback_guard.VIOLATIONS_FILE])
    if file.exists():
        found += file.read_text(encoding="utf-8").splitlines()
        file.unlink()
    if found and request.node.get_closest_marker("addresses_strangers") is None:
        pytest.fail(f"addressed something other than loopback: {found}")


@pytest.fixture
def anyio_backend() -> str:
    """The one event loop that the product supports."""
    return "asyncio"


@pytest.fixture(scope="session")
def hotline_xsd() -> Path:
    """The hotline's own schema. It is not ours to publish, so it is looked for beside the checkout."""
    if not HOTLINE_XSD.exists():
        pytest.skip(
            "THE HOTLINE'S SCHEMA IS NOT BESIDE THIS CHECKOUT: output is checked against the mock's own grammar only. "
            "Save the endpoint's schema with `tipline schema fetch` and put it at ../shared/wire/ to run this too."
        )
    return HOTLINE_XSD
