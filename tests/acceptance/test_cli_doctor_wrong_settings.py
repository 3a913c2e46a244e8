"""`doctor` names every setting that is wrong, looks at all the rest, and ends with 8."""

from pathlib import Path

import pytest

from tipline_client.cli.running import run
from tipline_client.home import Home


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, with nothing said of it but where it is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIPLINE_HOME", "desk")
    monkeypatch.setenv("TIPLINE_ENDPOINT", "http://127.0.0.1:9/ispws")
    Home("desk").create()
    return Path("desk")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PASSWORD_FILE", "missing.txt", "the password file missing.txt: No such file"),
        ("ENDPOINT", "productoin", "there is no endpoint 'productoin'"),
        ("SLOTS", "many", "slots must be a whole number"),
        ("KEEP_FREE", "some", "keep_free"),
        ("REGISTERED_ESP", "perhaps", "TIPLINE_REGISTERED_ESP is neither yes nor no"),
        ("READS_CONTENT", "perhaps", "TIPLINE_READS_CONTENT is neither yes nor no"),
        ("OUTBOX_FILE", "missing.txt", "the outbox file missing.txt: No such file"),
        ("MASTER_KEY_FILE", "missing.txt", "the master_key file missing.txt: No such file"),
        ("REGIMES", "mars", "regimes (TIPLINE_REGIMES)"),
        ("FILE_WITHIN", "soon", "file_within"),
        ("HOME", "~no-such-user-here/desk", "~no-such-user-here/desk"),
        ("CONFIG", "missing.toml", "missing.toml: No such file"),
    ],
)
def test_one_wrong_setting(
    name: str,
    value: str,
    words: str,
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It is a problem among the others, and no hint leads back to where one is already."""
    monkeypatch.setenv(f"TIPLINE_{name}", value)

    code = run(["doctor", "--offline"])

    said = capsys.readouterr().out
    assert code == 8
    assert words in said
    assert "setting username" in said
    assert "tipline doctor" not in said
    if name not in {"HOME", "MASTER_KEY_FILE"}:
        assert "ok       keys:" in said


def test_several_wrong_settings(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is named, wherever it stands; the good ones of the same file are in force."""
    monkeypatch.setenv("TIPLINE_SLOTS", "many")
    monkeypatch.setenv("TIPLINE_PASSWORD_FILE", "missing.txt")
    Path("tipline.toml").write_text('slotss = 4\nactor = 5\nkeep_free = "512MiB"\n', encoding="utf-8")

    code = run(["doctor", "--offline"])

    said = capsys.readouterr().out
    assert code == 8
    for words in ("'slotss'", "actor must be text", "slots must be", "password file", "keep_free: 512"):
        assert words in said
    for name in ("slots", "actor", "password"):
        assert f"ok       setting {name}:" not in said


def test_both_durations_wrong(desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One does not hide the other, and neither is shown with its default."""
    monkeypatch.setenv("TIPLINE_FILE_WITHIN", "soon")
    monkeypatch.setenv("TIPLINE_WARN_BEFORE", "never")

    run(["doctor", "--offline"])

    said = capsys.readouterr().out
    for name in ("file_within", "warn_before"):
        assert f"PROBLEM  setting {name}: {name} (TIPLINE_{name.upper()})" in said
        assert f"ok       setting {name}" not in said


@pytest.mark.parametrize("table", ["[nonsense]", "[[nonsense]]"])
def test_section_that_is_none(table: str, desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A section is no misspelt setting; what sections there are is said."""
    Path("tipline.toml").write_text(f"{table}\nslots = 4\n", encoding="utf-8")

    run(["doctor", "--offline"])

    said = capsys.readouterr().out
    assert "there is no section [nonsense]" in said
    assert "The sections are [reporter] and [credentials.NAME]" in said
    assert "Did you mean" not in said


def test_file_that_cannot_be_read(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What may stand in it is not known, and not shown as left at its default."""
    Path("tipline.toml").write_text("slots = \n", encoding="utf-8")

    run(["doctor", "--offline"])

    said = capsys.readouterr().out
    assert "PROBLEM  setting file: tipline.toml: no TOML" in said
    assert "skipped  setting slots: not known" in said
    assert "ok       setting home: desk (TIPLINE_HOME)" in said


def test_outbox_that_is_not_known(
    desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file in the home is not taken for it, nor made."""
    monkeypatch.setenv("TIPLINE_OUTBOX_FILE", "missing.txt")

    run(["doctor", "--offline"])

    assert "skipped  outbox: settings have to be put right first" in capsys.readouterr().out
    assert not (desk / "outbox.sqlite").exists()


def test_other_verbs(desk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """They still stop at the first."""
    monkeypatch.setenv("TIPLINE_SLOTS", "many")

    assert run(["dispatch", "--drain"]) == 5
