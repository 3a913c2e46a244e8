"""Evidence whose copying waits for a test."""

import asyncio
from collections.abc import AsyncIterator

from tipline_client import Evidence

__all__ = ["SlowFile"]


class SlowFile:
    """A file whose copying waits.

    Attributes:
        is_read: Whether it has begun.
        goes_on: To be set for it to end.
        evidence: The file.
    """

    def __init__(self) -> None:
        self.is_read, self.goes_on = asyncio.Event(), asyncio.Event()
        self.evidence = [Evidence.from_stream(self._pieces(), name="mug.txt")]

    async def _pieces(self) -> AsyncIterator[bytes]:
        self.is_read.set()
        await self.goes_on.wait()
        yield b"a coffee mug"
