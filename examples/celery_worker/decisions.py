"""The application's own table: what was decided, and whether its report is queued yet."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

DATA = Path(os.environ.get("DESK_DATA", "celery-desk-data")).absolute()


@dataclass(frozen=True)
class Decision:
    """One decision to report a page."""

    id: int
    url: str
    decided_at: datetime


@contextlib.contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """One transaction; it commits at its end, or rolls back."""
    with contextlib.closing(sqlite3.connect(DATA / "decisions.sqlite3", timeout=20)) as connection, connection:
        yield connection


def make_table() -> None:
    """Make the table, if it is not there yet."""
    with database() as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS decisions"
            " (id INTEGER PRIMARY KEY AUTOINCREMENT, url TEXT NOT NULL, decided_at TEXT NOT NULL, entry_id TEXT,"
            " refusal TEXT)"
        )


def decide(url: str) -> int:
    """Write a decision down, marked as to be reported; its id."""
    with database() as connection:
        now = datetime.now(UTC).isoformat()
        added = connection.execute("INSERT INTO decisions (url, decided_at) VALUES (?, ?)", (url, now))
        return int(added.lastrowid or 0)


def find(decision_id: int) -> Decision:
    """The decision with this id."""
    with database() as connection:
        found = connection.execute("SELECT id, url, decided_at FROM decisions WHERE id = ?", (decision_id,))
        number, url, decided_at = found.fetchone()
    return Decision(number, url, datetime.fromisoformat(decided_at))


def mark_queued(decision_id: int, entry_id: str) -> None:
    """Note that the report is in the outbox, as this entry."""
    with database() as connection:
        connection.execute("UPDATE decisions SET entry_id = ? WHERE id = ?", (entry_id, decision_id))


def mark_refused(decision_id: int, refusal: str) -> None:
    """Note why the report cannot be queued as it is: a person has to look, and to clear the note."""
    with database() as connection:
        connection.execute("UPDATE decisions SET refusal = ? WHERE id = ?", (refusal, decision_id))


def refused() -> list[int]:
    """Whose reports wait for a person."""
    return _ids("entry_id IS NULL AND refusal IS NOT NULL")


def unqueued() -> list[int]:
    """Whose reports are not known to be in the outbox, and wait for nobody."""
    return _ids("entry_id IS NULL AND refusal IS NULL")


def _ids(condition: str) -> list[int]:
    with database() as connection:
        return [number for (number,) in connection.execute(f"SELECT id FROM decisions WHERE {condition}")]  # noqa: S608
