"""How far a bulk run is: in words, as lines, and as a bar."""

import sys

import pytest

from tipline_client.cli import bulk_progress
from tipline_client.cli.bulk_progress import progress_words, watching_bulk
from tipline_client.cli.output import Output


@pytest.mark.parametrize(
    ("position", "size", "words"),
    [
        (250, 1000, "50/s, about 30 s left"),
        (10, 1000, "50/s, about 16 min left"),
        (250, None, "50/s"),
        (0, 1000, "50/s"),
    ],
)
def test_rate_and_time_left(position: int, size: int | None, words: str) -> None:
    """The rate is what is done, the time left is reckoned from how far that is; without a size there is none."""
    assert words == progress_words(500, position, size, seconds=10)


@pytest.mark.parametrize(("as_json", "is_terminal"), [(False, False), (True, False), (True, True)])
def test_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, as_json: bool, is_terminal: bool
) -> None:
    """Without a terminal, or where a program reads the result: a line now and then, on standard error alone."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    clock = iter(range(0, 100, 4))

    with watching_bulk(Output(as_json=as_json), clock=lambda: float(next(clock))) as told:
        for done in range(1, 6):
            told("cases.jsonl", f"{done} queued", done, done, 10)

    out, err = capsys.readouterr()
    assert "" == out
    assert ["cases.jsonl: 3 done, 0/s, about 19 s left: 3 queued"] == err.splitlines()[:1]


def test_time_left_where_the_first_lines_are_the_longest(capsys: pytest.CaptureFixture[str]) -> None:
    """It goes by the latest half a minute, not by what was long ago."""
    clock = iter([0.0, *(float(second) for second in range(60))])

    with watching_bulk(Output(as_json=False), clock=lambda: next(clock)) as told:
        for second in range(60):
            told("cases.jsonl", "", second, 1_000_000 + second, 1_000_600)

    said = capsys.readouterr().err.splitlines()
    assert "about 0 s left" in said[0]
    assert "cases.jsonl: 55 done, 1/s, about 9 min left: " == said[-1]


def test_bar_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar names the source and its numbers, on standard error alone."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(bulk_progress, "_REFRESH", 0.0)

    with watching_bulk(Output(as_json=False)) as told:
        for done in (5, 6):
            told("cases.jsonl", f"{done} queued", done, done, 10)

    out, err = capsys.readouterr()
    assert "" == out
    assert "cases.jsonl" in err
    assert "6 queued" in err
