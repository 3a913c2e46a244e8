"""Whether the history of an entry is whole, ends where the entry stands, and tells of its holds as they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from tipline_client.delivery.events import (
    DestructionBegun,
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
    HoldExtended,
    HoldOpened,
    HoldReleased,
)
from tipline_client.delivery.hold import Hold, Part
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain

__all__ = ["history_problems", "hold_problems", "standing_problem"]

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
    for number, line in enumerate(lines, start=1):
        if _told_in(line) is None:
            found.append(f"line {number} holds what this program never wrote")
    if (problem := standing_problem(lines, state=state)) is not None:
        found.append(problem)
    return tuple(found)


def standing_problem(lines: Sequence[HistoryLine], *, state: State) -> str | None:
    """Where the history of one entry ends, if that is not where the entry stands. Any line is taken at its word.

    Args:
        lines: All of its lines, oldest first.
        state: Where the entry stands.
    """
    told: State | None = None
    for line in lines:
        if (what := _told_in(line)) is None:
            continue
        told = _LEADS_TO.get(type(what), told)
        if isinstance(what, EntryQueued) and what.is_held:
            told = State.HELD
    # A lease leaves no line: whoever holds one has not ended the wait.
    stands = State.QUEUED if state is State.LEASED else state
    if told is stands:
        return None
    ending = "nothing" if told is None else str(told)
    return f"it ends with {ending}, and the entry is {state}: lines were removed, or the row was altered"


def _told_in(line: HistoryLine) -> Happening | None:
    try:
        return line.event.what
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Stand:
    """What of a hold decides whether it binds."""

    part: Part
    ends_at: datetime
    is_limit: bool
    is_released: bool = False


def hold_problems(lines: Sequence[HistoryLine], holds: Sequence[Hold]) -> tuple[str, ...]:
    """Where the holds on record are not those that the history of the entry tells of, in sentences without content.

    Args:
        lines: All of its lines, oldest first; whether they are whole is for `history_problems` to say.
        holds: All of its holds.
    """
    told: dict[int, _Stand] = {}
    for line in lines:
        try:
            what = line.event.what
        except ValueError:
            continue
        match what:
            case HoldOpened():
                told[what.hold_id] = _Stand(what.part, what.ends_at, what.is_limit)
            case HoldExtended() if what.hold_id in told:
                told[what.hold_id] = replace(told[what.hold_id], ends_at=what.ends_at)
            case HoldReleased() if what.hold_id in told:
                told[what.hold_id] = replace(told[what.hold_id], is_released=True)
            case DestructionBegun():
                for number in told.keys() & set(what.holds_ended):
                    told[number] = replace(told[number], is_released=True)
    kept = {hold.id: _Stand(hold.part, hold.ends_at, hold.is_limit, hold.released_at is not None) for hold in holds}
    return tuple(
        f"hold {number} is not on record as the history tells of it: its row was altered, added or removed"
        for number in sorted(told.keys() | kept.keys())
        if told.get(number) != kept.get(number)
    )
