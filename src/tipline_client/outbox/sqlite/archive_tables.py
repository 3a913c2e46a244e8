"""The tables of what is kept after the filing, as one more step of the migrations in `schema`."""

from typing import Final

__all__ = ["ARCHIVE"]

# A line of the history tells of every change of these rows; what people wrote stands in the notes.
ARCHIVE: Final = (
    """
    CREATE TABLE holds (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        entry INTEGER NOT NULL REFERENCES entries (number),
        regime TEXT NOT NULL,
        part TEXT NOT NULL CHECK (part IN ('content', 'reference')),
        reason TEXT NOT NULL,
        is_limit INTEGER NOT NULL CHECK (is_limit IN (0, 1)),
        began_at INTEGER NOT NULL,
        ends_at INTEGER NOT NULL,
        released_at INTEGER
    ) STRICT
    """,
    "CREATE INDEX holds_of_entry ON holds (entry, number)",
    "CREATE INDEX holds_unreleased ON holds (ends_at, number) WHERE released_at IS NULL",
    "CREATE INDEX holds_limits ON holds (ends_at, entry) WHERE is_limit = 1 AND released_at IS NULL",
    """
    CREATE TABLE destructions (
        entry INTEGER PRIMARY KEY REFERENCES entries (number),
        begun_at INTEGER NOT NULL,
        plan BLOB NOT NULL,
        holds_ended TEXT NOT NULL,
        emptied_at INTEGER,
        certificate BLOB
    ) STRICT
    """,
    "CREATE INDEX destructions_unfinished ON destructions (begun_at, entry) WHERE certificate IS NULL",
)
