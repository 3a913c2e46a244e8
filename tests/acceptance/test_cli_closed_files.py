"""A file of the command line that this user may not read or write is a result of its own; the others go on."""

import json
from pathlib import Path

import anyio
import pytest

from tests.acceptance.test_cli_wrong_user import ENDPOINT, SUBMISSION, said_by
from tests.support.powerless import close
from tipline_client.home import Home


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of somebody else, with a submission in it; two that may be read are in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIPLINE_HOME", "desk")
    monkeypatch.setenv("TIPLINE_ENDPOINT", ENDPOINT)
    Home("desk").create()
    anyio.run(Home("desk").open_outbox().close)
    folder = tmp_path / "closed"
    folder.mkdir()
    for path, key in ((tmp_path / "a.json", "a"), (folder / "x.json", "x"), (tmp_path / "b.json", "b")):
        path.write_text(json.dumps({**SUBMISSION, "idempotencyKey": key}), encoding="utf-8")
    close(folder)
    return folder


def test_one_of_several_submissions(closed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 2 and names the folder; the others are queued."""
    code, said = said_by(["enqueue", "a.json", str(closed / "x.json"), "b.json"], capsys)
    _, listed = said_by(["list", "--json"], capsys)

    assert code == 2
    assert f"the folder {closed} is closed to the user" in said
    assert [entry["idempotencyKey"] for entry in json.loads(listed)] == ["a", "b"]


@pytest.mark.parametrize("verb", ["validate", "render", "enqueue", "submit"])
@pytest.mark.parametrize("name", ["x.json", "x.jsonl", ""])
def test_submission_alone(verb: str, name: str, closed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As bad as any other input."""
    code, said = said_by([verb, str(closed / name)], capsys)

    assert code == 2
    assert f"the folder {closed} is closed to the user" in said


@pytest.mark.parametrize(
    "words",
    [
        "enqueue a.json --rejects {}/rejects.jsonl",
        "enqueue a.json --results {}/results.jsonl",
        "verify {}/receipt.json",
        "receipts export --all --out {}/receipts",
    ],
)
def test_other_files(words: str, closed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The place is named, and nothing ends as an error that the program does not know."""
    code, said = said_by(words.format(closed).split(), capsys)

    assert code in {2, 5, 7}
    assert f"the folder {closed} is closed to the user" in said


@pytest.mark.parametrize("words", ["map check cases.csv --map {}/m.toml", "verify a.json --key {}/key.pem"])
def test_settings_in_a_file(words: str, closed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So is what belongs to the installation."""
    code, said = said_by(words.format(closed).split(), capsys)

    assert code == 5
    assert f"the folder {closed} is closed to the user" in said
