"""One transaction that writes, with its moment, and the line that each change worth telling leaves in the history.

Lines are only ever added, in the transaction of the change itself. Each is chained to the one before of the same entry,
or of the same lane.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tipline_client.delivery.events import Happening, words_of
from tipline_client.envelope import HistoryChain
from tipline_client.outbox.columns import microseconds, moment
from tipline_client.outbox.contract import Lane
from tipline_client.outbox.sqlite.driver import Execute, Value

__all__ = ["Writing"]

_END_OF_ENTRY: Final = """
    SELECT id, profile, environment, coalesce(
        (SELECT link FROM history INDEXED BY history_of_entry WHERE entry = :entry ORDER BY position DESC LIMIT 1), '')
    FROM entries WHERE number = :entry
"""
_END_OF_LANE: Final = """
    SELECT link FROM history INDEXED BY history_of_lane
    WHERE environment = :environment AND profile = :profile AND entry IS NULL ORDER BY position DESC LIMIT 1
"""
_ADD: Final = """
    INSERT INTO history (at, profile, environment, entry, entry_id, kind, facts, link)
    VALUES (:at, :profile, :environment, :entry, :entry_id, :kind, :facts, :link)
"""


@dataclass(frozen=True, slots=True)
class Writing:
    """One transaction.

    Attributes:
        execute: Runs statements in it.
        chain: Makes the links.
        now: The moment of the transaction.
    """

    execute: Execute
    chain: HistoryChain
    now: datetime

    def tell(self, number: int, what: Happening) -> None:
        """Write down what happened to the entry with this number."""
        [[entry_id, profile, environment, previous]] = self.execute(_END_OF_ENTRY, {"entry": number})
        # A row that somebody altered may hold anything; the line says what can be said of it.
        words = [word if isinstance(word, str) else "" for word in (entry_id, profile, environment)]
        self._add(previous, words[1], words[2], number, words[0], what)

    def tell_of_lane(self, lane: Lane, what: Happening) -> None:
        """Write down what happened to a lane as a whole."""
        key = {"environment": lane.environment.value, "profile": lane.profile}
        ends = self.execute(_END_OF_LANE, key)
        self._add(ends[0][0] if ends else "", lane.profile, lane.environment.value, None, None, what)

    def _add(
        self, previous: str, profile: str, environment: str, number: int | None, entry_id: str | None, what: Happening
    ) -> None:
        kind, facts = words_of(what)
        at = moment(microseconds(self.now))
        link = self.chain.link(
            previous, at=at, profile=profile, environment=environment, entry_id=entry_id, kind=kind, facts=facts
        )
        row: dict[str, Value] = {
            "at": microseconds(at),
            "profile": profile,
            "environment": environment,
            "entry": number,
            "entry_id": entry_id,
            "kind": kind,
            "facts": facts,
            "link": link,
        }
        self.execute(_ADD, row)
