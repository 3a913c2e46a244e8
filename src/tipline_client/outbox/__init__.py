"""The durable queue: a contract in prose and the stores that keep it.

It knows entries and checkpoints, and nothing of what is inside an envelope or of HTTP.
"""

from tipline_client.outbox.contract import AcknowledgementRecord, Lane, Outbox
from tipline_client.outbox.memory import MemoryOutbox
from tipline_client.outbox.sqlite import SqliteOutbox

__all__ = ["AcknowledgementRecord", "Lane", "MemoryOutbox", "Outbox", "SqliteOutbox"]
