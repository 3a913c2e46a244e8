"""The container of the mock endpoint in `examples/mock` fits this source, and what runs in it works outside of one too.

In place of the container's address another one of loopback is listened at, or the very one of the mock endpoint, as
where a container shares the network of its host.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.docs.machine import Machine, free_port, shell_block
from tests.docs.pages import ROOT
from tests.support.service_files import containerfile, of_container
from tests.unit.mock.samples import MINIMAL_REPORT, XML_TYPE

MOCK = ROOT / "examples" / "mock"
ADDRESSES = ("127.0.0.2", "127.0.0.1")
PAIR = ("tester", "mock-password")
SECONDS = 30.0


@pytest.fixture(params=ADDRESSES)
def container(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator["subprocess.Popen[bytes]"]:
    """What the container runs, with the arguments that the page gives it."""
    monkeypatch.setenv("MOCK_ADDRESS", request.param)
    monkeypatch.setenv("MOCK_PORT", str(free_port()))
    machine = Machine(tmp_path)
    machine.run(shell_block("docs/testing.md", "docker build").code)
    [arguments] = [json.loads(line) for line in machine.noted("arguments")]
    command = [sys.executable, str(MOCK / "serve.py"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            deadline = time.monotonic() + SECONDS
            while checked() != 0:
                assert process.poll() is None
                assert time.monotonic() < deadline
            yield process
        finally:
            process.kill()


def checked() -> int:
    """What the health check says."""
    command = [sys.executable, str(MOCK / "serve.py"), "--check"]
    return subprocess.run(command, timeout=SECONDS, check=False).returncode


@pytest.mark.slow
def test_calls_from_outside(container: "subprocess.Popen[bytes]") -> None:
    """They reach the endpoint and its control API; dropped connections are dropped, and the signal to stop ends all."""
    root = f"http://{os.environ['MOCK_ADDRESS']}:{os.environ['MOCK_PORT']}"
    with httpx.Client(auth=PAIR, trust_env=False) as http:
        http.post(f"{root}/ispws/submit", content=MINIMAL_REPORT, headers={"content-type": XML_TYPE}).raise_for_status()
        [report] = http.get(f"{root}/_mock/reports").json()
        with pytest.raises(httpx.RemoteProtocolError):
            http.post(f"{root}/ispws/finish", data={"id": report["report_id"]})
        summary = http.get(f"{root}/_mock/summary").json()

    container.send_signal(signal.SIGTERM)
    said, _ = container.communicate(timeout=SECONDS)

    assert (1, 2) == (summary["finished"], summary["requests"])
    assert 0 == container.returncode
    assert f"http://127.0.0.1:{os.environ['MOCK_PORT']}/ispws" in said.decode()
    assert 0 != checked()


@pytest.mark.slow
def test_killed_outside_of_a_container(container: "subprocess.Popen[bytes]") -> None:
    """The mock endpoint ends with the program that started it, and its port is free again."""
    container.kill()
    container.wait(timeout=SECONDS)

    deadline = time.monotonic() + SECONDS
    while checked() == 0:
        assert time.monotonic() < deadline


def test_container_built_from_this_source() -> None:
    """What is copied is there, and what is installed has the extra of the command."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    copied = [path for value in of_container("COPY", MOCK) for path in value.split()[:-1]]

    assert [] == [path for path in copied if not (ROOT / path).exists()]
    assert {"README.md", *project["license-files"], "pyproject.toml", "src"} <= {*copied}
    assert ["cli"] == re.findall(r"\"\.\[(.*?)\]\"", of_container("RUN", MOCK)[0])


def test_process_of_the_container() -> None:
    """It is the program that was tried, checked by itself, at the port that is published, and not as root."""
    program = of_container("COPY", MOCK)[-1].split()
    entry = json.loads(of_container("ENTRYPOINT", MOCK)[-1])
    check = json.loads(of_container("HEALTHCHECK", MOCK)[-1].partition("CMD ")[2])
    text = (MOCK / "Containerfile").read_text(encoding="utf-8")

    leash = of_container("COPY", MOCK)[-2].split()
    assert ["examples/mock/serve.py", entry[1]] == program
    # As beside each other as in this source.
    assert ["examples/until_parent_ends.py", str(Path(entry[1]).parent.with_name("until_parent_ends.py"))] == leash
    assert ["chmod", "0644", leash[1], program[1]] == of_container("RUN", MOCK)[-1].split()
    assert [*entry, "--check"] == check
    assert ["8765"] == of_container("EXPOSE", MOCK)
    assert "--publish 127.0.0.1:8765:8765" in shell_block("docs/testing.md", "docker build").code
    assert "--publish 127.0.0.1:8765:8765" in text
    assert '"MOCK_PORT", "8765"' in (MOCK / "serve.py").read_text(encoding="utf-8")
    assert 0 not in {int(word) for word in of_container("USER", MOCK)[0].split(":")}
    assert "USER" == next(name for name, _ in reversed(containerfile(MOCK)) if name in {"USER", "RUN", "COPY"})
