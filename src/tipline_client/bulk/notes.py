"""What a run notes of each submission, of which a million take no memory: notes lie in a file that ends with them."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tipline_client.models import Report

__all__ = ["Noted", "SeenKeys", "Spool", "content_of"]


@dataclass(frozen=True, slots=True)
class Noted:
    """A submission, as far as it tells whether another one is the same.

    Attributes:
        place: Where it stands.
        content: What it says, as a digest.
        paths: Those of its files, where it is their bytes that may still differ.
    """

    place: str
    content: bytes
    paths: Sequence[str | None] = ()


class SeenKeys:
    """Which submission of an input has which key."""

    def __init__(self) -> None:
        self._notes = _nameless("CREATE TABLE seen (key BLOB PRIMARY KEY, place TEXT, content BLOB, paths TEXT)")

    def note(self, key: str, submission: Noted) -> Noted | None:
        """Note one, unless an earlier one has its key, which is returned."""
        named = hashlib.sha256(key.encode()).digest()
        row = self._notes.execute("SELECT place, content, paths FROM seen WHERE key = ?", (named,)).fetchone()
        if row is not None:
            place, content, paths = row
            return Noted(place, content, json.loads(paths))
        paths = json.dumps(list(submission.paths))
        self._notes.execute(
            "INSERT INTO seen VALUES (?, ?, ?, ?)", (named, submission.place, submission.content, paths)
        )
        return None

    def close(self) -> None:
        """Forget them."""
        self._notes.close()


class Spool:
    """Which entries a run is to deliver: each once, however many submissions led to it, in the order of the first."""

    def __init__(self) -> None:
        self._notes = _nameless("CREATE TABLE entries (number INTEGER PRIMARY KEY, id TEXT UNIQUE)")

    def __len__(self) -> int:
        [[count]] = self._notes.execute("SELECT count(*) FROM entries")
        return int(count)

    def add(self, entry_id: str) -> None:
        """Keep one; one that is there stays where it is."""
        self._notes.execute("INSERT OR IGNORE INTO entries (id) VALUES (?)", (entry_id,))

    def parts(self, size: int) -> Iterator[list[str]]:
        """All of them, so many at a time."""
        ids = self._notes.execute("SELECT id FROM entries ORDER BY number")
        while rows := ids.fetchmany(size):
            yield [entry_id for [entry_id] in rows]

    def close(self) -> None:
        """Forget them."""
        self._notes.close()


def content_of(report: Report, files: Sequence[Sequence[Any]]) -> bytes:
    """A report and what tells its files apart, as a digest."""
    return hashlib.sha256(json.dumps([report.to_json_dict(), files]).encode()).digest()


def _nameless(table: str) -> sqlite3.Connection:
    # A database without a name lies in a temporary file, and only a cache of it in memory.
    notes = sqlite3.connect("", isolation_level=None)
    notes.execute(table)
    notes.execute("BEGIN")
    return notes
