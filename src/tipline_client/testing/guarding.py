"""Tells what the guard heard where it belongs: to the test that tried, whatever was to become of it, or to the run.

A part of the plug-in, which registers it.
"""

from collections.abc import Generator
from typing import Any

import pytest

from tipline_client.testing import guard

__all__: list[str] = []

_IN_OUTPUT = "tipline_tries"
"""Under this name a worker of pytest-xdist hands over what was tried outside of its tests."""

_tried_key = pytest.StashKey[list[str]]()
_outside_key = pytest.StashKey[list[str]]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a setup that would address a hotline."""
    # While tests were collected, or in a thread that outlived its test: not this one's doing.
    _outside(item.config).extend(guard.taken())
    return (yield from _guarded(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a test that would address a hotline."""
    return (yield from _guarded(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a teardown that would address a hotline."""
    return (yield from _guarded(item))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Keep a test that tried from counting as skipped, or as one that was expected to fail."""
    report = yield
    tries = item.stash.get(_tried_key, [])
    if tries:
        del item.stash[_tried_key]
        if report.outcome != "failed":
            report.outcome = "failed"
            report.longrepr = guard.complaint(tries)
            vars(report).pop("wasxfail", None)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which somebody tried when no test was running."""
    tries = [*_outside(session.config), *guard.taken()]
    if not tries:
        return
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_IN_OUTPUT] = tries
        return
    session.exitstatus = pytest.ExitCode.TESTS_FAILED
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(f"outside of any test: {guard.complaint(tries)}", red=True)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over from a worker of pytest-xdist what it heard outside of its tests."""
    _outside(node.config).extend(getattr(node, "workeroutput", {}).get(_IN_OUTPUT, []))


def _outside(config: pytest.Config) -> list[str]:
    return config.stash.setdefault(_outside_key, [])


def _guarded(item: pytest.Item) -> Generator[None, Any, Any]:
    may_reach = item.get_closest_marker("tipline_testing_host") is not None
    with guard.permitted(guard.TESTING_HOSTS if may_reach else frozenset()):
        try:
            result = yield
        except guard.RealHotlineError:
            item.stash[_tried_key] = guard.taken()
            raise
        except (Exception, pytest.fail.Exception, pytest.skip.Exception) as error:
            # The refusal became some other end on its way.
            tries = item.stash[_tried_key] = guard.taken()
            if tries:
                raise guard.RealHotlineError(guard.complaint(tries)) from error
            raise
        tries = item.stash[_tried_key] = guard.taken()
    if tries:
        # It was swallowed on its way, as by a client that takes it for an outage.
        pytest.fail(guard.complaint(tries), pytrace=False)
    return result
