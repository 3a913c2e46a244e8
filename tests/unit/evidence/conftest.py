"""What the tests of evidence share: a store in an empty folder."""

from pathlib import Path

import pytest

from tipline_client.evidence.folder import EvidenceFolder


@pytest.fixture
def store(tmp_path: Path) -> EvidenceFolder:
    return EvidenceFolder(tmp_path / "home" / "evidence")
