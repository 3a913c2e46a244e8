"""Closes what hooks have opened of Django's connections, when the dispatcher that told them has ended.

What a hook hands to `sync_to_async` runs in one thread, which stays until the process ends, and Django keeps a
connection for each thread. A run of tests could not drop its database while that one is open.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import anyio
from asgiref.sync import sync_to_async
from django.db import connections
from django.db.backends.signals import connection_created

__all__ = ["closing_those_of_hooks"]


@contextlib.contextmanager
def closing_those_of_hooks() -> Iterator[None]:
    """Close at the end of the block what the thread of `sync_to_async` holds, if another thread connected meanwhile."""
    here, is_any = threading.get_ident(), threading.Event()

    def note(**_: Any) -> None:
        if threading.get_ident() != here:
            is_any.set()

    connection_created.connect(note)
    try:
        yield
    finally:
        connection_created.disconnect(note)
        # Not for the asking: a thread that was begun here would be missing in each process that forks off later.
        if is_any.is_set():
            anyio.run(_close_in_their_thread)


async def _close_in_their_thread() -> None:
    # A connection is its thread's own. The way there is the hooks': a loop of this thread, and the same context.
    await sync_to_async(connections.close_all)()
