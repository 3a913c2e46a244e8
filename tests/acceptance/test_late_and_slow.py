"""A dispatcher that stands still, is slow, or goes by a clock that jumps, beside another one on the same outbox."""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.acceptance.hosts import Hosts, set_wrong
from tests.support.passage import Passage
from tests.support.stage import sample_evidence, sample_report
from tipline_client.delivery.steps import Step
from tipline_client.mock import slow

LEASE = 3.0
PROGRESS = 5.0
CHUNKS = 320


@pytest.mark.slow
@pytest.mark.parametrize("step", [Step.SUBMIT, Step.UPLOAD, Step.FINISH])
def test_frozen_in_mid_call(hosts: Hosts, step: Step) -> None:
    """Its lease ends while it stands still; the other one files, and the first one writes nothing when it goes on."""
    hosts.endpoint.faults.script(step.value, slow(0.5))
    entry = hosts.enqueue()
    first = hosts.start()
    hosts.await_call()

    first.send_signal(signal.SIGSTOP)
    second = hosts.start()
    hosts.await_filed(entry)
    hosts.stop(second)
    first.send_signal(signal.SIGCONT)

    later = hosts.enqueue("later")
    hosts.await_filed(later)
    hosts.stop(first)
    assert hosts.filed_once(entry, later)
    assert 0 == hosts.endpoint.summary()["open"]


@pytest.mark.slow
def test_upload_that_outlives_lease_and_timeout(hosts: Hosts) -> None:
    """As long as it makes progress nobody gives it up or takes it over: one report, opened once."""
    passage = Passage(urlsplit(hosts.endpoint.base_url).port or 0, pace=1.5 * PROGRESS / CHUNKS)
    content = os.urandom(CHUNKS * 65536)
    entry = hosts.client.enqueue(sample_report(), evidence=sample_evidence((content,)), idempotency_key="case-large")
    settings = (f"--lease={LEASE}", f"--progress={PROGRESS}")
    for _ in range(2):
        hosts.start(*settings, base_url=f"http://127.0.0.1:{passage.port}/ispws")

    hosts.await_filed(entry)

    assert hosts.filed_once(entry)
    assert 1 == len(hosts.endpoint.reports())
    passage.close()


@pytest.mark.slow
@pytest.mark.parametrize("hours", [1, -1, 24 * 365])
def test_clock_that_jumps_in_mid_upload(hosts: Hosts, tmp_path: Path, hours: int) -> None:
    """Forwards another one takes over a lease that seems to be over, backwards nobody waits for it: filed once."""
    clock = tmp_path / "clock"
    set_wrong(clock, 0)
    hosts.endpoint.faults.script("upload", slow(0.5))
    entry = hosts.enqueue()
    hosts.start(f"--clock={clock}")
    hosts.await_call()

    set_wrong(clock, hours)
    hosts.start(f"--clock={clock}")
    hosts.await_filed(entry)
    set_wrong(clock, 0)

    later = hosts.enqueue("later")
    hosts.await_filed(later)
    assert hosts.filed_once(entry, later)
