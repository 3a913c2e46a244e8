"""What a second dispatcher brings: reports delivered per second by one process and by two, on both stores.

Run it as `python -m benchmarks.dispatchers`. The endpoint is a lean one that takes a while over each reply, as one does
over the internet; so what bounds a dispatcher is how many entries it has in flight, and not the endpoint.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from benchmarks.backlog import fill_home
from benchmarks.endpoint import lean_process
from benchmarks.stores import postgres_database
from benchmarks.tables import show
from tipline_client import AsyncTiplineClient, EndpointProfile, Options, profiles

__all__ = ["measure_dispatchers"]

LATENCY = timedelta(milliseconds=50)
PACKS = ((1, 2), (2, 2), (1, 4))
"""How many processes, and how many entries each has in flight."""


async def measure_dispatchers(*, count: int = 80, turns: int = 3) -> None:
    """Measure each pack by turns, and print the medians with their ratio to the first."""
    rows = []
    with lean_process(latency=LATENCY) as profile:
        for label in ("SQLite", *(["PostgreSQL"] if postgres_database() else [])):
            rates: dict[tuple[int, int], list[float]] = {pack: [] for pack in PACKS}
            for _ in range(turns):
                for processes, slots in PACKS:
                    address = _address(postgres_database()) if label == "PostgreSQL" else None
                    rate = await _rate(profile, address, processes=processes, slots=slots, count=count)
                    rates[processes, slots].append(rate)
            medians = {pack: statistics.median(measured) for pack, measured in rates.items()}
            rows += [
                (f"{label}: {processes} with {slots} in flight each", f"{rate:.1f}", f"{rate / medians[PACKS[0]]:.2f}")
                for (processes, slots), rate in medians.items()
            ]
    show(
        f"Dispatcher processes on one outbox: reports per second, median of {turns} runs of {count} reports",
        ("", "delivered", "ratio to one"),
        rows,
        note=f"One file of 100 KiB each; each reply takes {LATENCY // timedelta(milliseconds=1)} ms.",
    )


async def _rate(profile: EndpointProfile, address: str | None, *, processes: int, slots: int, count: int) -> float:
    with tempfile.TemporaryDirectory(prefix="tipline-bench-") as folder:
        home = Path(folder) / "home"
        async with AsyncTiplineClient.open(home, profile=profile, outbox=address) as client:
            await fill_home(client, count=count)
        command = [sys.executable, "-m", "benchmarks.dispatchers", str(home), profile.base_url, str(slots)]
        if address is not None:
            command.append(address)
        return count / await asyncio.to_thread(_run, command, processes=processes)


def _run(command: list[str], *, processes: int) -> float:
    """Seconds until all of them are done."""
    with ExitStack() as children:
        pack = [
            children.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(processes)
        ]
        # Nobody begins before all are ready: what it takes to start a process is not measured.
        for child in pack:
            _expect(child, "ready")
        started = time.perf_counter()
        for child in pack:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in pack:
            _expect(child, "done")
        return time.perf_counter() - started


def _expect(child: "subprocess.Popen[str]", word: str) -> None:
    assert child.stdout is not None
    assert child.stdout.readline().strip() == word


def _address(dsn: str | None) -> str:
    said = conninfo_to_dict(dsn or "")
    return f"postgresql://{said['user']}@/{said['dbname']}?host={quote(str(said['host']), safe='')}"


async def _deliver(home: str, base_url: str, slots: str, address: str | None = None) -> None:
    """One dispatcher: says when it is ready, waits for the word, and says when nothing is left."""
    options = Options(slots=int(slots))
    profile = profiles.mock(base_url)
    async with AsyncTiplineClient.open(home, profile=profile, outbox=address, options=options) as client:
        conductor = client.conductor()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        summary = await conductor.drain()
        print("done", flush=True)
        assert summary.incident is None, summary


if __name__ == "__main__":
    asyncio.run(_deliver(*sys.argv[1:]) if sys.argv[1:] else measure_dispatchers())
