"""An object store to read from, found through the environment, and a folder to copy into."""

from pathlib import Path

import pytest

from tests.support.object_server import ObjectServer, required
from tipline_client.evidence import EvidenceFolder


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    """This process's server, with the variables of its owner in the environment."""
    server = required()
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def store(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "home" / "evidence")
