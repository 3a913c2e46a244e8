"""What belongs to another user is named with its owner and the way out, and never taken for a missing or new one."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.powerless import close, powerless
from tipline_client import TiplineClient
from tipline_client.cli.running import run
from tipline_client.errors import ConfigurationError
from tipline_client.home import Home
from tipline_client.profiles import mock

ENDPOINT = "http://127.0.0.1:9/ispws"
SUBMISSION = {
    "idempotencyKey": "case-4711",
    "report": {
        "incidentSummary": {"incidentType": "Misleading Domain Name", "incidentDateTime": "2026-01-05T08:30:00Z"},
        "internetDetails": [{"webPageIncident": {"url": ["https://www.example.com/page"]}}],
        "reporter": {"reportingPerson": {"firstName": "Zoë", "email": ["safety@example.com"]}},
    },
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of one's own, and a submission beside it, in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIPLINE_HOME", "desk")
    monkeypatch.setenv("TIPLINE_ENDPOINT", ENDPOINT)
    Home("desk").create()
    Path("case.json").write_text(json.dumps(SUBMISSION), encoding="utf-8")
    assert run(["enqueue", "case.json"]) == 0
    return Path("desk")


def said_by(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    capsys.readouterr()
    with powerless():
        code = run(words)
    written = capsys.readouterr()
    return code, written.out + written.err


VERBS = [
    "status",
    "list",
    "show case-4711",
    "dispatch",
    "init",
    "verify --all",
    "enqueue case.json",
    "submit case.json",
]


@pytest.mark.parametrize("verb", VERBS)
def test_home_of_another_user(verb: str, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No service manager starts it again; it names the folder, whose it is, and the way out."""
    close(desk)

    code, said = said_by(verb.split(), capsys)

    assert code == 5
    assert f"the folder {desk.absolute()} is closed to the user" in said
    if os.geteuid() == 0:
        assert "runuser -u nobody -- tipline" in said


def close_way_in(desk: Path) -> None:
    (desk / "keys").chmod(0o600)


@pytest.mark.parametrize("verb", ["dispatch", "init", "enqueue case.json"])
@pytest.mark.parametrize(
    "closing",
    [
        lambda desk: close(desk / "keys"),
        lambda desk: close(desk / "outbox.sqlite"),
        lambda desk: close(desk / "keys" / "checkpoints.key"),
        close_way_in,
    ],
    ids=["keys", "outbox", "secret", "keys-without-x"],
)
def test_part_of_a_home_of_another_user(
    closing: Callable[[Path], None], verb: str, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is told to bring what is there; it is closed, and whoever restarts it would see the same again."""
    closing(desk)

    code, said = said_by(verb.split(), capsys)

    assert code == 5 or (verb == "init" and code == 0)
    assert "unexpected" not in said
    assert "is no home" not in said
    assert "holds an outbox but no keys" not in said
    if code:
        assert "is closed to the user" in said


def test_closed_keys_of_a_home_that_is_looked_into(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What needs no key to look needs no right to the keys either."""
    close(desk / "keys")

    code, said = said_by(["list"], capsys)

    assert (code, "case-4711" in said) == (0, True)


def test_closed_master_keys(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are not taken for keys that are not there."""
    close(desk / "keys" / "master")

    code, said = said_by(["dispatch", "--drain"], capsys)

    assert code == 5
    assert "keys/master is closed to the user" in said


def test_closed_evidence(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is queued, and the folder of evidence is named."""
    Path("mug.bin").write_bytes(b"a mug")
    Path("mug.json").write_text(json.dumps({**SUBMISSION, "idempotencyKey": "b", "evidence": [{"path": "mug.bin"}]}))
    (desk / "evidence").mkdir(exist_ok=True)
    close(desk / "evidence")

    code, said = said_by(["enqueue", "mug.json"], capsys)

    assert code == 5
    assert f"the folder {desk.absolute() / 'evidence'} is closed to the user" in said


def test_home_below_a_closed_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither made nor taken for missing, and the folder that is in the way is the one that is named."""
    monkeypatch.setenv("TIPLINE_ENDPOINT", ENDPOINT)
    (tmp_path / "closed").mkdir()
    close(tmp_path / "closed")

    for verb in ("init", "status", "dispatch"):
        code, said = said_by([verb, "--home", str(tmp_path / "closed" / "desk")], capsys)

        assert code == 5
        assert f"the folder {tmp_path / 'closed'} is closed to the user" in said


def test_working_folder_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after `runuser` in the folder of root: a relative home is below it."""
    (tmp_path / "closed").mkdir()
    monkeypatch.chdir(tmp_path / "closed")
    close(tmp_path / "closed")

    code, said = said_by(["status"], capsys)

    assert code == 5
    assert f"the folder {tmp_path / 'closed'} is closed to the user" in said


def test_client_of_another_user(desk: Path) -> None:
    """The Python door says it with the error that its reference promises."""
    close(desk)

    with powerless(), pytest.raises(ConfigurationError, match="cannot be used as a home"):
        TiplineClient.open(desk, profile=mock(ENDPOINT))


def test_doctor_in_the_home_of_another_user(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends as it does with every problem, with the rest looked at."""
    close(desk)

    code, said = said_by(["doctor", "--offline"], capsys)

    assert code == 8
    assert "PROBLEM  keys: desk cannot be used as a home" in said
    assert "would file to" in said
    assert "skipped  outbox: desk may not be looked into by this user" in said
    assert (
        f"PROBLEM  setting file: desk/tipline.toml: Permission denied: the folder {desk.absolute()} is closed" in said
    )
    assert "there is no home" not in said
    assert "schema fetch" not in said


NEED_NO_HOME = ["validate case.json", "render case.json", "map check table.csv --map map.toml"]


@pytest.mark.parametrize("words", NEED_NO_HOME)
def test_verb_that_needs_no_home(
    words: str, desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It does its work, and says what of the home it left out; a secret that it does not use may be closed too."""
    Path("table.csv").write_text("key\ncase-4712\n", encoding="utf-8")
    Path("map.toml").write_text('line_breaks = []\n[columns]\nkey = "idempotencyKey"\n')
    (desk / "password").write_text("x", encoding="utf-8")
    monkeypatch.setenv("TIPLINE_PASSWORD_FILE", "desk/password")
    close(desk)

    code, said = said_by(words.split(), capsys)

    assert code == (2 if words.startswith("map") else 0)
    assert "warning: desk is closed, so settings and the endpoint's schema in it are left out" in said
    assert f"the folder {desk.absolute()} is closed to the user" in said
    assert "case-4712" in said or not words.startswith("map")


def test_verb_that_needs_no_home_in_one_that_is_open(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said of the home."""
    code, said = said_by(["validate", "case.json"], capsys)

    assert (code, "warning: desk" in said) == (0, False)


def test_receipt_beside_a_home_of_another_user(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It can be verified with a public key alone, and that is what is said."""
    monkeypatch.setenv("TIPLINE_PASSWORD_FILE", "desk/password")
    public = next((desk / "keys").glob("*.public.pem"))
    Path("operator.public.pem").write_bytes(public.read_bytes())
    Path("receipt.json").write_text("{}", encoding="utf-8")
    close(desk)

    code, said = said_by(["verify", "receipt.json"], capsys)
    code_with_key, said_with_key = said_by(["verify", "receipt.json", "--key", "operator.public.pem"], capsys)

    assert (code, code_with_key) == (5, 7)
    assert "Receipts need no home: give the public key of whoever signed, --key PUBLIC.pem." in said
    assert "NOT VERIFIED  receipt.json" in said_with_key


def test_folder_of_a_user_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that nobody has is a wrong setting."""
    code, said = said_by(["status", "--home", "~no-such-user-here/desk"], capsys)

    assert code == 5
    assert "Write the folder out" in said
