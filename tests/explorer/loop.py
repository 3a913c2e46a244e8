"""An event loop whose time passes only when nobody has anything left to do: days in no time, and always the same way.

All timers of asyncio and anyio go by it unchanged. It knows nothing of what runs on it.
"""

import asyncio
import selectors

__all__ = ["DeadlockError", "VirtualLoop"]


class DeadlockError(Exception):
    """Everybody waits, and no timer is left that could wake anybody."""


class _VirtualSelector(selectors.DefaultSelector):
    """Waits by turning the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise DeadlockError
        self.now += max(timeout, 0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on virtual time, which begins at 0 seconds. No thread can wake it, and no socket."""

    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """The virtual time, in seconds."""
        return self._virtual.now
