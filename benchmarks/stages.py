"""Where the time goes: enqueue latency, and each stage of a report alone, typical and maximal."""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.samples import evidence_bytes, evidence_details, maximal, typical
from benchmarks.tables import show
from tipline_client import AsyncTiplineClient, Evidence, Report, Submission, profiles
from tipline_client.envelope import SigningKey, TrustedKeys, types
from tipline_client.envelope.dsse import sign, verify
from tipline_client.profiles.encode import encode
from tipline_client.validation import validate

__all__ = ["measure_enqueue", "measure_stages"]


async def measure_enqueue(*, count: int = 300) -> None:
    """Enqueue latency: from the call until the report is durable."""
    rows = []
    profile = profiles.mock("http://127.0.0.1:9/ispws")
    for label, size in (("without evidence", 0), ("one file of 100 KiB", 100 * 1024)):
        with tempfile.TemporaryDirectory() as folder:
            async with AsyncTiplineClient.open(Path(folder) / "home", profile=profile) as client:
                times = []
                for number in range(count):
                    report = typical(number)
                    data = evidence_bytes(size)
                    files = [Evidence.from_bytes(data, name="mug.jpg", details=evidence_details())] if size else []
                    started = time.perf_counter()
                    await client.enqueue(report, evidence=files, idempotency_key=f"case-{number}")
                    times.append((time.perf_counter() - started) * 1000)
        cuts = statistics.quantiles(times, n=100)
        rows.append((label, f"{cuts[49]:.2f}", f"{cuts[98]:.2f}", f"{cuts[98] / cuts[49]:.1f}"))
    show("Enqueue: milliseconds until durable", ("", "p50", "p99", "p99 / p50"), rows)


def measure_stages() -> None:
    """Each stage of one report alone, in microseconds, and as a share of the XML writing."""
    key = SigningKey.generate()
    trusted = TrustedKeys([key.verifying_key])
    profile = profiles.mock("http://127.0.0.1:9/ispws")
    now = datetime.now(UTC)
    rows = []
    for label, report in (("typical", typical()), ("maximal", maximal())):
        data = report.to_json_dict()
        payload = str(data).encode()
        sealed = sign(payload, payload_type=types.SUBMISSION, signer=key)
        submission = Submission(report=report)
        stages: dict[str, Callable[[], object]] = {
            "read from JSON": partial(Report.model_validate, data),
            "validate": partial(validate, submission, profile, now=now),
            "write XML": partial(encode, report, "report"),
            "sign": partial(sign, payload, payload_type=types.SUBMISSION, signer=key),
            "verify": partial(verify, sealed, trusted=trusted, payload_type=types.SUBMISSION),
        }
        size = len(encode(report, "report").xml)
        base = _microseconds(stages["write XML"])
        for stage, run in stages.items():
            spent = _microseconds(run)
            rows.append((f"{label} ({size} bytes of XML): {stage}", f"{spent:.0f}", f"{spent / base:.1f}"))
    show("One report, stage by stage", ("", "microseconds", "ratio to writing XML"), rows)


def _microseconds(run: Callable[[], object]) -> float:
    run()
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        for _ in range(100):
            run()
        best = min(best, (time.perf_counter() - started) / 100)
    return best * 1e6
