"""The embedded store, in one SQLite file."""

from tipline_client.outbox.sqlite.driver import choose_driver
from tipline_client.outbox.sqlite.opening import found_version, holds_entries, open_file
from tipline_client.outbox.sqlite.schema import VERSION
from tipline_client.outbox.sqlite.store import SqliteOutbox

__all__ = ["VERSION", "SqliteOutbox", "choose_driver", "found_version", "holds_entries", "open_file"]
