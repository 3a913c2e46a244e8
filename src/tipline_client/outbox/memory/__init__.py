"""The store that forgets everything when the process ends, for tests."""

from tipline_client.outbox.memory.store import MemoryOutbox

__all__ = ["MemoryOutbox"]
