"""What `tipline mock` says at its start, and whether it is true."""

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.acceptance.world import World
from tipline_client.mock import NOTICE

SECONDS = 20.0


def said_by(process: subprocess.Popen[bytes], *, until: bytes) -> str:
    """Read standard output up to a line that begins so; an `AssertionError` if it does not come in time."""
    assert process.stdout is not None
    said = b""
    deadline = time.monotonic() + SECONDS
    while not any(line.startswith(until) for line in said.split(b"\n")[:-1]):
        readable, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        assert readable, f"nothing more was said after {said!r}"
        more = os.read(process.stdout.fileno(), 4096)
        assert more, f"the process ended after {said!r}"
        said += more
    return said.decode()


def stopped(process: subprocess.Popen[bytes]) -> int:
    """Stop the process as a person does; its exit code."""
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=SECONDS)
    return process.returncode


def test_mock_in_lines(bare_world: World) -> None:
    """It says that it is no hotline, then its base URL alone on a line, then where its control API is described."""
    process = bare_world.start("mock", "--port", "0", bufsize=0)

    notice, url, description, account = said_by(process, until=b"It lets in: ").splitlines()
    described = httpx.get(description.removeprefix("Its control API: "), trust_env=False).json()
    code = stopped(process)

    assert (NOTICE, "/ispws", 0) == (notice, url[-6:], code)
    assert "It lets in: tester with the password mock-password" == account
    assert "/_mock/summary" in described["paths"]


def test_mock_in_one_document(bare_world: World) -> None:
    """The same as JSON, in one document when it is ready."""
    process = bare_world.start("mock", "--port", "0", "--json", bufsize=0)

    document = json.loads(said_by(process, until=b"}"))
    described = httpx.get(document["openapi"], trust_env=False).json()
    code = stopped(process)

    assert ([NOTICE], "/ispws", 0) == (document["notices"], document["baseUrl"][-6:], code)
    assert "/_mock/summary" in described["paths"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--chance", "lost_reply=0.1"], "--chance without --dice"),
        (["--dice", "1", "--chance", "lost_reply=1.5"], "from 0 to 1"),
        (["--dice", "1", "--chance", "lost_reply=often"], "from 0 to 1"),
        (["--port", "70000"], "out of range"),
        (["--dice", "1", "--chance", "lost=0.1"], "They throw ok, "),
        (["--fault", "finish:lost"], "There are ok, "),
        (["--fault", "arrive:close"], "There are submit, "),
    ],
)
def test_mock_that_cannot_be_started(world: World, words: list[str], says: str) -> None:
    """What is wrong with the words is said in their own terms."""
    ran = world.run("mock", *words)

    assert 2 == ran.code
    assert says in ran.err


@pytest.fixture
def started() -> Iterator[list[int]]:
    """Process ids to be ended with the test."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_mock_in_the_background(world: World, started: list[int]) -> None:
    """The command ends when calls are answered, as it was told to answer them; the endpoint goes on until stopped."""
    words = ["--fault", "status:status=502", "--fault", "status:ok", "--dice", "7", "--chance", "close=1", "--era=2016"]

    ran = world.run("mock", "--wait", "--password=-a b=c", "--newer-elements", *words, "--json")
    document = json.loads(ran.out)
    started.append(document["pid"])
    control = document["openapi"].removesuffix("/openapi.json")
    ready = httpx.get(f"{control}/ready", trust_env=False).json()
    plan = httpx.get(f"{control}/faults", trust_env=False).json()
    pair = ("tester", "-a b=c")
    answers = [httpx.get(f"{document['baseUrl']}/status", auth=pair, trust_env=False).status_code for _ in range(2)]

    assert (0, {"ready": True}) == (ran.code, ready)
    assert [("status", "status"), ("status", "ok")] == [(one["step"], one["fault"]) for one in plan["faults"]]
    assert (7, {"close": 1.0}) == (plan["dice"]["seed"], plan["dice"]["chances"])
    assert [502, 200] == answers
    os.kill(started[0], signal.SIGTERM)
    assert (started[0], 0) == os.waitpid(started.pop(), 0)


def test_mock_in_the_background_in_lines(world: World, started: list[int], tmp_path: Path) -> None:
    """A shell finds the base URL on a line of its own, and the process id at the end of the last one."""
    plan = tmp_path / "plan.json"
    plan.write_text('[{"step": "finish", "fault": "lost_reply"}]', encoding="utf-8")

    ran = world.run("mock", "--wait", "--faults", str(plan))
    notice, url, description, _, last = ran.out.splitlines()
    started.append(int(last.rpartition(" ")[2]))
    faults = httpx.get(url.removesuffix("/ispws") + "/_mock/faults", trust_env=False).json()["faults"]

    assert (NOTICE, "/ispws") == (notice, url[-6:])
    assert "Its control API: http://" in description
    assert [{"step": "finish", "fault": "lost_reply"}] == faults


def test_mock_in_the_background_on_a_port_that_is_taken(world: World) -> None:
    """The command fails as the endpoint itself would, and leaves no process behind."""
    port = urlsplit(world.endpoint.base_url).port

    ran = world.run("mock", "--wait", "--port", str(port))

    assert 5 == ran.code
    assert f"did not start: port {port} is not free" in ran.err
    assert "Use port 0" in ran.err
