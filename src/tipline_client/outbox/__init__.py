"""The durable queue: a contract in prose and the stores that keep it.

It knows entries and checkpoints, and nothing of what is inside an envelope or of HTTP.
"""

from tipline_client.outbox.addresses import Address
from tipline_client.outbox.archive import Archive
from tipline_client.outbox.by_hand import LARGEST_REPORT_ID
from tipline_client.outbox.contract import (
    AcknowledgementRecord,
    Claimed,
    Lane,
    Outbox,
    Stray,
    Strays,
    UnreadableRowError,
)
from tipline_client.outbox.memory import MemoryOutbox
from tipline_client.outbox.opening import address_of, has_tables, holds_entries, migrate_database, open_database
from tipline_client.outbox.sqlite import SqliteOutbox

__all__ = [
    "LARGEST_REPORT_ID",
    "AcknowledgementRecord",
    "Address",
    "Archive",
    "Claimed",
    "Lane",
    "MemoryOutbox",
    "Outbox",
    "SqliteOutbox",
    "Stray",
    "Strays",
    "UnreadableRowError",
    "address_of",
    "has_tables",
    "holds_entries",
    "migrate_database",
    "open_database",
]
