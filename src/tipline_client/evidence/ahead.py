"""Bytes that are made ready in a thread while those before them are on their way.

Nothing here knows what the bytes are.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable

from anyio import to_thread

from tipline_client._undivided import wholly

__all__ = ["one_ahead"]


async def one_ahead(make: Callable[[], list[bytes]]) -> AsyncGenerator[bytes, None]:
    """All chunks, made by batches; one batch is made while the one before is given out.

    Close the iterator (`contextlib.aclosing`) when leaving early: then `make` is not running any more.

    Args:
        make: Makes the next batch; an empty one is the end. Blocking, and never called twice at once. What it raises is
            raised here once all before it was given out.
    """
    making = asyncio.ensure_future(to_thread.run_sync(make))
    try:
        # Shielded, since a cancellation of the task would leave the thread that makes them to itself.
        while chunks := await asyncio.shield(making):
            making = asyncio.ensure_future(to_thread.run_sync(make))
            for chunk in chunks:
                yield chunk
    finally:
        try:
            await wholly(asyncio.wait([making]))
        finally:
            # Whether it failed matters to nobody any more.
            if not making.cancelled():
                making.exception()
