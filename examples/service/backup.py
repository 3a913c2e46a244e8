"""Copies the outbox of a home, and then its evidence, into a new folder, while programs go on writing to both.

    python backup.py HOME TARGET [EVIDENCE]

Run it with the Python that the package is installed for, as the user whom the home belongs to. The outbox is read with
`apsw`, whose SQLite is recent enough to share the file with the programs that have it open; the system's `sqlite3` may
not be. Evidence that is not kept in the home is named as EVIDENCE, its folder, or `none` where no report has a file.
The keys are left out on purpose: they must not lie where this copy lies.
"""

import os
import shutil
import sys
import tomllib
from pathlib import Path

import apsw

NONE = Path("none")
SHOWN = 20
"""How many problems are printed."""

WAIT_MS = 60_000
"""How long to wait for a program that holds the outbox, in milliseconds."""


class RefusedError(Exception):
    """Why nothing, or nothing whole, was copied."""


def main(home: Path, target: Path, evidence: Path | None = None) -> str:
    """Make the copy; what is in it."""
    os.umask(0o077)
    if target.resolve().is_relative_to(home.resolve()):
        raise RefusedError(f"{target} is inside of {home}, whose loss it is meant to outlast")
    folder = find_evidence(home, target, evidence)
    try:
        target.mkdir(mode=0o700)
    except OSError as error:
        raise RefusedError(f"{target} must be a new folder in one that is there: {error.strerror}") from None
    ids = copy_outbox(home / "outbox.sqlite", target / "outbox.sqlite")
    # After the outbox: what an entry of the copy names was written before the entry was.
    copying = Copying(target / "evidence")
    if folder != NONE:
        copying.copy_all(folder)
    os.sync()
    if copying.problems:
        for problem in copying.problems[:SHOWN]:
            print(f"not copied: {problem}", file=sys.stderr)
        raise RefusedError(f"{len(copying.problems)} places of evidence were not copied: {target} is no backup")
    if evidence not in {None, NONE} and ids and not ids & copying.ids:
        raise RefusedError(f"{evidence} has no evidence of this outbox; where no report has a file, say {NONE} instead")
    return f"{target}: the outbox, and {copying.copied} files of evidence; {copying.gone} were removed meanwhile"


def find_evidence(home: Path, target: Path, evidence: Path | None) -> Path:
    """Where the evidence of a home is that has its outbox."""
    if not (home / "outbox.sqlite").is_file():
        raise RefusedError(f"there is no outbox in {home}")
    said = settings(home)
    if not is_own(said["outbox"], home):
        raise RefusedError(
            f"this home has an outbox elsewhere, in {shown(said['outbox'])}: copy that one. If the one in {home} is in "
            f"use, name it sqlite://{home.resolve()}/outbox.sqlite, or remove the other one's line from "
            f"{home / 'outboxes.txt'}"
        )
    if evidence is None and said["evidence"]:
        raise RefusedError(f"the evidence of {home} is kept elsewhere: name its folder behind {target}")
    folder = evidence or home / "evidence"
    if folder != NONE and not folder.is_dir():
        raise RefusedError(f"there is no evidence in {folder}: name the folder in which it is kept behind {target}")
    return folder


def settings(home: Path) -> dict[str, str]:
    """Where the settings that this program can see put outbox and evidence; empty where they say nothing."""
    named = os.environ.get("TIPLINE_CONFIG")
    file = Path(named) if named else home / "tipline.toml"
    written = tomllib.loads(file.read_text(encoding="utf-8")) if named or os.path.lexists(file) else {}
    found = {}
    for name in ("outbox", "outbox_file", "evidence"):
        found[name] = os.environ.get(f"TIPLINE_{name.upper()}") or str(written.get(name, ""))
    # A file that has the address is read by the command alone: it may hold a password.
    found["outbox"] = found["outbox"] or found["outbox_file"] or remembered(home)
    return found


def remembered(home: Path) -> str:
    """The database that this home's outbox was in last, whoever named it; empty if it was in none."""
    try:
        text = (home / "outboxes.txt").read_text(encoding="utf-8-sig", errors="replace")
    except FileNotFoundError:
        return ""
    lines = [line.strip() for line in text.splitlines()]
    return next((line for line in reversed(lines) if line and not line.startswith("#")), "")


def is_own(outbox: str, home: Path) -> bool:
    """Whether it is the file in the home, which is in use where no other one is named."""
    file, own = Path(outbox.removeprefix("sqlite://")), home / "outbox.sqlite"
    return not outbox or (outbox.startswith("sqlite://") and file.exists() and file.samefile(own))


def shown(outbox: str) -> str:
    """Where it is, without a password."""
    return outbox.partition("?")[0].rpartition("@")[2] if outbox.startswith("postgres") else outbox


def copy_outbox(source: Path, target: Path) -> set[str]:
    """One moment of the outbox, with what is still in its log; the ids of its entries."""
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
            raise RefusedError(f"{target} is damaged: {said}")
        return {entry_id for (entry_id,) in here.execute("SELECT id FROM entries")}
    finally:
        here.close()
        there.close()


class Copying:
    """What became of the finished files of evidence.

    Attributes:
        copied: How many were copied.
        gone: How many were removed before it was their turn.
        ids: The entries that those belong to which were copied.
        problems: What could not be looked into or copied, and why.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.copied = self.gone = 0
        self.ids: set[str] = set()
        self.problems: list[str] = []
        target.mkdir(mode=0o700)

    def copy_all(self, source: Path) -> None:
        """Copy every finished file; one that cannot be copied is a problem, and the others are copied."""
        for folder, inner, names in os.walk(source, onerror=self._note, followlinks=True):
            inner.sort()
            for name in sorted(names):
                if name.endswith(".bin"):
                    self._copy(Path(folder, name), self.target / Path(folder).relative_to(source) / name)

    def _copy(self, file: Path, place: Path) -> None:
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(file, place)
        except OSError as error:
            if isinstance(error, FileNotFoundError) and not os.path.lexists(file):
                self.gone += 1
            else:
                self._note(error)
        else:
            self.copied += 1
            self.ids.add(file.parent.name)

    def _note(self, error: OSError) -> None:
        # A folder that a destruction removed meanwhile is no problem.
        if not (isinstance(error, FileNotFoundError) and not os.path.lexists(error.filename)):
            self.problems.append(f"{error.filename2 or error.filename}: {error.strerror}")


if __name__ == "__main__":
    try:
        if len(sys.argv) not in {3, 4}:
            raise RefusedError("give the home and a new folder: python backup.py HOME TARGET [EVIDENCE]")
        print(main(*map(Path, sys.argv[1:])))
    except (RefusedError, OSError, ValueError, apsw.Error) as error:
        sys.exit(f"error: {error}")
