"""The example application as a process, what a moderation tool does with it, and a receiver of its webhook."""

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import httpx

from tests.acceptance.hosts import eventually
from tests.support.dispatchers import ROOT
from tipline_client.cli.sample import gradient_png, sample_submission
from tipline_client.mock import MockEndpoint

__all__ = ["Receiver", "WebHost", "decision"]

PICTURE = "gradient.png"
_PATIENCE = 90.0


def decision(name: str = "case-1", **changes: Any) -> dict[str, Any]:
    """What a moderation tool sends; decisions of different names differ."""
    return sample_submission(key=name, picture=PICTURE) | changes


class WebHost:
    """One installation of the application; at most one process of it runs at a time.

    Args:
        folder: Home, media and log go here.
        endpoint: Where it files.
    """

    def __init__(self, folder: Path, endpoint: MockEndpoint) -> None:
        self.endpoint = endpoint
        self.webhook: str | None = None
        self.log = folder / "app.log"
        self._home, self._media = folder / "home", folder / "media"
        self._media.mkdir()
        (self._media / PICTURE).write_bytes(gradient_png(width=8, height=8))
        self._process: subprocess.Popen[bytes] | None = None
        self._url = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        places = [str(self._home), self.endpoint.base_url, str(self._media)]
        command = [sys.executable, "-m", "tests.support.fastapi_child", *places]
        if self.webhook:
            command.append(f"--webhook={self.webhook}")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
        assert self._process.stdout is not None
        port = self._process.stdout.readline().decode().strip()
        assert port, self.log.read_text(encoding="utf-8")
        self._url = f"http://127.0.0.1:{port}"
        assert self.get("/health")["isDispatching"]

    def kill(self) -> None:
        """Kill it where it stands; or see that it is dead."""
        if self._process is not None:
            with self._process as process:
                process.kill()
            self._process = None

    def stop(self) -> int:
        """Stop it as a supervisor does; how it ended."""
        assert self._process is not None
        with self._process as process:
            process.terminate()
        self._process = None
        return process.returncode

    def post(self, content: Any, key: str = "case-1", **headers: str) -> httpx.Response:
        """Send a decision."""
        with httpx.Client(trust_env=False, timeout=_PATIENCE) as http:
            return http.post(f"{self._url}/decisions", json=content, headers={"Idempotency-Key": key, **headers})

    def get(self, path: str) -> Any:
        """What a route answers."""
        with httpx.Client(trust_env=False, timeout=_PATIENCE) as http:
            return http.get(f"{self._url}{path}").raise_for_status().json()

    def await_filed(self, entry_id: str) -> dict[str, Any]:
        """Wait until the status route says so, and return what it says."""
        eventually(lambda: self.get(f"/decisions/{entry_id}")["state"] == "acknowledged")
        status: dict[str, Any] = self.get(f"/decisions/{entry_id}")
        return status

    def await_call(self) -> None:
        """Wait until every call that a fault was scripted for has arrived."""
        eventually(lambda: not self.endpoint.faults.to_json()["faults"])

    def filed(self) -> tuple[int, int]:
        """How many reports are filed, and how many of them twice, once no call is under way any more."""
        summary = self.endpoint.summary()
        return summary["finished"], summary["duplicates"]


class Receiver:
    """Takes webhooks on loopback.

    Attributes:
        got: What was taken, with its key, in order.
        status: What is answered; what is answered otherwise than 200 is not taken.
        refused: The id of an entry of which it takes nothing: it answers 422.
        holds: While it is set no answer is given.
        calls: How many calls came in all.
    """

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        self.refused = ""
        self.holds = threading.Event()
        self.calls = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.calls += 1
                while receiver.holds.is_set():
                    time.sleep(0.01)
                status = 422 if content["id"] == receiver.refused else receiver.status
                if status == 200:
                    receiver.got.append((self.headers["Idempotency-Key"], content))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Not into the output of the tests."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.holds.clear()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def await_calls(self, number: int) -> None:
        """Wait until so many calls came."""
        eventually(lambda: self.calls >= number)
