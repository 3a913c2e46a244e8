"""What `tipline mock` says at its start, and whether it is true."""

import json
import os
import select
import signal
import subprocess
import time

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

    notice, url, description = said_by(process, until=b"Its control API").splitlines()
    described = httpx.get(description.removeprefix("Its control API: "), trust_env=False).json()
    code = stopped(process)

    assert (NOTICE, "/ispws", 0) == (notice, url[-6:], code)
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
    ],
)
def test_mock_that_cannot_be_started(world: World, words: list[str], says: str) -> None:
    """What is wrong with the words is said in their own terms."""
    ran = world.run("mock", *words)

    assert 2 == ran.code
    assert says in ran.err
