"""Does a key name two contents within one file: found with the keys on disk, so that a file may have any length."""

import filecmp
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Self

from tipline_client.bulk.preparing import Prepared
from tipline_client.models import Submission

__all__ = ["SeenKeys"]


class SeenKeys:
    """The keys of the acceptable submissions so far. They are kept in a file that ends with the block."""

    def __enter__(self) -> Self:
        # A database without a name lies in a temporary file, and only a cache of it in memory.
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.execute(
            "CREATE TABLE seen (key BLOB PRIMARY KEY, source TEXT, content BLOB, paths TEXT) WITHOUT ROWID"
        )
        self._seen.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        self._seen.close()

    def other(self, line: Prepared) -> str | None:
        """Where an earlier submission stands that has the key of this one and other content; remembers this one."""
        submission = line.submission
        if submission is None or submission.idempotency_key is None or not line.is_acceptable:
            return None
        key = hashlib.sha256(submission.idempotency_key.encode()).digest()
        content, paths = _content(submission), [item.path for item in submission.evidence]
        row = self._seen.execute("SELECT source, content, paths FROM seen WHERE key = ?", (key,)).fetchone()
        if row is None:
            self._seen.execute("INSERT INTO seen VALUES (?, ?, ?, ?)", (key, line.source, content, json.dumps(paths)))
            return None
        source, its_content, its_paths = row
        is_same = content == its_content and _have_same_bytes(line.folder, paths, json.loads(its_paths))
        return None if is_same else str(source)


def _content(submission: Submission) -> bytes:
    """The report, and what is said of its files, as a digest; what is in them is not looked at."""
    files = [[Path(item.path or "").name, item.details.to_json_dict()] for item in submission.evidence]
    return hashlib.sha256(json.dumps([submission.report.to_json_dict(), files]).encode()).digest()


def _have_same_bytes(folder: Path, ours: list[str | None], theirs: list[str | None]) -> bool:
    """Whether the files of two submissions are the same; of objects in a store nothing is known here."""
    pairs = [(our, their) for our, their in zip(ours, theirs, strict=True) if our is not None and their is not None]
    try:
        return all(our == their or filecmp.cmp(folder / our, folder / their, shallow=False) for our, their in pairs)
    except OSError:
        # Whoever copies the files says what is wrong with them.
        return True
