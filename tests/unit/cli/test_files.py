"""Files of results on a disk that has no room left."""

import json
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tipline_client.cli.exit_codes import CommandError
from tipline_client.cli.files import ResultLines, new_file
from tipline_client.errors import ConfigurationError


@contextmanager
def _room_for(count: int) -> Iterator[None]:
    """Let no file grow beyond this many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_results_without_room(tmp_path: Path) -> None:
    """What was written before stays, and the way out names the option."""
    path = tmp_path / "results.jsonl"
    view = {"id": "one", "note": "x" * 100}
    with ResultLines(path) as results:
        results.add(view)
        with _room_for(200), pytest.raises(ConfigurationError, match="cannot be written") as raised:
            results.add(view)

    assert "--results" in (raised.value.hint or "")
    assert view == json.loads(path.read_bytes().splitlines()[0])


def test_document_without_room(tmp_path: Path) -> None:
    """Half a document is none."""
    path = tmp_path / "receipt.json"

    with pytest.raises(CommandError) as raised, _room_for(10), new_file(path) as file:
        file.write(b"x" * 100)

    assert "--out" in (raised.value.hint or "")
    assert not path.exists()


def test_results_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text("kept")

    with pytest.raises(CommandError, match="File exists"):
        ResultLines(path)

    assert "kept" == path.read_text()
