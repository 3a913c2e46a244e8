"""What the tests of the command line share: a folder, an endpoint, and ways to run the command."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tipline_client.cli import main
from tipline_client.cli.sample import gradient_png, sample_submission
from tipline_client.mock import MockEndpoint

__all__ = ["Ran", "World", "build", "issues_in"]


@dataclass(frozen=True, slots=True)
class Ran:
    """How one command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which must be exactly one JSON document."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class World:
    """A folder with a home in it, and an endpoint."""

    folder: Path
    endpoint: MockEndpoint
    capture: Callable[[], tuple[str, str]]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def home(self) -> Path:
        """The home folder."""
        return self.folder / "home"

    @property
    def report_id(self) -> int:
        """The id of the only report that the endpoint has."""
        [report] = self.endpoint.reports()
        return int(report["report_id"])

    def run(self, *arguments: str) -> Ran:
        """Run the command in this process."""
        self.capture()
        code = main(arguments)
        out, err = self.capture()
        return Ran(code, out, err)

    def start(self, *arguments: str, environ: Mapping[str, str] | None = None, **how: Any) -> subprocess.Popen[bytes]:
        """The command as a process of its own, guarded like the tests themselves, and ended with the test."""
        command = [sys.executable, "-m", "tipline_client", *arguments]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, env={**os.environ, **(environ or {})}, **(pipes | how))
        self.processes.append(process)
        return process

    def end_processes(self) -> None:
        """End what a failed test left running."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            with process:
                pass

    def submission(self, key: str | None = "case-1", *, name: str = "case.json", **changes: Any) -> Path:
        """Write a submission file with its picture; `changes` replace members of the submission."""
        (self.folder / "gradient.png").write_bytes(gradient_png(width=8, height=8))
        data = self.content(key, **changes)
        path = self.folder / name
        path.write_text(json.dumps(data), encoding="utf-8")
        return path

    def content(self, key: str | None = "case-1", **changes: Any) -> dict[str, Any]:
        """What a submission file holds."""
        data = sample_submission(key=key or "none", picture="gradient.png") | changes
        if key is None:
            del data["idempotencyKey"]
        return data

    def lines(self, *contents: dict[str, Any]) -> Path:
        """Write a `.jsonl` file."""
        self.submission()
        path = self.folder / "cases.jsonl"
        path.write_text("".join(json.dumps(content) + "\n" for content in contents), encoding="utf-8")
        return path

    def listed(self, *states: str) -> list[dict[str, Any]]:
        """The entries of the outbox in these states."""
        found: list[dict[str, Any]] = self.run(
            "list", "--json", *(word for state in states for word in ("--state", state))
        ).document
        return found


def build(
    folder: Path, endpoint: MockEndpoint, monkeypatch: pytest.MonkeyPatch, capture: Callable[[], tuple[str, str]]
) -> World:
    """A world whose settings are in the environment, in a folder of its own."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TIPLINE_HOME", str(folder / "home"))
    monkeypatch.setenv("TIPLINE_ENDPOINT", endpoint.base_url)
    return World(folder, endpoint, capture)


def issues_in(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of issues."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]
