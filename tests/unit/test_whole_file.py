"""A new file is there whole, or not at all."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from tipline_client._whole_file import whole_file

KILLED = """
import os, signal, sys
from pathlib import Path
from tipline_client._whole_file import whole_file
with whole_file(Path(sys.argv[1])) as file:
    file.write(b"half a cup")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_process_that_is_killed(tmp_path: Path) -> None:
    """What it wrote is under no name that anybody reads, and does not keep the next one from writing."""
    path = tmp_path / "receipt.json"

    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    left = list(tmp_path.iterdir())
    with whole_file(path) as file:
        file.write(b"a cup")

    assert -9 == ended.returncode
    assert [(True, ".draft")] == [(name.name.startswith("."), name.suffix) for name in left]
    assert b"a cup" == path.read_bytes()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_block_that_ends_early(tmp_path: Path, error: type[BaseException]) -> None:
    """Nothing is left."""

    def write(file: BinaryIO) -> None:
        file.write(b"half a cup")
        raise error

    with pytest.raises(error), whole_file(tmp_path / "receipt.json") as file:
        write(file)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("has_links", [True, False])
def test_what_has_come_to_be_there_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool) -> None:
    """It stays, also where a file has one name only."""
    path = tmp_path / "receipt.json"

    def refuse(_draft: Path, _path: Path) -> None:
        raise OSError(errno.EPERM, "no links here")

    if not has_links:
        monkeypatch.setattr(os, "link", refuse)
    with whole_file(path) as file:
        file.write(b"first")
    with pytest.raises(FileExistsError), whole_file(path) as file:
        file.write(b"second")

    assert [path] == list(tmp_path.iterdir())
    assert b"first" == path.read_bytes()


def test_name_as_long_as_names_may_be(tmp_path: Path) -> None:
    """Its draft has a name as well."""
    path = tmp_path / ("☕" * 83 + ".json")

    with whole_file(path) as file:
        file.write(b"a cup")

    assert [path] == list(tmp_path.iterdir())
