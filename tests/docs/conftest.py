"""What every page finds around it: a folder of its own with the example files, and a mock endpoint."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tipline_client.mock import MockEndpoint


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current directory: a copy of the example files, the picture also under the name of the quick start."""
    for name in ("submission.json", "mug.png"):
        shutil.copy(ROOT / "examples" / name, tmp_path / name)
    shutil.copy(ROOT / "examples" / "mug.png", tmp_path / "mug.jpg")
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
