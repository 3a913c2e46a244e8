"""What bulk filing brings: lines per second beside one call for each line, and memory by the length of a file.

Run it as `python -m benchmarks.bulk`. Both ways check, seal and flush every report to the disk, in turns on one host;
memory is the most that the command as a process of its own ever held.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio

from benchmarks.samples import typical
from benchmarks.tables import show
from tipline_client import AsyncTiplineClient
from tipline_client.bulk import BulkRun, FileRules, IntoOutbox, LineSource, Rejects, prepare
from tipline_client.profiles import EndpointProfile, mock

__all__ = ["measure_bulk", "measure_bulk_memory"]

_EVERY_BAD = 33
_ENDPOINT = "http://127.0.0.1:9/ispws"


async def measure_bulk(*, count: int = 600, turns: int = 3) -> None:
    """Measure both ways by turns, and print the medians."""
    rates: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(turns):
        for is_bulk in (True, False):
            with tempfile.TemporaryDirectory(prefix="tipline-bench-") as folder:
                path = Path(folder) / "reports.jsonl"
                write_lines(path, count=count)
                async with AsyncTiplineClient.open(Path(folder) / "home", profile=mock(_ENDPOINT)) as client:
                    began = time.perf_counter()
                    await (_together if is_bulk else _one_by_one)(client, path)
                    rates[is_bulk].append(count / (time.perf_counter() - began))
    together, alone = statistics.median(rates[True]), statistics.median(rates[False])
    show(
        f"Bulk filing: lines checked and made durable per second, median of {turns} runs of {count} lines",
        ("way", "lines/s", "ratio"),
        [
            ("one call for each line", f"{alone:.0f}", "1.00"),
            ("bulk run", f"{together:.0f}", f"{together / alone:.2f}"),
        ],
        note="Reports without evidence, 3 % of the lines bad; every commit flushed to the disk.",
    )


def measure_bulk_memory(counts: Sequence[int] = (1000, 20_000)) -> None:
    """Print how much memory the command takes by the length of the file."""
    rows: list[tuple[str, ...]] = []
    first = 0
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="tipline-bench-") as folder:
            path = Path(folder) / "reports.jsonl"
            write_lines(path, count=count)
            peak, seconds = _command(path, home=Path(folder) / "home")
        first = first or peak
        rows.append((str(count), f"{peak / 1024:.0f} MiB", f"{peak / first:.2f}", f"{count / seconds:.0f}"))
    show("Bulk filing: peak memory of `tipline enqueue`", ("lines", "peak", "ratio", "lines/s"), rows)


def write_lines(path: Path, *, count: int) -> None:
    """A file of so many reports, 3 % of them bad."""
    with path.open("wb") as file:
        for number in range(count):
            content = {"idempotencyKey": f"case-{number}", "report": typical(number).to_json_dict()}
            is_bad = number % _EVERY_BAD == _EVERY_BAD - 1
            file.write(b'{"report": {}}\n' if is_bad else json.dumps(content).encode() + b"\n")


async def _together(client: AsyncTiplineClient, path: Path) -> None:
    source = LineSource(path.name, path.parent, path=path)
    await BulkRun(IntoOutbox(client), rules=_rules(client.profile)).run(source, Rejects(source))


async def _one_by_one(client: AsyncTiplineClient, path: Path) -> None:
    rules = _rules(client.profile)
    with path.open("rb") as file:
        for line in file:
            prepared = prepare(line, source="", folder=path.parent, rules=rules, reporter=None, now=datetime.now(UTC))
            if prepared.submission is not None and prepared.is_acceptable:
                key = prepared.submission.idempotency_key
                await client.enqueue_once(prepared.submission.report, idempotency_key=key)


def _rules(profile: EndpointProfile) -> FileRules:
    return FileRules(profile.environment)


def _command(path: Path, *, home: Path) -> tuple[int, float]:
    """Peak memory in KiB, and seconds."""
    arguments = [sys.executable, "-m", "tipline_client", "enqueue", str(path), "--json", "--home", str(home)]
    environ = {**os.environ, "TIPLINE_ENDPOINT": _ENDPOINT}
    began = time.perf_counter()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    process = os.posix_spawn(
        sys.executable,
        arguments,
        environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 1), (os.POSIX_SPAWN_DUP2, nowhere, 2)],
    )
    _, _, usage = os.wait4(process, 0)
    os.close(nowhere)
    return usage.ru_maxrss, time.perf_counter() - began


if __name__ == "__main__":
    anyio.run(measure_bulk)
    measure_bulk_memory()
