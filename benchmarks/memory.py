"""Peak memory while one large file is enqueued and uploaded, against the process before it."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.endpoint import mock_process
from benchmarks.samples import typical
from benchmarks.tables import show
from tipline_client import Evidence, TiplineClient, profiles

__all__ = ["measure_memory"]


def measure_memory(*, mebibytes: int = 512) -> None:
    """Measure in a fresh process, so that nothing else counts, and print."""
    with mock_process() as profile:
        command = [sys.executable, "-m", "benchmarks.memory", profile.base_url, str(mebibytes)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    idle, peak = (int(figure) for figure in output.split())
    show(
        f"Peak resident memory, one file of {mebibytes} MiB",
        ("", "MiB", "ratio"),
        [
            ("process before", f"{idle / 1024:.0f}", "1.0"),
            ("peak", f"{peak / 1024:.0f}", f"{peak / idle:.1f}"),
            ("the file itself", str(mebibytes), f"{mebibytes * 1024 / idle:.1f}"),
        ],
    )


def _deliver_one(base_url: str, mebibytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.bin"
        with path.open("wb") as file:
            for _ in range(mebibytes):
                file.write(os.urandom(1024 * 1024))
        with TiplineClient.open(Path(folder) / "home", profile=profiles.mock(base_url)) as client:
            idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            entry = client.enqueue(typical(), evidence=[Evidence.from_path(path, file_viewed_by_esp=True)])
            client.deliver(entry.id)
            print(idle, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    _deliver_one(sys.argv[1], int(sys.argv[2]))
