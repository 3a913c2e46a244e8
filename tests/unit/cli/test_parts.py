"""The small parts of the command line: codes, words, lines, samples, bars."""

import json
import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tipline_client import errors
from tipline_client.bulk.evidence_paths import check_evidence
from tipline_client.cli import main
from tipline_client.cli.bars import bars
from tipline_client.cli.exit_codes import CommandError, ExitCode, exit_code_for
from tipline_client.cli.fault_words import read_words
from tipline_client.cli.output import Output, columns, error_view, printable
from tipline_client.cli.queueing import worst
from tipline_client.cli.sample import gradient_png, sample_submission
from tipline_client.cli.submissions import FileRules, read_each, read_files
from tipline_client.cli.views import span
from tipline_client.delivery.checkpoint import Intent
from tipline_client.delivery.steps import Step
from tipline_client.mock import faults
from tipline_client.validation import read_submission

EXPECTED = {
    "ConfigurationError": ExitCode.CONFIGURATION,
    "KeyUnavailableError": ExitCode.CONFIGURATION,
    "ReportInvalidError": ExitCode.BAD_INPUT,
    "EnvelopeError": ExitCode.NOT_VERIFIED,
    "UnknownSignerError": ExitCode.NOT_VERIFIED,
    "EvidenceError": ExitCode.BAD_INPUT,
    "EvidenceUnavailableError": ExitCode.BAD_INPUT,
    "DuplicateKeyError": ExitCode.BAD_INPUT,
    "EntryNotFoundError": ExitCode.BAD_INPUT,
    "FiledTwiceError": ExitCode.FILED_TWICE,
    "HoldRunningError": ExitCode.BAD_INPUT,
    "LeaseLostError": ExitCode.WAITING,
    "ReportTakenError": ExitCode.BAD_INPUT,
    "IllegalTransitionError": ExitCode.BAD_INPUT,
    "UnreadableRowError": ExitCode.NOT_VERIFIED,
    "OutboxClosedError": ExitCode.OUTBOX_UNAVAILABLE,
    "OutboxInDoubtError": ExitCode.OUTBOX_UNAVAILABLE,
    "OutboxUnavailableError": ExitCode.OUTBOX_UNAVAILABLE,
    "DeliveryTransientError": ExitCode.WAITING,
    "DeliveryRejectedError": ExitCode.GIVEN_UP,
    "DeliveryInDoubtError": ExitCode.WAITING,
}


@pytest.mark.parametrize(("name", "expected"), EXPECTED.items())
def test_error_and_its_exit_code(name: str, expected: ExitCode) -> None:
    """Each error of the library ends in its documented code."""
    kind = getattr(errors, name)
    arguments = {"DuplicateKeyError": {"entry_id": "x"}}.get(name, {})
    error = kind([] if name == "ReportInvalidError" else "words", **arguments)

    assert expected == exit_code_for(error)


def test_every_error_has_a_code() -> None:
    """No error was added without deciding how a command ends with it."""
    bases = {"TiplineError", "OutboxError", "DeliveryError"}
    named = {name for name in errors.__all__ if name.endswith("Error")} - bases

    assert named == set(EXPECTED)


def test_worst_of_several() -> None:
    """The code that matters most to a person stands for all."""
    assert ExitCode.BAD_INPUT == worst([ExitCode.OK, ExitCode.WAITING, ExitCode.BAD_INPUT, ExitCode.GIVEN_UP])
    assert ExitCode.GIVEN_UP == worst([ExitCode.WAITING, ExitCode.GIVEN_UP])
    assert ExitCode.OK == worst([])


def test_error_as_json() -> None:
    """Class, message, hint and what the error carries."""
    error = errors.DeliveryTransientError("words", step="finish", code=1000, request_id="r-1")

    view = error_view(error)

    assert ("DeliveryTransientError", "words", "finish", 1000, "r-1") == tuple(
        view[name] for name in ("class", "message", "step", "code", "requestId")
    )


@pytest.mark.parametrize(
    ("text", "shown"), [("plain ☕", "plain ☕"), ("\x1b[2J", "\\x1b[2J"), ("a\u202eb", "a\\u202eb"), ("a\nb", "a\\nb")]
)
def test_printable(text: str, shown: str) -> None:
    """What could move a terminal's cursor is escaped."""
    assert shown == printable(text)


def test_columns() -> None:
    """Cells stand under each other, without white space at the end."""
    assert ["a    b", "ccc  d"] == columns([("a", "b"), ("ccc", "d")])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3 * 3600 + 720, "3 h 12 min"), (200_000, "2 d 7 h")],
)
def test_span(seconds: int, words: str) -> None:
    """Two units are enough."""
    assert words == span(timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("words", "step", "fault"),
    [
        ("finish:lost_reply", "finish", faults.lost_reply()),
        ("submit:status=502", "submit", faults.status(502)),
        ("upload:slow=0.5", "upload", faults.slow(0.5)),
        ('{"step": "finish", "fault": "code", "code": 4100}', "finish", faults.code(4100)),
    ],
)
def test_fault_in_words(words: str, step: str, fault: object) -> None:
    """Both spellings lead to the same fault as the constructors."""
    read = read_words(words)

    assert (step, fault) == (read.step, read.fault)


def test_gradient_is_a_picture() -> None:
    """Its chunks are whole, and it has as many pixels as it says."""
    data = gradient_png(width=3, height=2)

    size = struct.unpack(">I", data[33:37])[0]
    assert b"\x89PNG\r\n\x1a\n" == data[:8]
    assert (3, 2) == struct.unpack(">II", data[16:24])
    assert 2 * (1 + 3 * 3) == len(zlib.decompress(data[41 : 41 + size]))


def test_sample_has_no_issue() -> None:
    """The sample that newcomers see first is one without warnings."""
    from tipline_client import profiles

    profile = profiles.mock("http://127.0.0.1:8765/ispws")

    result = read_submission(sample_submission(key="a", picture="a.png"), profile=profile)

    assert () == result.issues


@pytest.mark.parametrize(
    ("evidence", "found"),
    [
        ('{"path": "there.txt"}', []),
        ('[{"path": "there.txt"}, {"path": "gone.txt"}]', [("evidence[1].path", "evidence-file-missing")]),
        ('[{"path": "."}]', [("evidence[0].path", "evidence-not-a-file")]),
        ('[{"path": "there.txt/x"}]', [("evidence[0].path", "evidence-unreadable")]),
        ('[{"path": "a\\u0000b"}]', [("evidence[0].path", "evidence-unreadable")]),
        ('[{"path": "\\ud800"}]', [("evidence[0].path", "evidence-unreadable")]),
        ("[{}]", [("evidence[0].path", "evidence-path-missing")]),
        ('[{"path": 3}, 4, null]', []),
        ('[{"url": "s3://desk/mug.jpg"}]', []),
        ('[{"path": "there.txt", "url": "s3://desk/mug.jpg"}]', [("evidence[0].url", "evidence-path-and-url")]),
        ('[{"path": null, "url": null}]', [("evidence[0].path", "evidence-path-missing")]),
        ('[{"url": "https://example.com/mug.jpg"}]', [("evidence[0].url", "evidence-url")]),
        ('[{"url": "s3://user:planted@desk/mug.jpg"}]', [("evidence[0].url", "evidence-url")]),
        ('[{"url": "file:///gone.jpg"}]', [("evidence[0].url", "evidence-file-missing")]),
        ('[{"url": "file:///tmp"}]', [("evidence[0].url", "evidence-not-a-file")]),
        ('[{"url": 3}]', []),
        ("[", []),
    ],
)
def test_paths_of_evidence(tmp_path: Path, evidence: str, found: list[tuple[str, str]]) -> None:
    """Each unusable file is an issue at its item; what is no path at all is the types' business."""
    (tmp_path / "there.txt").write_text("x")

    issues = check_evidence(f'{{"evidence": {evidence}}}'.encode(), folder=tmp_path)

    assert found == [(issue.path, issue.rule) for issue in issues]
    assert "planted" not in "".join(issue.message for issue in issues)


def _lines(folder: Path, *contents: dict[str, Any]) -> Path:
    path = folder / "cases.jsonl"
    path.write_text("".join(json.dumps(content) + "\n" for content in contents))
    return path


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"knownAt": "2026-01-05T09:00:00Z"}, True),
        ({"evidence": [{"path": "copy/mug.png"}]}, True),
        ({"evidence": [{"path": "other/mug.png"}]}, False),
        ({"evidence": [{"path": "cup.png"}]}, False),
        ({"evidence": []}, False),
        ({"evidence": [{"path": "mug.png", "details": {"fileViewedByEsp": True}}]}, False),
    ],
)
def test_key_of_another_line(tmp_path: Path, changes: dict[str, Any], is_same: bool) -> None:
    """One key for two contents is an error of the second line, and of it alone; the same content again is none."""
    for name, text in {"mug": "x", "copy/mug": "x", "other/mug": "y", "cup": "x"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.png").write_text(text)
    first = sample_submission(key="a", picture="mug.png") | {"evidence": [{"path": "mug.png"}]}

    [read] = read_files([str(_lines(tmp_path, first, first | changes, first))], rules=FileRules())

    rules = [[issue.rule for issue in prepared.issues] for prepared in read.submissions]
    assert is_same is read.is_acceptable
    assert [False, not is_same, False] == ["key-of-another-line" in found for found in rules]


def test_same_line_with_an_object_in_a_store(tmp_path: Path) -> None:
    """Of an object nothing is known here, and the same URL is no other content."""
    line = sample_submission(key="a", picture="mug.png") | {"evidence": [{"url": "s3://desk/mug.png"}]}

    [read] = read_files([str(_lines(tmp_path, line, line))], rules=FileRules())

    assert [True, True] == [prepared.is_acceptable for prepared in read.submissions]


def test_lines_one_at_a_time(tmp_path: Path) -> None:
    """A line is read when it is asked for, and not before."""
    path = _lines(tmp_path, {}, {})

    found = read_each([str(path)], rules=FileRules())
    first = next(found).source
    path.write_bytes(path.read_bytes() + b"nonsense\n")
    rest = [prepared.source for prepared in found]

    assert [f"{path}:{number}" for number in (1, 2, 3)] == [first, *rest]


@pytest.mark.parametrize("shape", [[], ["--json"]])
def test_many_lines_in_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shape: list[str]) -> None:
    """What validating needs does not grow with the file, nor with what is found in it."""
    path = tmp_path / "cases.jsonl"
    path.write_bytes((b"x" * 4000 + b"\n") * 2000)
    few = tmp_path / "few.jsonl"
    few.write_bytes(b"{}\n{}\n")
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr("sys.stdout", out)
        main(["validate", str(few), *shape])  # what is imported for it is not what it holds
        tracemalloc.start()
        try:
            code = main(["validate", str(path), *shape])
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert ExitCode.BAD_INPUT == code
    # The file has 8 MB.
    assert 3_000_000 > peak


@pytest.mark.parametrize("documents", [[], [{"a": [1, "x\n"]}], [{}, {"b": {"c": "☕"}}, []]])
def test_array_of_any_length(documents: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Written part by part it is, to the letter, the array that is written at once."""
    output = Output(as_json=True)

    output.finish(documents)
    at_once = capsys.readouterr().out
    output.finish_each((document, ["a line"]) for document in documents)

    assert at_once == capsys.readouterr().out


def test_array_that_is_cut_off(capsys: pytest.CaptureFixture[str]) -> None:
    """What went wrong on the way leaves the document of the error alone."""

    def parts() -> Iterator[tuple[Any, list[str]]]:
        yield {}, []
        raise CommandError("words")

    with pytest.raises(CommandError):
        Output(as_json=True).finish_each(parts())

    assert "" == capsys.readouterr().out


def test_lines_with_blank_ones_and_a_mark(tmp_path: Path) -> None:
    """A byte-order mark and blank lines are passed over; numbers are those of the file."""
    path = tmp_path / "cases.jsonl"
    path.write_bytes(b"\xef\xbb\xbf{}\n\n  \n{}\r\n")

    [read] = read_files([str(path)], rules=FileRules())

    assert [f"{path}:1", f"{path}:4"] == [prepared.source for prepared in read.submissions]
    assert (True, False) == (read.is_lines, read.is_acceptable)


def test_no_file() -> None:
    """Asking for nothing is a mistake."""
    with pytest.raises(CommandError):
        read_files([], rules=FileRules())


def test_bars_follow_steps_and_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    """Bars take every event, also the same file again."""
    with bars() as shown:
        shown.on_step("0123456789", Intent(Step.SUBMIT, datetime(2026, 1, 5, tzinfo=UTC)))
        shown.on_step("0123456789", Intent(Step.UPLOAD, datetime(2026, 1, 5, tzinfo=UTC), 0))
        shown.on_bytes("0123456789", 0, 10, 20)
        shown.on_bytes("0123456789", 0, 20, 20)
        tasks = [(task.description, task.completed, task.total) for task in shown.progress.tasks]

    assert [("01234567 upload", 0, None), ("01234567 evidence[0]", 20, 20)] == tasks
