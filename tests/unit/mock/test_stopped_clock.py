"""A double that stops Python's clocks does not stop the endpoint."""

import threading
import time

import httpx
import pytest

from tipline_client.mock import MockEndpoint

FAR = 1.8e9
"""Seconds that no machine has been up for: what a stopped clock makes of a date."""


def test_clock_that_stood_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meanwhile it answers, and afterwards it ends at once, rather than sleep until that moment has come."""
    endpoint = MockEndpoint()
    endpoint.start()
    with monkeypatch.context() as stopped:
        stopped.setattr(time, "monotonic", lambda: FAR)
        # Longer than the server sleeps between two looks around.
        time.sleep(0.3)
        answer = httpx.get(endpoint.base_url, follow_redirects=False)
    stopping = threading.Thread(target=endpoint.stop, daemon=True)
    stopping.start()
    stopping.join(20)

    assert not stopping.is_alive()
    assert answer.status_code
