"""The page on backups is run as it stands: a copy is made while the outbox is open, and opened on another place."""

import os
import runpy
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.machine import Machine, shell_block
from tests.docs.pages import ROOT
from tests.support.powerless import close, powerless
from tipline_client import TiplineClient, profiles
from tipline_client.testing import factories

PAGE = "docs/operations/backups.md"
ONE_HOST_PAGE = "docs/hosts/service.md"
PROGRAM = ROOT / "examples" / "service" / "backup.py"
PROFILE = profiles.mock("http://127.0.0.1:1/ispws")


def queue_one(client: TiplineClient) -> None:
    """Queue a report with a file."""
    client.enqueue(factories.report(), evidence=[factories.evidence()])


def back_up(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run the program of the page by itself."""
    words = [sys.executable, str(PROGRAM), *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def open_to_others(folder: Path) -> list[Path]:
    """What others than the owner could read there."""
    return [path for path in (folder, *folder.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077]


@pytest.mark.slow
def test_copy_of_the_page(tmp_path: Path) -> None:
    """What was queued a moment ago is in the copy, while a program has the outbox open, and the copy verifies."""
    machine = Machine(tmp_path / "host")
    machine.place("/var/backups").mkdir()
    for begins in ("useradd", "cd /var/lib/tipline"):
        machine.run(shell_block(ONE_HOST_PAGE, begins).code)
    with TiplineClient.open(machine.place("/var/lib/tipline"), profile=PROFILE) as client:
        queue_one(client)
        log = machine.place("/var/lib/tipline/outbox.sqlite-wal")
        assert log.stat().st_size > 0, "nothing is in the log, so a copy of the file alone would do"
        machine.run(shell_block(PAGE, "install --mode=0644").code)
        copying = shell_block(PAGE, "cd /var/lib/tipline").code

        made = machine.run(copying)

        queue_one(client)
    # As the ceremony leaves them.
    machine.run("mkdir -p /mnt/signing-1 /mnt/master-1")
    machine.run("cp -pR /var/lib/tipline/keys /mnt/signing-1")
    shutil.move(machine.place("/mnt/signing-1/keys/master"), machine.place("/mnt/master-1/master"))
    trial, removal = shell_block(PAGE, "mkdir -m 0700 /var/lib/trial").code.rstrip().rsplit("\n", 1)
    verified = machine.run(trial)
    copy = machine.place("/var/backups/tipline/2026-01-05")
    assert "the outbox, and 1 files of evidence" in made
    assert "3 signed things looked at, 0 not to be believed" in verified
    assert [] == open_to_others(copy)
    # Inside of them public keys may be as open as they were.
    closed = [machine.place(path) for path in ("/var/lib/trial", "/var/lib/trial/keys")]
    assert [] == [folder for folder in closed if stat.S_IMODE(folder.stat().st_mode) & 0o077]
    assert not (copy / "keys").exists()
    machine.run(removal)
    assert not machine.place("/var/lib/trial").exists()
    shutil.rmtree(machine.place("/var/lib/tipline"))
    restored = machine.run(shell_block(PAGE, "install --directory --owner=tipline").code)
    assert "3 signed things looked at, 0 not to be believed" in restored


def test_copy_under_a_loose_umask(tmp_path: Path) -> None:
    """Nothing of it can be read by others."""
    home = tmp_path / "home"
    with TiplineClient.open(home, profile=PROFILE) as client:
        queue_one(client)
    kept = os.umask(0o000)
    try:
        ran = back_up(home, tmp_path / "copy")
    finally:
        os.umask(kept)

    assert (0, "") == (ran.returncode, ran.stderr)
    assert [] == open_to_others(tmp_path / "copy")


@pytest.mark.parametrize("target", ["copy", "home/copy", "missing/copy"])
def test_place_that_is_refused(target: str, tmp_path: Path) -> None:
    """A folder that is there, one inside of the home, and one below nothing are refused, and left as they were."""
    TiplineClient.open(tmp_path / "home", profile=PROFILE).close()
    (tmp_path / "copy").mkdir()

    ran = back_up(tmp_path / "home", tmp_path / target)

    assert 1 == ran.returncode
    assert ran.stderr.startswith("error: ")
    assert [] == [*(tmp_path / "copy").iterdir()]
    assert not (tmp_path / "home" / "copy").exists()


def test_home_without_an_outbox(tmp_path: Path) -> None:
    """Nothing is made where there is nothing to copy."""
    ran = back_up(tmp_path, tmp_path.parent / f"{tmp_path.name}-copy")

    assert 1 == ran.returncode
    assert "there is no outbox" in ran.stderr


@pytest.mark.parametrize("said", ["variable", "file", "nothing"])
def test_evidence_that_is_kept_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """A copy without it does not pass for a backup; with its folder named it is one."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    with TiplineClient.open(home, profile=PROFILE, evidence=str(elsewhere)) as client:
        queue_one(client)
    if said == "variable":
        monkeypatch.setenv("TIPLINE_EVIDENCE", str(elsewhere))
    elif said == "file":
        (home / "tipline.toml").write_text(f'evidence = "{elsewhere}"\n', encoding="utf-8")
    elif (home / "evidence").exists():
        (home / "evidence").rmdir()

    refused = back_up(home, tmp_path / "copy")
    made = back_up(home, tmp_path / "copy", elsewhere)

    assert (1, True) == (refused.returncode, "behind" in refused.stderr)
    assert (0, True) == (made.returncode, "1 files of evidence" in made.stdout)


def test_evidence_that_may_not_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A closed folder and a closed file are named, and the copy is no backup; the rest is copied all the same."""
    home = tmp_path / "home"
    with TiplineClient.open(home, profile=PROFILE) as client:
        for _ in range(3):
            queue_one(client)
    folder, other, _ = sorted((home / "evidence").iterdir())
    close(folder)
    close(other / "0.bin")

    # In this process, since another one of root's is refused nothing.
    program = runpy.run_path(str(PROGRAM))
    kept = os.umask(0o077)
    try:
        with (
            powerless(),
            pytest.raises(program["RefusedError"], match="2 places of evidence were not copied"),
        ):
            program["main"](home, tmp_path / "copy")
    finally:
        os.umask(kept)

    said = capsys.readouterr().err
    assert f"not copied: {folder}: Permission denied" in said
    assert f"not copied: {other / '0.bin'}: Permission denied" in said
    assert 1 == len([*(tmp_path / "copy").rglob("*.bin")])


@pytest.mark.parametrize("said", ["file", "file_of_address", "variable", "memory"])
def test_outbox_that_is_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """What is left over in the home does not pass for it; where a setting names that very file, it is the outbox."""
    home = tmp_path / "home"
    TiplineClient.open(home, profile=PROFILE).close()
    if said == "variable":
        monkeypatch.setenv("TIPLINE_OUTBOX", "postgresql://tipline@db.example.com/outbox")
    elif said == "memory":
        TiplineClient.open(home, profile=PROFILE, outbox=f"sqlite://{tmp_path}/app.sqlite").close()
    else:
        line = 'outbox = "sqlite:///srv/app.sqlite"' if said == "file" else 'outbox_file = "/run/secrets/outbox"'
        (home / "tipline.toml").write_text(f"{line}\n", encoding="utf-8")

    refused = back_up(home, tmp_path / "copy")
    monkeypatch.setenv("TIPLINE_OUTBOX", f"sqlite://{home}/outbox.sqlite")
    made = back_up(home, tmp_path / "copy")

    assert (1, True) == (refused.returncode, "an outbox elsewhere" in refused.stderr)
    assert (0, "") == (made.returncode, made.stderr)


def test_wrong_folder_of_evidence(tmp_path: Path) -> None:
    """A folder with nothing of this outbox is refused, empty or another installation's, unless `none` is said."""
    home = tmp_path / "home"
    with TiplineClient.open(home, profile=PROFILE) as client:
        queue_one(client)
    (tmp_path / "empty").mkdir()
    (tmp_path / "another" / "entry").mkdir(parents=True)
    (tmp_path / "another" / "entry" / "0.bin").write_bytes(b"a mug")

    refused = [back_up(home, tmp_path / f"of-{name}", tmp_path / name) for name in ("empty", "another")]
    made = back_up(home, tmp_path / "copy", "none")

    assert [1, 1] == [ran.returncode for ran in refused]
    assert all("has no evidence of this outbox" in ran.stderr for ran in refused)
    assert (0, True) == (made.returncode, "0 files of evidence" in made.stdout)


@pytest.mark.parametrize("text", ["evidence = [", None])
def test_settings_that_cannot_be_read(tmp_path: Path, text: str | None) -> None:
    """Where outbox and evidence are is not known then, and it ends with a line and no traceback."""
    TiplineClient.open(tmp_path / "home", profile=PROFILE).close()
    settings = tmp_path / "home" / "tipline.toml"
    settings.mkdir() if text is None else settings.write_text(text, encoding="utf-8")

    ran = back_up(tmp_path / "home", tmp_path / "copy")

    assert 1 == ran.returncode
    assert ran.stderr.startswith("error: ")
    assert 1 == len(ran.stderr.splitlines())
    assert not (tmp_path / "copy").exists()
