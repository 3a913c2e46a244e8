"""Dispatchers that are really killed, at moments that chance chooses by a printed seed: every report filed once."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from tests.faults.dispatcher_child import LEASE
from tests.support.stage import sample_evidence, sample_report
from tipline_client import Dispatcher, Options, RetryPolicy, State, TiplineClient
from tipline_client.mock import MockEndpoint, faults

ENTRIES = 24
KILLS = 5


def _kill_in_mid_work(home: Path, base_url: str, after: float) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.dispatcher_child", str(home), base_url], stdout=subprocess.PIPE
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline()
        try:
            child.wait(timeout=after)
        except subprocess.TimeoutExpired:
            child.kill()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [20260105, 4711])
def test_dispatcher_killed_again_and_again(tmp_path: Path, seed: int) -> None:
    """Killed five times in mid-work, restarted each time: as many filings as entries, no duplicate, no stray file."""
    chance = Random(seed)  # noqa: S311 - the moments of the kills; the seed is in the test's name
    options = Options(
        slots=4, lease_for=LEASE, policy=RetryPolicy(first=timedelta(milliseconds=10), longest=timedelta(seconds=1))
    )
    with MockEndpoint() as endpoint, TiplineClient.open(tmp_path, profile=endpoint.profile, options=options) as client:
        for number in range(ENTRIES):
            contents = (f"gradient {number}".encode() * 50, f"coffee mug {number}".encode() * 50)
            client.enqueue(sample_report(str(number)), evidence=sample_evidence(contents), idempotency_key=str(number))
        slowly = [faults.slow(0.02) for _ in range(ENTRIES * 4)]
        for step in ("upload", "fileinfo", "finish"):
            endpoint.faults.script(step, *slowly)

        for _ in range(KILLS):
            _kill_in_mid_work(tmp_path, endpoint.base_url, after=chance.uniform(0.02, 0.35))
        before = endpoint.summary()["finished"]
        Dispatcher(client).drain()

        summary = endpoint.summary()
        counts = client.call(client.asynchronous.outbox.count)
        assert before < ENTRIES
        assert (ENTRIES, 0, 0) == (summary["finished"], summary["duplicates"], summary["stray_files"])
        assert ENTRIES == counts.by_state[State.ACKNOWLEDGED]
        assert 0 == summary["open"] - summary["orphans"]
        assert [] == client.call(client.asynchronous.outbox.unreceipted)
        assert {(2, True)} == {
            (len(report["files"]), all(file["details"] for file in report["files"]))
            for report in endpoint.reports()
            if report["state"] == "finished"
        }
