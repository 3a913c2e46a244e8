"""Delivered reports per second through the whole durable path, at 1, 16 and 64 in flight, beside the bare loop.

The durable path is enqueue (validate, copy, digest, sign, commit) and delivery (verify, five or six commits, receipt).
Both run against the same mock process, one after the other in alternating order.
"""

import tempfile
import time
from pathlib import Path

from benchmarks.bare_loop import file_bare
from benchmarks.endpoint import mock_process
from benchmarks.samples import evidence_bytes, evidence_details, typical
from benchmarks.tables import show
from tipline_client import AsyncTiplineClient, EndpointProfile, Evidence, Options
from tipline_client.profiles.encode import encode

__all__ = ["measure_delivery"]


async def measure_delivery(*, count: int = 300) -> None:
    """Measure and print."""
    rows = []
    with mock_process() as profile:
        xml = encode(typical(0), "report").xml
        evidence = evidence_bytes()
        await file_bare(profile, xml, evidence, count=30, in_flight=4)  # the first requests warm both sides up
        for in_flight in (1, 16, 64):
            started = time.perf_counter()
            await file_bare(profile, xml, evidence, count=count, in_flight=in_flight)
            bare = count / (time.perf_counter() - started)
            enqueued, delivered = await _durable(profile, evidence, count=count, in_flight=in_flight)
            whole = 1 / (1 / enqueued + 1 / delivered)
            rows.append(
                (
                    str(in_flight),
                    f"{bare:.0f}",
                    f"{delivered:.0f}",
                    f"{delivered / bare:.2f}",
                    f"{enqueued:.0f}",
                    f"{whole / bare:.2f}",
                )
            )
    show(
        f"Reports per second, one file of 100 KiB each, {count} reports",
        ("in flight", "bare httpx", "delivered", "ratio", "enqueued one by one", "enqueue + deliver, ratio"),
        rows,
        note="The bare loop keeps nothing and checks nothing; ratio is ours to it.",
    )


async def _durable(profile: EndpointProfile, evidence: bytes, *, count: int, in_flight: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        options = Options(slots=in_flight)
        async with AsyncTiplineClient.open(Path(folder) / "home", profile=profile, options=options) as client:
            started = time.perf_counter()
            for number in range(count):
                file = Evidence.from_bytes(evidence, name="mug.jpg", details=evidence_details())
                await client.enqueue(typical(number), evidence=[file], idempotency_key=f"case-{number}")
            enqueued = count / (time.perf_counter() - started)
            started = time.perf_counter()
            summary = await client.conductor().drain()
            delivered = count / (time.perf_counter() - started)
            assert summary.waiting == 0, summary
            return enqueued, delivered
