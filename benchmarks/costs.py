"""Where the processor's time of a delivery goes, by part of the house and of the libraries under it.

Run it as `python -m benchmarks.costs`. A timer that runs on processor time interrupts the deliveries thousands of times
and notes whose code is at work: the innermost frame that belongs to a part. What other threads do while the event loop
waits (SQLite's writes, digests of evidence) is noted as such.
"""

import asyncio
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from benchmarks.backlog import fill_home
from benchmarks.endpoint import lean_process
from benchmarks.tables import show
from tipline_client import AsyncTiplineClient, Options

__all__ = ["measure_costs"]

_EVERY: Final = 0.002
"""Seconds of processor time between two looks."""
_LIBRARIES: Final = {"httpx": "httpx, httpcore, h11", "httpcore": "httpx, httpcore, h11", "h11": "httpx, httpcore, h11"}
_ELSEWHERE: Final = "the event loop, and other threads while it waits"


async def measure_costs(*, count: int = 200, in_flight: int = 16) -> None:
    """Deliver under the timer and print the shares, largest first."""
    with lean_process() as profile, tempfile.TemporaryDirectory(prefix="tipline-bench-") as folder:
        options = Options(slots=in_flight)
        async with AsyncTiplineClient.open(Path(folder) / "home", profile=profile, options=options) as client:
            await fill_home(client, count=count)
            started = time.process_time()
            with _looking() as found:
                summary = await client.conductor().drain()
            spent = time.process_time() - started
            assert summary.waiting == 0, summary
    rows = [
        (place, f"{looks / found.total():.0%}", f"{looks / found.total() * spent / count * 1000:.2f}")
        for place, looks in found.most_common()
    ]
    show(
        f"Where a delivery's processor time goes, {in_flight} in flight",
        ("", "share", "milliseconds per report"),
        rows,
        note=f"{found.total()} looks at {count} deliveries of one file of 100 KiB each.",
    )


@contextmanager
def _looking() -> Iterator[Counter[str]]:
    found: Counter[str] = Counter()

    def look(_signal: int, frame: FrameType | None) -> None:
        found[_place(frame)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
    try:
        yield found
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _place(frame: FrameType | None) -> str:
    while frame is not None:
        parts = Path(frame.f_code.co_filename).parts
        if "tipline_client" in parts:
            return parts[parts.index("tipline_client") + 1].removesuffix(".py") + "/"
        for part in parts:
            if part in _LIBRARIES:
                return _LIBRARIES[part]
        frame = frame.f_back
    return _ELSEWHERE


if __name__ == "__main__":
    asyncio.run(measure_costs())
