"""What every page finds around it: a folder of its own with the example files, and a mock endpoint."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.machine import Machine
from tests.docs.pages import ROOT
from tipline_client.mock import MockEndpoint


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current directory: a copy of the example files, the picture also under the name of the quick start.

    What a page calls the first report is the sample under another key.
    """
    for name in ("submission.json", "mug.png"):
        shutil.copy(ROOT / "examples" / name, tmp_path / name)
    shutil.copy(ROOT / "examples" / "mug.png", tmp_path / "mug.jpg")
    sample = json.loads((tmp_path / "submission.json").read_text(encoding="utf-8"))
    first = json.dumps({**sample, "idempotencyKey": "first-report"})
    (tmp_path / "first-report.json").write_text(first, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    kept = dict(os.environ)
    yield tmp_path
    os.environ.clear()
    os.environ.update(kept)


@pytest.fixture
def endpoint() -> Iterator[MockEndpoint]:
    """A mock endpoint that nobody has called yet."""
    with MockEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A host of its own, which is a folder."""
    return Machine(tmp_path / "host")
