"""The example application, really killed at bad moments and started again: nothing is lost, nothing is filed twice."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.acceptance.hosts import eventually
from tests.acceptance.web_host import Receiver, WebHost, decision
from tests.support.dispatchers import ROOT
from tipline_client.mock import MockEndpoint, slow
from tipline_client.mock.faults import code

pytestmark = pytest.mark.slow


@pytest.fixture
def host(tmp_path: Path, _shared_endpoint: MockEndpoint) -> Iterator[WebHost]:
    _shared_endpoint.reset()
    with WebHost(tmp_path, _shared_endpoint) as host:
        yield host


@pytest.fixture
def receiver(host: WebHost) -> Iterator[Receiver]:
    with Receiver() as receiver:
        host.webhook = receiver.url
        yield receiver


def test_killed_while_a_reply_is_held_back(host: WebHost) -> None:
    """In the middle of each step in turn: what was taken is filed after the next start, once."""
    ids = []
    host.start()
    for step in ("submit", "upload", "finish"):
        host.endpoint.faults.script(step, slow(0.5))
        ids.append(host.post(decision(step), step).json()["id"])
        host.await_call()
        host.kill()
        host.start()
        host.await_filed(ids[-1])

    numbers = {host.await_filed(entry_id)["reportId"] for entry_id in ids}
    again = [host.post(decision(step), step).json()["id"] for step in ("submit", "upload", "finish")]

    assert (3, 3, 0) == (len(numbers), *host.filed())
    assert ids == again


def test_killed_around_its_answer(host: WebHost) -> None:
    """Just after its answer, and just before it, when the caller asks again with the same key: each is one report."""
    host.start()
    answered = host.post(decision("answered"), "answered").json()["id"]
    host.kill()

    host.start()
    with pytest.raises(httpx.RemoteProtocolError):
        host.post(decision("unanswered"), "unanswered", **{"X-Die": "yes"})
    host.kill()

    host.start()
    unanswered = host.post(decision("unanswered"), "unanswered").json()["id"]
    numbers = {host.await_filed(entry_id)["reportId"] for entry_id in (answered, unanswered)}

    assert (2, 2, 0) == (len(numbers), *host.filed())
    assert 0 == host.get("/health")["waiting"]


def test_killed_before_and_in_its_webhook(host: WebHost, receiver: Receiver) -> None:
    """What was filed and not told is told after the next start; what was cut off may be told twice, under one key."""
    receiver.status = 500
    host.start()
    entry_id = host.post(decision()).json()["id"]
    number = host.await_filed(entry_id)["reportId"]
    receiver.await_calls(2)
    host.kill()
    refused = list(receiver.got)
    receiver.status = 200
    receiver.holds.set()
    before = receiver.calls

    host.start()
    receiver.await_calls(before + 1)
    host.kill()
    receiver.holds.clear()
    host.start()
    eventually(lambda: len(receiver.got) == 2)

    keys, contents = zip(*receiver.got, strict=True)
    assert [] == refused
    assert {f"{entry_id}-EntryAcknowledged"} == {*keys}
    assert contents[0] == contents[1]
    assert (entry_id, "acknowledged", number) == tuple(contents[0][name] for name in ("id", "state", "reportId"))
    assert {"id", "state", "reportId", "at"} == {*contents[0]}
    assert (1, 0) == host.filed()


def test_webhook_that_fails(host: WebHost, receiver: Receiver) -> None:
    """Reports are filed all the same, its failures can be seen, and what it missed comes later, in order."""
    receiver.status = 503
    host.start()
    host.endpoint.faults.script("submit", code(4100))
    refused = host.post(decision("refused"), "refused").json()["id"]
    eventually(lambda: host.get(f"/decisions/{refused}")["state"] == "dead_letter")
    ids = [host.post(decision(name), name).json()["id"] for name in ("one", "two")]
    filed = [host.await_filed(entry_id) for entry_id in ids]
    receiver.await_calls(2)
    ill = host.get("/health")
    receiver.status = 200
    eventually(lambda: len(receiver.got) == 3)
    eventually(lambda: host.get("/health")["webhook"]["failures"] == 0)

    first, *told = [(content["id"], content["state"], content["reportId"]) for _, content in receiver.got]
    assert (refused, "dead_letter", None) == first
    assert sorted((status["id"], "acknowledged", status["reportId"]) for status in filed) == sorted(told)
    assert ("HTTPStatusError", 0) == (ill["webhook"]["lastError"], ill["webhook"]["givenUp"])
    assert (2, 0) == host.filed()


def test_webhook_that_refuses_one(host: WebHost, receiver: Receiver) -> None:
    """What no further try would change holds nobody up: it is passed over, counted, with a line in the log."""
    receiver.status = 503
    host.start()
    first = host.post(decision("one"), "one").json()["id"]
    host.await_filed(first)
    receiver.await_calls(1)
    second = host.post(decision("two"), "two").json()["id"]
    host.await_filed(second)
    receiver.refused, receiver.status = first, 200
    eventually(lambda: bool(receiver.got))
    eventually(lambda: host.get("/health")["webhook"]["failures"] == 0)

    assert [second] == [content["id"] for _, content in receiver.got]
    assert 1 == host.get("/health")["webhook"]["givenUp"]
    assert f"the webhook refuses {first}-EntryAcknowledged with 422: passed over" in host.log.read_text("utf-8")


def test_stopped_in_the_middle_of_a_step(host: WebHost) -> None:
    """As a supervisor stops it: the step under way ends and is on record, and the next start goes on from there."""
    host.endpoint.faults.script("submit", slow(0.5))
    host.start()
    entry_id = host.post(decision()).json()["id"]
    host.await_call()

    host.stop()
    submits = [record.step for record in host.endpoint.requests].count("submit")
    host.start()
    host.await_filed(entry_id)

    assert 1 == submits == [record.step for record in host.endpoint.requests].count("submit")
    assert (1, 0) == host.filed()
    assert "Traceback" not in host.log.read_text(encoding="utf-8")


def test_one_command(tmp_path: Path) -> None:
    """The command that the example begins with starts all of it; the sample is filed, and a signal ends all of it."""
    page = (ROOT / "docs" / "hosts" / "fastapi.md").read_text(encoding="utf-8")
    [start, send, ask] = [shlex.split(line) for line in page.splitlines() if line.startswith(("python ", "curl "))]
    command = [sys.executable, "-W", "error", *start[1:], "--port", "0"]
    header, content, url = send[send.index("-H") + 1], send[send.index("--data-binary") + 1], send[-1]
    paths = os.pathsep.join([str(ROOT), os.environ["PYTHONPATH"]])
    environ = {**os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"}
    sample = (ROOT / content.removeprefix("@")).read_bytes()
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            running = _said_by(process, r"Uvicorn running on (http://[\d.:]+)")
            with httpx.Client(base_url=running, trust_env=False, timeout=60) as http:
                taken = http.post(urlsplit(url).path, content=sample, headers=dict([header.split(": ")]))
                where = urlsplit(ask[-1]).path.replace("ID", taken.raise_for_status().json()["id"])
                eventually(lambda: http.get(where).json()["state"] == "acknowledged")
            process.terminate()
            rest, _ = process.communicate(timeout=60)
        finally:
            process.kill()

    assert process.returncode in {0, -signal.SIGTERM}
    assert "Application shutdown complete" in rest
    assert "Traceback" not in rest


def _said_by(process: "subprocess.Popen[str]", pattern: str) -> str:
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if found := re.search(pattern, line):
            return found[1]
    raise AssertionError(seen)
