"""What the command says of small mistakes has the way out in it."""

import json
import os
from pathlib import Path

import pytest

from tests.acceptance.test_cli_wrong_user import ENDPOINT, SUBMISSION
from tipline_client import Evidence, Submission, TiplineClient
from tipline_client.cli.running import run
from tipline_client.errors import EvidenceError
from tipline_client.evidence.origins import PathOrigin
from tipline_client.mock import MockEndpoint
from tipline_client.profiles import mock


@pytest.mark.parametrize(("verb", "name"), [("show", "ENTRY"), ("completion", "SHELL")])
def test_missing_argument(verb: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It has the name that the help gives it, and is no option."""
    assert run([verb]) == 2

    said = capsys.readouterr().err
    assert name in said
    assert f"--{name.lower()}" not in said


def test_empty_list_of_regimes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It does not mean a law that was not asked for."""
    monkeypatch.setenv("TIPLINE_REGIMES", "")

    assert run(["status"]) == 5
    assert "no regime is named" in capsys.readouterr().err


def test_help_of_a_verb(capsys: pytest.CaptureFixture[str]) -> None:
    """All variables and codes are said once, by the command itself."""
    run(["show", "--help"])
    of_verb = capsys.readouterr().out
    run(["--help"])
    of_command = capsys.readouterr().out

    assert "TIPLINE_KEY_PROVIDER" not in of_verb
    assert "tipline --help" in of_verb
    assert "TIPLINE_KEY_PROVIDER" in of_command
    assert "141 reader gone" in " ".join(of_command.split())


def test_long_text_of_a_verb(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A paragraph is broken for the terminal alone: only its last line, or one before a long word, is short."""
    monkeypatch.setenv("COLUMNS", "80")

    run(["enqueue", "--help"])

    said = capsys.readouterr().out.partition("A .jsonl file")[2].partition("\n\n")[0].splitlines()
    assert len(said) > 2
    assert min(len(line) for line in said[1:-1]) > 50


def test_evidence_that_is_no_file(tmp_path: Path) -> None:
    """Nobody is told to restore a folder or a pipe unchanged."""
    os.mkfifo(tmp_path / "pipe")

    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(EvidenceError) as raised:
            PathOrigin(str(path)).open()

        assert "Restore" not in raised.value.hint


def test_empty_file_as_evidence(tmp_path: Path) -> None:
    """It cannot be filed, whatever is restored."""
    (tmp_path / "mug.bin").touch()
    report = Submission.model_validate(SUBMISSION).report

    with (
        TiplineClient.open(tmp_path / "desk", profile=mock(ENDPOINT)) as client,
        pytest.raises(EvidenceError) as raised,
    ):
        client.enqueue(report, evidence=[Evidence.from_path(tmp_path / "mug.bin")])

    assert "Restore" not in raised.value.hint


def test_page_of_a_receipt_as_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One JSON document, as every verb writes with this option."""
    monkeypatch.chdir(tmp_path)
    Path("case.json").write_text(json.dumps(SUBMISSION), encoding="utf-8")
    with MockEndpoint() as endpoint:
        monkeypatch.setenv("TIPLINE_ENDPOINT", endpoint.profile.base_url)
        assert run(["submit", "case.json"]) == 0
    capsys.readouterr()

    assert run(["receipts", "render", "case-4711", "--json"]) == 0

    assert "report" in json.loads(capsys.readouterr().out)["page"]
