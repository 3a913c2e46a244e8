"""Whether the project's own connection can carry a report: its transaction is joined once, and nothing is added to it.

What keeps it from that is a setting of the connection, such as a pragma that gives up waiting for the disk. Without
this it would be found at the first report.
"""

from functools import partial

from django.db import connections, transaction

from tipline_client.cli.settings import Settings
from tipline_client.client.loop_thread import Errands, LoopThread
from tipline_client.outbox.joining import Caller

__all__ = ["try_to_join"]


def try_to_join(found: Settings, alias: str) -> None:
    """Join an empty transaction on the database `alias`, as `enqueue` would.

    Args:
        found: Which outbox.
        alias: Which database holds it.

    Raises:
        ConfigurationError: A transaction of the project's cannot be joined as its connection is set.
        OutboxUnavailableError: The outbox cannot be opened, or the database is locked or failing.
        django.db.Error: The project's own connection failed.
    """
    outbox, loop, errands = found.place.open_outbox_to_look(found.outbox), LoopThread(), Errands()
    caller = Caller(connections[alias], errands.run, has_loop=False)
    try:
        with transaction.atomic(using=alias):
            loop.call(partial(outbox.join, caller, entry_id="check"), errands=errands)
    finally:
        loop.call(outbox.close)
        loop.close()
