"""The embedded store, in one SQLite file."""

from tipline_client.outbox.sqlite.store import SqliteOutbox

__all__ = ["SqliteOutbox"]
