"""The scripts and files in `examples/` do what they say, started as a newcomer starts them."""

import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from examples.make_picture import draw_mug

from tests.docs.pages import ROOT
from tests.support import postgres
from tipline_client import profiles
from tipline_client.validation import read_submission

EXAMPLES = ROOT / "examples"


def run(script: str, folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLES / script), *arguments]
    ended = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=60)
    assert "" == ended.stderr
    return ended.stdout


def test_quickstart_run_twice(tmp_path: Path) -> None:
    """The first run files the report; the second shows the same receipt and files nothing."""
    first = run("quickstart.py", tmp_path).splitlines()

    second = run("quickstart.py", tmp_path).splitlines()

    assert "filed by this run: 1" == first[-1]
    assert "filed by this run: 0" == second[-1]
    assert first[-2] == second[-2]


def test_quickstart_in_an_event_loop(tmp_path: Path) -> None:
    """Five reports end with five receipts of different numbers."""
    printed = run("quickstart_async.py", tmp_path)

    numbers = [line.rpartition(" ")[2] for line in printed.splitlines()]

    assert 5 == len(set(numbers))


def test_decision_in_django(tmp_path: Path) -> None:
    """What is committed is filed, and what is rolled back leaves neither decision nor report."""
    printed = run("application/django_transaction.py", tmp_path).splitlines()

    assert ["decisions: 1", "filed: 1"] == printed


def test_decision_on_an_event_loop(tmp_path: Path) -> None:
    """A route commits decision and report together, answers the same again, and what it takes back is not there."""
    printed = run("application/fastapi_transaction.py", tmp_path).splitlines()

    assert ["the same: True", "withdrawn: 409, then 404", "filed: 1"] == printed


def test_decision_on_an_event_loop_in_a_server(tmp_path: Path) -> None:
    """The same in PostgreSQL, whose URL is the only difference."""
    server = postgres.required()
    server.empty_outbox()

    printed = run("application/fastapi_transaction.py", tmp_path, server.url()).splitlines()
    decisions = server.execute("SELECT * FROM moderation_decisions")
    server.execute("DROP TABLE moderation_decisions")

    assert ["the same: True", "withdrawn: 409, then 404", "filed: 1"] == printed
    assert [("case-1",)] == decisions


def test_picture_drawn_anew(tmp_path: Path) -> None:
    """The committed picture is the one that the script draws, pixel for pixel."""
    run("make_picture.py", tmp_path, "drawn.png")

    drawn = (tmp_path / "drawn.png").read_bytes()

    assert pixels((EXAMPLES / "mug.png").read_bytes()) == pixels(drawn) == pixels(draw_mug())


def test_example_without_a_test() -> None:
    """Every file among the examples is run, parsed or compared by a test that names it."""
    tests = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("*.py"))
    files = [file for file in EXAMPLES.rglob("*") if file.is_file() and "__pycache__" not in file.parts]

    left_out = [
        file
        for file in files
        if not re.search(rf"\b({re.escape(file.name)}|{re.escape(file.stem)})\b", tests)
        # The units of systemd are found by their extension.
        and not (file.suffix != ".py" and f'"*{file.suffix}"' in tests)
    ]

    assert [] == left_out
    assert len(files) > 10


def pixels(png: bytes) -> bytes:
    """The rows of a picture; compressors of different versions may write them differently."""
    size = int.from_bytes(png[png.index(b"IDAT") - 4 : png.index(b"IDAT")])
    start = png.index(b"IDAT") + 4
    return zlib.decompress(png[start : start + size])


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.json")), ids=lambda file: file.name)
def test_submission_file_among_the_examples(file: Path) -> None:
    """It is acceptable without a single issue, and its evidence lies beside it."""
    result = read_submission(file.read_bytes(), profile=profiles.mock("http://127.0.0.1:8765/ispws"))

    assert () == result.issues
    assert result.submission is not None
    assert [True] == [(EXAMPLES / str(item.path)).is_file() for item in result.submission.evidence]
