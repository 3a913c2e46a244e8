"""The example `django_project` as its processes: the site, the dispatcher, and what a test asks of them."""

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.hosts import eventually
from tests.docs.pages import ROOT
from tipline_client.mock import MockEndpoint

__all__ = ["FOLDER", "Desk"]

FOLDER = ROOT / "examples" / "django_project"


class Desk:
    """One desk with its data.

    Args:
        data: Where its database and its home are.
        endpoint: Where it files.
    """

    def __init__(self, data: Path, endpoint: MockEndpoint) -> None:
        self.endpoint = endpoint
        self._file = data / "desk.sqlite3"
        paths = os.pathsep.join([str(FOLDER), str(ROOT), os.environ["PYTHONPATH"]])
        self._environ = {
            **os.environ,
            "DESK_DATA": str(data),
            "DESK_SECRET_KEY": "of a test",
            "TIPLINE_ENDPOINT": endpoint.base_url,
            "DJANGO_SETTINGS_MODULE": "tests.hosts.dying_desk",
            "PYTHONPATH": paths,
        }

    def prepare(self) -> None:
        """Make home and tables; `0001_initial` makes all that the models have."""
        self._run("tipline", "init")
        self._run("migrate")
        self._run("makemigrations", "--check", "--dry-run")

    def _manage(self, *words: str) -> list[str]:
        return [sys.executable, "-W", "error", str(FOLDER / "manage.py"), *words]

    def _run(self, *words: str) -> None:
        command = self._manage(*words)
        ran = subprocess.run(command, env=self._environ, check=False, capture_output=True, text=True, timeout=120)
        assert 0 == ran.returncode, ran.stdout + ran.stderr

    @contextlib.contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """One of its commands, killed at the end of the block if it has not ended by then."""
        with subprocess.Popen(
            self._manage(*words), env=self._environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    @contextlib.contextmanager
    def site(self) -> Iterator[httpx.Client]:
        """The site in a process of its own, and a moderator's browser that has opened the form."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with (
            self.running("runserver", "--noreload", f"127.0.0.1:{port}") as process,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=90) as browser,
        ):
            eventually(lambda: process.poll() is not None or _is_up(browser))
            assert process.poll() is None
            yield browser

    def decide(self, browser: httpx.Client, case: str, *, dies: str = "") -> httpx.Response:
        """Send the form; the server may die of it."""
        form = {"case": case, "url": "https://www.example.com/mug", "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        return browser.post("/", data=form, headers={"X-Die": dies} if dies else {})

    def drain(self) -> None:
        """Deliver all that is left, as a dispatcher does that is started after the others died."""
        with contextlib.closing(sqlite3.connect(self._file)) as connection, connection:
            # Their leases end now instead of half a minute later.
            connection.execute("UPDATE entries SET lease_expires_at = 0 WHERE state = 'leased'")
        self._run("tipline", "dispatch", "--drain")

    def rows(self, sql: str) -> list[Any]:
        """What is in the database."""
        with contextlib.closing(sqlite3.connect(self._file)) as connection:
            return [value for [value] in connection.execute(sql)]

    def filed(self) -> tuple[int, int]:
        """How many reports are filed, and how many of them twice."""
        summary = self.endpoint.summary()
        return int(summary["finished"]), int(summary["duplicates"])


def _is_up(browser: httpx.Client) -> bool:
    try:
        return browser.get("/").is_success
    except httpx.TransportError:
        return False
