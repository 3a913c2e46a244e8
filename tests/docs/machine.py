"""A machine for the blocks that a page has for a person's shell: they are run by `sh`, and change nothing of this one.

Its root is a folder. Of the programs on its PATH some are the real ones; the others, which change a system or need a
service that is not there, are stand-ins that check what they are given and do as much of it as can be done. There are
no others: a block that calls one of those ends with "not found".
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import ROOT, Block, blocks
from tests.docs.stand_ins import STAND_INS, WHERE_MISSING
from tipline_client.mock import MockEndpoint

__all__ = ["Machine", "address_of", "free_port", "shell_block"]

REAL = ("cat", "chmod", "cp", "mkdir", "rm", "sh", "uvicorn")
SECONDS = 300
_OF_THE_SYSTEM = re.compile(r"(?<![\w.:/])/(?=(?:etc|mnt|opt|srv|var)/)")
_OWN_PROGRAMS = "import sys; sys.path.insert(0, {root!r}); from tests.docs.stand_ins import main; main()"


def shell_block(page: str, begins: str) -> Block:
    """The one block for a shell on a page that begins so."""
    found = blocks((ROOT / page).read_text(encoding="utf-8"))
    [block] = [block for block in found if block.language == "sh" and block.code.startswith(begins)]
    return block


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


class Machine:
    """One host with a copy of the examples, as in a checkout, for its current directory.

    Args:
        folder: An empty one. Below `root` is what the blocks call `/etc`, `/mnt`, `/opt`, `/srv` and `/var`.

    Attributes:
        checkout: The current directory at first.
        root: Of the file system.
        environ: What its programs find.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.checkout = folder / "checkout"
        programs = folder / "programs"
        for made in (programs, *(self.root / name for name in ("etc/systemd/system", "mnt", "opt", "srv", "var/lib"))):
            made.mkdir(parents=True)
        shutil.copytree(ROOT / "examples", self.checkout / "examples", ignore=shutil.ignore_patterns("__pycache__"))
        own = {*STAND_INS, *(name for name in WHERE_MISSING if shutil.which(name) is None)}
        for name in own:
            _write_program(programs / name, f'-c "{_OWN_PROGRAMS.format(root=str(ROOT))}" {name}')
        for name in {*REAL, *WHERE_MISSING} - own:
            found = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
            assert found is not None, f"{name} is needed to run the blocks of the pages"
            (programs / name).symlink_to(found)
        _write_program(programs / "tipline", "-m tipline_client")
        path = os.pathsep.join([str(self.root / "opt/tipline/bin"), str(programs)])
        self.environ = {**os.environ, "PATH": path, "MACHINE_ROOT": str(self.root)}

    def place(self, path: str) -> Path:
        """Where a path that begins at the root of this machine is."""
        return self.root / path.removeprefix("/")

    def on_it(self, code: str) -> str:
        """The same with every path from the root led below this machine's own."""
        return _OF_THE_SYSTEM.sub(f"{self.root}/", code)

    def run(self, code: str, *, folder: Path | None = None, exit_code: int = 0) -> str:
        """Run all of a block, which ends at the first command that fails; what it printed.

        Args:
            code: The block.
            folder: The current directory; the checkout if left out.
            exit_code: In which it has to end.
        """
        with self.running(code, folder=folder) as process:
            said, complaints = process.communicate(timeout=SECONDS)
        assert exit_code == process.returncode, said + complaints
        return said

    @contextlib.contextmanager
    def running(self, code: str, *, folder: Path | None = None) -> Iterator["subprocess.Popen[str]"]:
        """A block that was begun, with all that it starts; what is still there at the end is killed."""
        with subprocess.Popen(
            [shutil.which("sh") or "sh", "-euc", self.on_it(code)],
            cwd=folder or self.checkout,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def noted(self, name: str) -> list[str]:
        """What the stand-ins have noted under a name, in order."""
        file = self.root / "notes" / name
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


def address_of(endpoint: MockEndpoint) -> dict[str, str]:
    """The settings of a host whose endpoint this is."""
    return {"TIPLINE_ENDPOINT": endpoint.base_url, "TIPLINE_USERNAME": endpoint.username}


def _write_program(file: Path, words: str) -> None:
    """A program of the machine that Python runs."""
    file.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
    file.chmod(0o755)
