"""The embedded store, in one SQLite file."""

from tipline_client.outbox.sqlite.opening import has_tables, holds_entries, open_file
from tipline_client.outbox.sqlite.schema import VERSION
from tipline_client.outbox.sqlite.store import SqliteOutbox

__all__ = ["VERSION", "SqliteOutbox", "has_tables", "holds_entries", "open_file"]
