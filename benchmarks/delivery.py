"""Delivered reports per second through the whole durable path, at 1, 16 and 64 in flight, beside the bare loop.

The durable path is enqueue (validate, copy, digest, sign, commit) and delivery (verify, seven writes, receipt). Both
run by turns against the same endpoint, a lean one: what the mock costs would weigh more than what is measured.
"""

import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.backlog import fill_home
from benchmarks.bare_loop import file_bare
from benchmarks.endpoint import lean_process
from benchmarks.samples import evidence_bytes, typical
from benchmarks.tables import show
from tipline_client import AsyncTiplineClient, EndpointProfile, Options
from tipline_client.profiles.encode import encode

__all__ = ["measure_delivery"]

IN_FLIGHT = (1, 16, 64)


@dataclass(frozen=True, slots=True)
class _Spent:
    """What a number of reports took.

    Attributes:
        seconds: On the clock.
        processor: Seconds of this process's processor time, all threads together.
    """

    seconds: float
    processor: float


class _Watch:
    """Says what was spent since it was made."""

    def __init__(self) -> None:
        self._started = time.perf_counter(), time.process_time()

    def read(self) -> _Spent:
        seconds, processor = self._started
        return _Spent(time.perf_counter() - seconds, time.process_time() - processor)


async def measure_delivery(*, count: int = 200, turns: int = 3) -> None:
    """Measure by turns and print the medians."""
    rows = []
    with lean_process() as profile:
        xml = encode(typical(0), "report").xml
        evidence = evidence_bytes()
        await file_bare(profile, xml, evidence, count=30, in_flight=4)  # the first requests warm both sides up
        for in_flight in IN_FLIGHT:
            runs = []
            for _ in range(turns):
                watch = _Watch()
                await file_bare(profile, xml, evidence, count=count, in_flight=in_flight)
                runs.append((watch.read(), *await _durable(profile, count=count, in_flight=in_flight)))
            bare, enqueued, delivered = ([run[place] for run in runs] for place in range(3))
            whole = [one.seconds + two.seconds for one, two in zip(enqueued, delivered, strict=True)]
            rate = count / statistics.median(spent.seconds for spent in bare)
            ours = count / statistics.median(spent.seconds for spent in delivered)
            rows.append(
                (
                    str(in_flight),
                    f"{rate:.0f}",
                    f"{ours:.0f}",
                    f"{ours / rate:.2f}",
                    f"{count / statistics.median(whole) / rate:.2f}",
                    f"{_processor(bare, count):.1f}",
                    f"{_processor(delivered, count):.1f}",
                    f"{_processor(enqueued, count):.1f}",
                )
            )
    show(
        f"Reports per second, one file of 100 KiB each, median of {turns} runs of {count} reports",
        ("in flight", "bare httpx", "delivered", "ratio", "with enqueue, ratio", "CPU ms: bare", "deliver", "enqueue"),
        rows,
        note="The bare loop keeps nothing and checks nothing; ratio is ours to it. Enqueued one by one.",
    )


async def _durable(profile: EndpointProfile, *, count: int, in_flight: int) -> tuple[_Spent, _Spent]:
    with tempfile.TemporaryDirectory(prefix="tipline-bench-") as folder:
        options = Options(slots=in_flight)
        async with AsyncTiplineClient.open(Path(folder) / "home", profile=profile, options=options) as client:
            watch = _Watch()
            await fill_home(client, count=count)
            enqueued = watch.read()
            watch = _Watch()
            summary = await client.conductor().drain()
            assert summary.waiting == 0, summary
            return enqueued, watch.read()


def _processor(spent: list[_Spent], count: int) -> float:
    return statistics.median(one.processor for one in spent) / count * 1000


if __name__ == "__main__":
    asyncio.run(measure_delivery())
