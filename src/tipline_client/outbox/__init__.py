"""The durable queue: a contract in prose and the stores that keep it.

It knows entries and checkpoints, and nothing of what is inside an envelope or of HTTP.
"""

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
from tipline_client.outbox.sqlite import SqliteOutbox

__all__ = [
    "AcknowledgementRecord",
    "Claimed",
    "Lane",
    "MemoryOutbox",
    "Outbox",
    "SqliteOutbox",
    "Stray",
    "Strays",
    "UnreadableRowError",
]
