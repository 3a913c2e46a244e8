"""Whether a connection of SQLAlchemy's has still the transaction and the savepoints that it had.

Its events say so when an end is asked for; the driver only learns of it when its turn comes, and may then have begun
something else. SQLAlchemy is not imported: whoever has a connection of its has loaded it.
"""

import sys
import threading
from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

from tipline_client._threads import OfProcess

__all__ = ["unchanged_since_now"]

_EVENTS: Final = ("commit", "rollback", "savepoint", "rollback_savepoint", "release_savepoint")


class _Count:
    """How many transactions and savepoints have ended on a connection, and savepoints begun, since it is listened to.

    Two counts that are equal have nothing between them. Which savepoint an event is about is not asked: with several
    tasks on one connection they need not end in the order in which they began.
    """

    def __init__(self) -> None:
        self.value = 0

    def add(self, *_: object) -> None:
        self.value += 1


# One for each connection, for as long as there is one: listeners of each enqueue would pile up on those that stay open.
_counts: "WeakKeyDictionary[Any, _Count]" = WeakKeyDictionary()
# By a handler of a signal the thread that is in here may come again.
_gate = OfProcess(threading.RLock)


def unchanged_since_now(connection: Any) -> Callable[[], bool]:
    """What says, whenever and in whatever thread it is called, that no transaction or savepoint has ended meanwhile.

    Args:
        connection: A `Connection` of SQLAlchemy's.

    Returns:
        It is false, too, if a savepoint was begun: what is written in that goes with it. Of an end that was asked for
        earlier it knows once that has taken place.
    """
    found = [each for each in (connection.get_transaction(), connection.get_nested_transaction()) if each is not None]
    with _gate.own:
        count = _counts.get(connection)
        if count is None:
            count = _counts[connection] = _Count()
            for name in _EVENTS:
                sys.modules["sqlalchemy"].event.listen(connection, name, count.add)
    then = count.value
    return lambda: count.value == then and all(each.is_active for each in found)
