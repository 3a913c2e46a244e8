"""Every entry of an outbox, page by page, also past rows whose very id cannot be read."""

from collections.abc import AsyncIterator, Sequence

from tipline_client.delivery.entry import Entry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.states import State
from tipline_client.outbox import Outbox

__all__ = ["every_entry"]

_PAGE = 200


async def every_entry(
    outbox: Outbox,
    *,
    states: Sequence[State] | None = None,
    environment: Environment | None = None,
    most: int | None = None,
) -> AsyncIterator[Entry]:
    """The entries in the order of their enqueueing.

    Args:
        outbox: Whose.
        states: Only those in one of these.
        environment: Only those of this one.
        most: How many at most; all of them without it.
    """
    after: str | None = None
    left = most
    shown_already: set[str] = set()
    while left is None or left > 0:
        page = await outbox.list_entries(states=states, environment=environment, limit=_PAGE, after=after)
        for entry in page[:left]:
            if entry.id not in shown_already:
                yield entry
        named = [place for place, entry in enumerate(page) if "id" not in entry.unreadable]
        if len(page) < _PAGE or not named:
            return
        # The next page is asked for by an id; what follows the last readable one comes twice.
        after = page[named[-1]].id
        shown_already = {entry.id for entry in page[named[-1] + 1 :]}
        left = None if left is None else left - len(page) + len(shown_already)
