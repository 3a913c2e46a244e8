"""Several processes that meet a new home at the same moment, as containers do that start together."""

import subprocess
import sys
from pathlib import Path

import pytest

from tipline_client.home import Home

_OPEN = """
import sys
from tipline_client import TiplineClient
from tipline_client.profiles import mock

sys.stdin.read(1)
TiplineClient.open(sys.argv[1], profile=mock("http://127.0.0.1:9/ispws")).close()
"""
_INIT = """
import sys
from tipline_client.cli import main

sys.stdin.read(1)
sys.exit(main(["init", "--home", sys.argv[1]]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("program", [_OPEN, _INIT], ids=["open", "init"])
def test_home_that_several_make(tmp_path: Path, program: str) -> None:
    """One of them makes it, and all go on with the same keys: what one signs and seals the others can open."""
    for number in range(4):
        home = tmp_path / str(number) / "home"
        command = [sys.executable, "-c", program, str(home)]
        processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) for _ in range(4)]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"1")
            process.stdin.flush()

        assert [0] * 4 == [_end(process) for process in processes]

        keys = Home(home).keys()
        assert 1 == len(list(keys.trusted()))
        assert keys.active_id is not None
        assert 1 == len(list((home / "keys" / "master").glob("*.private.pem")))


def _end(process: "subprocess.Popen[bytes]") -> int:
    with process:
        return process.wait(timeout=60)
