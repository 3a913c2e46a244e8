"""One large file through the whole path: peak memory, throughput beside `curl -F`, and where the time goes.

Run it as `python -m benchmarks.upload`, or as `python -m benchmarks.upload MEBIBYTES` for another size than 4096. The
file is sparse; its sealed copy is not, and takes as much disk as the file is long. A process of its own queues it and
another one delivers it; curl sends the same file to the same endpoint, by turns.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any, Final

import anyio

from benchmarks.endpoint import sink_process
from benchmarks.samples import typical
from benchmarks.tables import show
from tipline_client import Evidence, Options, TiplineClient, profiles
from tipline_client.delivery.manifest import ManifestItem
from tipline_client.delivery.steps import Step
from tipline_client.evidence import EvidenceFolder
from tipline_client.profiles.requests import upload_call
from tipline_client.transport import HttpTransport
from tipline_client.vault import DataKey
from tipline_client.vault.stream_format import StreamOpener

__all__ = ["measure_upload"]

_MOST: Final = 64
"""Mebibytes above the idle process that an upload of any size may take."""
_TURNS: Final = 3
_MEBIBYTE: Final = 1024 * 1024
_CHUNK: Final = 512 * 1024


def measure_upload(*, mebibytes: int = 4096) -> None:
    """Measure and print."""
    with sink_process() as profile, tempfile.TemporaryDirectory(prefix="tipline-bench-") as folder:
        path = Path(folder) / "large.bin"
        with path.open("wb") as file:
            file.truncate(mebibytes * _MEBIBYTE)
        queued, curl, delivered = [], [], []
        for turn in range(_TURNS):
            queued.append(_child("enqueue", profile.base_url, folder, str(turn)))
            delivered.append(_child("deliver", profile.base_url, folder, queued[-1]["entry"]))
            curl.append(_curl(path, profile.base_url))
            # So that each copy comes from memory, as curl's file does, and the disk holds one of them.
            shutil.rmtree(Path(folder) / "home" / "evidence" / queued[-1]["entry"])
        parts = _child("parts", profile.base_url, folder, str(mebibytes))
    _show_memory(mebibytes, queued, delivered)
    _show_speed(mebibytes, curl, [one["seconds"] for one in delivered], parts)


def _show_memory(mebibytes: int, queued: list[dict[str, Any]], delivered: list[dict[str, Any]]) -> None:
    rows = []
    for words, runs in (("queued: digested, sealed, copied", queued), ("delivered: opened, proven, sent", delivered)):
        above = max(run["peak"] - run["idle"] for run in runs) / 1024
        idle = statistics.median(run["idle"] for run in runs) / 1024
        rows.append((words, f"{idle:.0f}", f"{above:.0f}", "yes" if above <= _MOST else "NO"))
    show(
        f"Peak resident memory of the whole process, one file of {mebibytes} MiB",
        ("", "idle, MiB", "above that, MiB", f"at most {_MOST}"),
        rows,
        note=f"Idle is the process with an open client; the largest of {_TURNS} runs counts.",
    )


def _show_speed(mebibytes: int, curl: list[float | None], uploads: list[float], parts: dict[str, float]) -> None:
    known = [seconds for seconds in curl if seconds is not None]
    whole = statistics.median(uploads)
    beside = statistics.median(known) if known else None
    rows = [("the upload of a delivery", f"{mebibytes / whole:.0f}", "1.00", _ratio(beside, whole))]
    rows += [(words, f"{mebibytes / s:.0f}", f"{s / whole:.2f}", _ratio(beside, s)) for words, s in parts.items()]
    if beside is not None:
        rows.append(("curl -F", f"{mebibytes / beside:.0f}", f"{beside / whole:.2f}", "1.00"))
    show(
        f"Upload of one file of {mebibytes} MiB to an endpoint that keeps nothing",
        ("", "MiB/s", "time, to the upload's", "throughput, to curl's"),
        rows,
        note=f"Medians of {_TURNS} turns; each part alone once."
        if beside is not None
        else "CURL IS NOT INSTALLED: there is nothing to compare with.",
    )


def _ratio(beside: float | None, seconds: float) -> str:
    return "no curl" if beside is None else f"{beside / seconds:.2f}"


def _curl(path: Path, base_url: str) -> float | None:
    """Seconds of curl's whole transfer; `None` where there is no curl."""
    if shutil.which("curl") is None:
        return None
    command = ["curl", "-sS", "-o", os.devnull, "-w", "%{time_total}"]
    command += ["-F", "id=1000001", "-F", f"file=@{path}", f"{base_url}/upload"]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.replace(",", "."))


def _child(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.upload", *arguments]
    measured: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return measured


def _memory(what: str) -> int:
    """A figure of this process in KiB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:"))


@contextmanager
def _peak(into: dict[str, Any]) -> Iterator[None]:
    # What was highest before, while modules were loaded, is forgotten.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    into["idle"] = _memory("VmRSS")
    yield
    into["peak"] = _memory("VmHWM")


def _enqueue(base_url: str, folder: str, turn: str) -> dict[str, Any]:
    measured: dict[str, Any] = {}
    with TiplineClient.open(Path(folder) / "home", profile=profiles.mock(base_url)) as client:
        evidence = Evidence.from_path(Path(folder) / "large.bin", file_viewed_by_esp=True)
        with _peak(measured):
            entry = client.enqueue(typical(), evidence=[evidence], idempotency_key=f"turn-{turn}")
        return measured | {"entry": entry.id}


def _deliver(base_url: str, folder: str, entry_id: str) -> dict[str, Any]:
    measured: dict[str, Any] = {}
    moments: dict[Step, float] = {}

    def note(_entry_id: str, intent: Any) -> None:
        moments[intent.step] = time.perf_counter()

    options = Options(on_step=note)
    with TiplineClient.open(Path(folder) / "home", profile=profiles.mock(base_url), options=options) as client:
        with _peak(measured):
            client.deliver(entry_id)
        return measured | {"seconds": moments[Step.FILEINFO] - moments[Step.UPLOAD]}


def _parts(base_url: str, folder: str, mebibytes: str) -> dict[str, float]:
    """Seconds of each part of an upload alone."""
    key, size = DataKey(bytes(32), entry_id="parts"), int(mebibytes) * _MEBIBYTE
    store = EvidenceFolder(Path(folder) / "parts")
    stored = anyio.run(lambda: store.add(Evidence.from_path(Path(folder) / "large.bin"), key=key, index=0))
    item = ManifestItem(0, "large.bin", size, stored.md5, stored.sha1, stored.sha256, stored.locator, {})

    def open_alone() -> None:
        opener = StreamOpener(key.file_key, associated_data=item.locator.encode())
        with (store.root / item.locator).open("rb", buffering=0) as file:
            while sealed := file.read(_CHUNK):
                opener.update(sealed)
            opener.finish()

    async def prove() -> None:
        async with aclosing(store.open_verified(item, key=key)) as chunks:
            async for _ in chunks:
                pass

    async def send() -> None:
        async def same_bytes(_: ManifestItem) -> AsyncGenerator[bytes, None]:
            chunk = bytes(_MEBIBYTE)
            for _turn in range(size // _MEBIBYTE):
                yield chunk

        async with HttpTransport.open(profiles.mock(base_url)) as transport:
            await transport.send(upload_call(1_000_001, item, same_bytes))

    return {
        "the copy read and opened": _timed(open_alone),
        "and proven, by its digest": _timed(lambda: anyio.run(prove)),
        "a body sent from memory, with its digest": _timed(lambda: anyio.run(send)),
    }


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


_CHILDREN: Final = {"enqueue": _enqueue, "deliver": _deliver, "parts": _parts}

if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in _CHILDREN:
        print(json.dumps(_CHILDREN[sys.argv[1]](*sys.argv[2:])))
    else:
        measure_upload(mebibytes=int(sys.argv[1]) if sys.argv[1:] else 4096)
