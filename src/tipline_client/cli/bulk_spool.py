"""Which entries a bulk run is to deliver: each once, however many lines led to it, in the order of the first.

A million of them take no memory.
"""

import sqlite3
from collections.abc import Iterator

__all__ = ["Spool"]


class Spool:
    """Ids of entries. They are kept in a file that ends with it."""

    def __init__(self) -> None:
        # A database without a name lies in a temporary file, and only a cache of it in memory.
        self._kept = sqlite3.connect("", isolation_level=None)
        self._kept.execute("CREATE TABLE entries (number INTEGER PRIMARY KEY, id TEXT UNIQUE)")
        self._kept.execute("BEGIN")

    def __len__(self) -> int:
        [[count]] = self._kept.execute("SELECT count(*) FROM entries")
        return int(count)

    def add(self, entry_id: str) -> None:
        """Keep one; one that is there stays where it is."""
        self._kept.execute("INSERT OR IGNORE INTO entries (id) VALUES (?)", (entry_id,))

    def parts(self, size: int) -> Iterator[list[str]]:
        """All of them, so many at a time."""
        ids = self._kept.execute("SELECT id FROM entries ORDER BY number")
        while rows := ids.fetchmany(size):
            yield [entry_id for [entry_id] in rows]

    def close(self) -> None:
        """Forget them."""
        self._kept.close()
