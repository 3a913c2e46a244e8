"""Whether standard input holds one submission or one in each line: no bad line makes it the other."""

import json
import os
import threading
import time
from collections.abc import Iterator

import pytest

from tipline_client.bulk import LineSource
from tipline_client.cli.arguments import STDIN
from tipline_client.cli.bulk_sources import bulk_sources

WHOLE = json.dumps({"report": {"incidentSummary": {}}, "evidence": [{"path": "mug.jpg"}]})
PRETTY = json.dumps(json.loads(WHOLE), indent=2)


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The writing end of a pipe that is standard input."""
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield writing


@pytest.mark.parametrize(
    "text",
    [
        f"{WHOLE}\n{WHOLE}\n",
        f"\n\n{WHOLE}\r\n\n{WHOLE}",
        f"a line that is none\n{WHOLE}\n",
        f'{{"report":\n{WHOLE}\n',
        f"{WHOLE}\nand then nothing good\n",
        "bad\n" * 40 + f"{WHOLE}\n",
        f"\ufeff{WHOLE}\n{WHOLE}\n",
    ],
)
def test_submission_a_line(text: str, piped: int) -> None:
    """What was looked at is read again, from the first byte on."""
    os.write(piped, text.encode())
    os.close(piped)

    sources = bulk_sources([STDIN], is_bulk=False)

    assert sources is not None
    [source] = sources
    assert isinstance(source, LineSource)
    assert text.encode() == b"".join(item.raw for item in source.items()) or text.startswith("\n")


@pytest.mark.parametrize(
    "text", [WHOLE, f"{WHOLE}\n", f"{WHOLE}\n\n\n", PRETTY, "{\n" + "x\n" * 200, "garbage", "", f"[{WHOLE},\n{WHOLE}]"]
)
def test_single_submission(text: str, piped: int) -> None:
    """It is left to whoever reads a single one, whole."""
    os.write(piped, text.encode())
    os.close(piped)

    assert bulk_sources([STDIN], is_bulk=False) is None
    import sys

    assert text == sys.stdin.read()


def test_line_that_nothing_follows(piped: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is handed in while the pipe stands open, and what comes later is a line too."""
    monkeypatch.setattr("tipline_client.cli.bulk_sources._PATIENCE", 0.05)
    os.write(piped, f"{WHOLE}\n".encode())

    sources = bulk_sources([STDIN], is_bulk=False)

    assert sources is not None
    os.write(piped, f"{WHOLE}\n".encode())
    os.close(piped)
    assert 2 == len(list(sources[0].items()))


def test_rest_that_comes_a_moment_later(piped: int) -> None:
    """A single submission whose end is on its way is no line."""

    def finish() -> None:
        time.sleep(0.05)
        os.close(piped)

    os.write(piped, f"{WHOLE}\n".encode())
    closing = threading.Thread(target=finish)
    closing.start()

    assert bulk_sources([STDIN], is_bulk=False) is None
    closing.join()
