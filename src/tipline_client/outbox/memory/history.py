"""The history of the store in memory: the same lines, chained in the same way, in a list."""

from datetime import datetime

from tipline_client.delivery.events import Happening, HistoryLine, words_of
from tipline_client.envelope import HistoryChain
from tipline_client.outbox.chaining import Chained
from tipline_client.outbox.contract import Lane

__all__ = ["MemoryHistory"]


class MemoryHistory(Chained):
    """Lines in the order in which they were told. Whoever calls it holds the store's lock.

    Args:
        chain: Makes the links.
    """

    def __init__(self, chain: HistoryChain) -> None:
        self._chain = chain
        self._lines: list[HistoryLine] = []

    def tell(self, lane: Lane, what: Happening, *, at: datetime, entry_id: str | None = None) -> None:
        """Add a line about an entry, or about the lane as a whole."""
        before = self.of_lane(lane) if entry_id is None else self.of_entry(entry_id)
        kind, facts = words_of(what)
        link = self._chain.link(
            before[-1].link if before else "",
            at=at,
            profile=lane.profile,
            environment=lane.environment.value,
            entry_id=entry_id,
            kind=kind,
            facts=facts,
        )
        position = len(self._lines) + 1
        self._lines.append(HistoryLine(position, at, lane.profile, lane.environment.value, entry_id, kind, facts, link))

    def of_entry(self, entry_id: str) -> list[HistoryLine]:
        """All lines of an entry."""
        return [line for line in self._lines if line.entry_id == entry_id]

    def of_lane(self, lane: Lane) -> list[HistoryLine]:
        """All lines of a lane as a whole."""
        key = (lane.profile, lane.environment.value, None)
        return [line for line in self._lines if (line.profile, line.environment, line.entry_id) == key]

    def after(self, position: int, limit: int) -> list[HistoryLine]:
        """The next lines of all."""
        return self._lines[position : position + max(limit, 0)]
