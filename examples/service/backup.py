"""Copies the outbox of a home, and then its evidence, into a new folder, while programs go on writing to both.

    python backup.py HOME TARGET [EVIDENCE]

Run it with the Python that the package is installed for, as the user whom the home belongs to. The outbox is read with
`apsw`, whose SQLite is recent enough to share the file with the programs that have it open; the system's `sqlite3` may
not be. Evidence that is not kept in the home is named as EVIDENCE. The keys are left out on purpose: they must not lie
where this copy lies.
"""

import os
import shutil
import sys
import tomllib
from pathlib import Path

import apsw

WAIT_MS = 60_000
"""How long to wait for a program that holds the outbox, in milliseconds."""


def main(home: Path, target: Path, evidence: Path | None = None) -> int:
    """Make the copy; 0 if it is whole."""
    os.umask(0o077)
    if target.resolve().is_relative_to(home.resolve()):
        return refuse(f"{target} is inside of {home}, whose loss it is meant to outlast")
    if not (home / "outbox.sqlite").is_file():
        return refuse(f"there is no outbox in {home}")
    if evidence is None and is_kept_elsewhere(home):
        return refuse(f"the evidence of {home} is kept elsewhere: name its folder behind {target}")
    evidence = evidence or home / "evidence"
    if not evidence.is_dir():
        return refuse(f"there is no evidence in {evidence}: name the folder in which it is kept behind {target}")
    try:
        target.mkdir(mode=0o700)
    except OSError as error:
        return refuse(f"{target} must be a new folder in one that is there: {error.strerror}")
    copy_outbox(home / "outbox.sqlite", target / "outbox.sqlite")
    # After the outbox: what an entry of the copy names was written before the entry was.
    copied, gone = copy_evidence(evidence, target / "evidence")
    os.sync()
    print(f"{target}: the outbox, and {copied} files of evidence; {gone} were removed meanwhile")
    return 0


def is_kept_elsewhere(home: Path) -> bool:
    """Whether the settings that this program can see name another store of evidence."""
    if os.environ.get("TIPLINE_EVIDENCE"):
        return True
    try:
        return "evidence" in tomllib.loads((home / "tipline.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def copy_outbox(source: Path, target: Path) -> None:
    """One moment of the outbox, with what is still in its log."""
    # Made by hand, so that it is never open to others.
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    there = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)
    here = apsw.Connection(str(target), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        there.set_busy_timeout(WAIT_MS)
        with here.backup("main", there, "main") as copying:
            # All pages in one step: in several, each write of another program would begin it anew.
            copying.step(-1)
        # A file by itself, without a log beside it.
        here.execute("PRAGMA journal_mode = DELETE").fetchall()
        [(said,)] = here.execute("PRAGMA quick_check").fetchall()
        if said != "ok":
            raise SystemExit(refuse(f"{target} is damaged: {said}"))
    finally:
        here.close()
        there.close()


def copy_evidence(source: Path, target: Path) -> tuple[int, int]:
    """Every finished file; how many were copied, and how many were removed before it was their turn."""
    copied = gone = 0
    target.mkdir(mode=0o700)
    for file in sorted(source.rglob("*.bin")):
        place = target / file.relative_to(source)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            shutil.copyfile(file, place)
        except FileNotFoundError:
            gone += 1
        else:
            copied += 1
    return copied, gone


def refuse(why: str) -> int:
    """Say why nothing, or nothing whole, was copied."""
    print(f"error: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    if len(sys.argv) not in {3, 4}:
        sys.exit(refuse("give the home and a new folder: python backup.py HOME TARGET [EVIDENCE]"))
    sys.exit(main(*map(Path, sys.argv[1:])))
