"""An endpoint in a process of its own, so that it does not share an interpreter with what is measured."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

from tipline_client import EndpointProfile, profiles

__all__ = ["lean_process", "mock_process", "sink_process"]

_SERVE = "from tipline_client.mock import serve; serve(announce=lambda line: print(line, flush=True))"


@contextlib.contextmanager
def mock_process() -> Iterator[EndpointProfile]:
    """Run a mock until the block ends; gives the profile that leads to it."""
    with _served(["-c", _SERVE]) as profile:
        yield profile


@contextlib.contextmanager
def lean_process(*, latency: timedelta = timedelta(0), is_broken: bool = False) -> Iterator[EndpointProfile]:
    """Run a lean endpoint until the block ends, which answers after `latency`; broken, with 503 to everything."""
    broken = ["--broken"] if is_broken else []
    with _served(["-m", "benchmarks.lean_endpoint", str(latency.total_seconds()), *broken]) as profile:
        yield profile


@contextlib.contextmanager
def sink_process() -> Iterator[EndpointProfile]:
    """Run an endpoint until the block ends that takes files of any size and keeps nothing of them."""
    with _served(["-m", "benchmarks.sink"]) as profile:
        yield profile


@contextlib.contextmanager
def _served(arguments: list[str]) -> Iterator[EndpointProfile]:
    with subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = next(line.strip() for line in process.stdout if line.startswith("http"))
            yield profiles.mock(url, progress_timeout=timedelta(seconds=60))
        finally:
            process.terminate()
            process.wait(10)
