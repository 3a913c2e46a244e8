"""Files of results on a disk that has no room left."""

import json
from pathlib import Path

import pytest

from tests.support.small_files import small_files
from tipline_client.cli.exit_codes import CommandError
from tipline_client.cli.files import ResultLines, new_file
from tipline_client.errors import ConfigurationError


def test_results_without_room(tmp_path: Path) -> None:
    """What was written before stays, and the way out names the option."""
    path = tmp_path / "results.jsonl"
    view = {"id": "one", "note": "x" * 100}
    with ResultLines(path) as results:
        results.add(view)
        with small_files(200), pytest.raises(ConfigurationError, match="cannot be written") as raised:
            results.add(view)

    assert "--results" in (raised.value.hint or "")
    assert view == json.loads(path.read_bytes().splitlines()[0])


def test_document_without_room(tmp_path: Path) -> None:
    """Half a document is none."""
    path = tmp_path / "receipt.json"

    with pytest.raises(CommandError) as raised, small_files(10), new_file(path) as file:
        file.write(b"x" * 100)

    assert "--out" in (raised.value.hint or "")
    assert not path.exists()


def test_results_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text("kept")

    with pytest.raises(CommandError, match="File exists"):
        ResultLines(path)

    assert "kept" == path.read_text()
