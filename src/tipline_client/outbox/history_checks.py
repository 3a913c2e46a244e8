"""Whether the history of an entry is whole, and ends where the entry stands."""

from collections.abc import Mapping, Sequence
from typing import Final

from tipline_client.delivery.events import (
    EntryAcknowledged,
    EntryAttempted,
    EntryFiledByHand,
    EntryGivenUp,
    EntryHeld,
    EntryQueued,
    EntryReleased,
    EntryRequeued,
    EntryRetracted,
    Happening,
    HistoryLine,
)
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain

__all__ = ["history_problems"]

_LEADS_TO: Final[Mapping[type[Happening], State]] = {
    EntryQueued: State.QUEUED,
    EntryHeld: State.HELD,
    EntryReleased: State.QUEUED,
    EntryAttempted: State.QUEUED,
    EntryAcknowledged: State.ACKNOWLEDGED,
    EntryFiledByHand: State.FILED_BY_HAND,
    EntryGivenUp: State.DEAD_LETTER,
    EntryRetracted: State.RETRACTED,
    EntryRequeued: State.QUEUED,
}
"""Where an entry stands after each; what is not here leaves it where it is."""


def history_problems(lines: Sequence[HistoryLine], *, state: State, chain: HistoryChain) -> tuple[str, ...]:
    """What is wrong with the history of one entry, in sentences without content.

    Args:
        lines: All of its lines, oldest first.
        state: Where the entry stands.
        chain: Makes the links.
    """
    if not lines:
        return ("there is no line of it left: they were removed",)
    found = [*chain.problems(lines)]
    told: State | None = None
    for number, line in enumerate(lines, start=1):
        try:
            what = line.event.what
        except ValueError:
            found.append(f"line {number} holds what this program never wrote")
            continue
        told = _LEADS_TO.get(type(what), told)
        if isinstance(what, EntryQueued) and what.is_held:
            told = State.HELD
    # A lease leaves no line: whoever holds one has not ended the wait.
    stands = State.QUEUED if state is State.LEASED else state
    if told is not stands:
        ending = "nothing" if told is None else str(told)
        found.append(f"it ends with {ending}, and the entry is {state}: lines were removed, or the row was altered")
    return tuple(found)
