"""What every store decides alike of holds and destructions.

Nothing here reads or writes a store.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from tipline_client.delivery.certificate import Destruction
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.events import HoldOpened
from tipline_client.delivery.hold import BY_HAND, Hold, HoldTerms, Part
from tipline_client.delivery.states import State
from tipline_client.errors import EntryNotFoundError, HoldRunningError, IllegalTransitionError, OutboxError
from tipline_client.outbox.columns import (
    EPOCH,
    LAST,
    Columns,
    Row,
    flag,
    moment,
    number,
    octets,
    or_none,
    read_row,
    text,
)
from tipline_client.outbox.rows import damaged_row
from tipline_client.outbox.rules import is_untouched

__all__ = [
    "check_destroyable",
    "check_until",
    "destruction_of",
    "ended_holds",
    "hold_of",
    "holds_to_extend",
    "holds_to_release",
    "no_destruction",
    "note_destroyed",
    "note_extended",
    "note_read",
    "note_released",
    "opened",
    "terms_by_hand",
]

_HOLD: Final[Columns] = MappingProxyType(
    {
        "id": (number, 0),
        "entry_id": (text, ""),
        "regime": (text, ""),
        "part": (Part, Part.CONTENT),
        "reason": (text, ""),
        "began_at": (moment, EPOCH),
        # A hold whose end cannot be read does not end: an altered row lets nobody destroy anything.
        "ends_at": (moment, moment(LAST)),
        "is_limit": (flag, False),
        "released_at": (or_none(moment), None),
    }
)
_DESTRUCTION: Final[Columns] = MappingProxyType(
    {
        "entry_id": (text, ""),
        "begun_at": (moment, EPOCH),
        "plan": (octets, b""),
        "emptied_at": (or_none(moment), None),
        "certificate": (or_none(octets), None),
    }
)


def hold_of(row: Row) -> Hold:
    """The hold in a row, also in one that was altered: what cannot be read holds on."""
    values, _ = read_row(row, _HOLD)
    return Hold(**values)


def destruction_of(row: Row, overridden: Sequence[Hold]) -> Destruction:
    """The destruction in a row.

    Raises:
        UnreadableRowError: A column holds what this program never wrote.
    """
    values, damaged = read_row(row, _DESTRUCTION)
    if damaged:
        raise damaged_row(f"the destruction of entry {values['entry_id']}", damaged)
    return Destruction(overridden=tuple(overridden), **values)


def ended_holds(stored: object, holds: Sequence[Hold]) -> list[Hold]:
    """The holds that a destruction ended, from the list of their numbers that is stored with it."""
    try:
        ids = json.loads(stored) if isinstance(stored, str) else []
    except ValueError:
        ids = []
    return [hold for hold in holds if isinstance(ids, list) and hold.id in ids]


def opened(hold_id: int, terms: HoldTerms, *, actor: str = "", note_sha256: str = "") -> HoldOpened:
    """What is told of a hold that was opened."""
    return HoldOpened(hold_id, terms.regime, terms.part, terms.ends_at, terms.is_limit, actor, note_sha256)


def terms_by_hand(*, reason: str, until: datetime, now: datetime) -> HoldTerms:
    """The terms of a hold that a person opens."""
    return HoldTerms(BY_HAND, Part.CONTENT, reason, began_at=now, ends_at=until)


def check_until(until: datetime, *, now: datetime) -> None:
    """Refuse to keep something until a moment that has passed.

    Raises:
        IllegalTransitionError: It has.
        OutboxError: It has no zone.
    """
    if until.tzinfo is None:
        raise OutboxError("the end of a hold needs a zone", hint="Write it as 2027-01-05T00:00Z.")
    if until <= now:
        raise IllegalTransitionError("a hold cannot be extended to a moment that has passed")


def holds_to_extend(entry_id: str, holds: Sequence[Hold], *, until: datetime, now: datetime) -> list[Hold]:
    """The holds of the content that are moved to `until`; none where none runs, and one is to be opened.

    Raises:
        IllegalTransitionError: All that run end then or later.
    """
    running = [hold for hold in holds if hold.binds(now)]
    moved = [hold for hold in running if hold.ends_at < until]
    if running and not moved:
        latest = max(hold.ends_at for hold in running)
        raise IllegalTransitionError(
            f"entry {entry_id} is held until {latest.isoformat()} already: a hold is never shortened",
            hint="Name a later moment; `tipline hold release` ends a hold, with a reason.",
        )
    return moved


def holds_to_release(entry_id: str, holds: Sequence[Hold], *, hold_id: int | None) -> list[Hold]:
    """The holds that a release ends.

    Raises:
        IllegalTransitionError: There are none.
    """
    found = [hold for hold in holds if hold.released_at is None and hold_id in (None, hold.id)]
    if not found:
        which = "no hold" if hold_id is None else f"no hold {hold_id}"
        raise IllegalTransitionError(f"entry {entry_id} has {which} that could be released")
    return found


def check_destroyable(entry: Entry, holds: Sequence[Hold], *, request: str | None, now: datetime) -> list[Hold]:
    """Let an entry be destroyed only at its end, and while it is held only at a legal request.

    Returns:
        The holds of its content that end with it.

    Raises:
        IllegalTransitionError: It is not at its end, or something of it may be open at the endpoint.
        HoldRunningError: A hold runs, or there never was one of what is filed; and no request is named.
    """
    may_be_open = entry.state is State.DEAD_LETTER and not is_untouched(entry.checkpoint)
    if not entry.state.is_terminal or may_be_open:
        why = ", and something of it may be open at the endpoint" if may_be_open else ": it is not at its end"
        raise IllegalTransitionError(
            f"entry {entry.id} is {entry.state}{why}; what may still be filed is not destroyed",
            hint="Deliver or withdraw it first.",
        )
    running = [hold for hold in holds if hold.binds(now)]
    is_filed = entry.has_receipt or entry.state in {State.ACKNOWLEDGED, State.FILED_BY_HAND}
    if request is None and running:
        latest = max(running, key=lambda hold: hold.ends_at)
        raise HoldRunningError(
            f"entry {entry.id} must be kept until {latest.ends_at.isoformat()} ({latest.regime}: {latest.reason})"
        )
    if request is None and is_filed and not any(hold.part is Part.CONTENT for hold in holds):
        raise HoldRunningError(
            f"entry {entry.id} is filed, and no hold of its content is on record: nobody can say that it has ended",
            hint="Open one with `tipline hold extend`, or name the legal request that allows it with --request.",
        )
    return [hold for hold in holds if hold.part is Part.CONTENT and hold.released_at is None]


def no_destruction(entry_id: str) -> EntryNotFoundError:
    """The error for an entry whose destruction has not begun."""
    return EntryNotFoundError(f"no destruction of entry {entry_id!r} is on record")


def note_read(what: str, *, purpose: str, actor: str) -> str:
    """What is noted when content is read."""
    return f"{what} read by {actor}: {purpose}"


def note_extended(*, until: datetime, reason: str, actor: str) -> str:
    """What is noted of an extension."""
    return f"held until {until.isoformat()}, by {actor}: {reason}"


def note_released(holds: Sequence[Hold], *, reason: str, actor: str) -> str:
    """What is noted of a release."""
    return f"hold {', '.join(str(hold.id) for hold in holds)} released, by {actor}: {reason}"


def note_destroyed(*, reason: str, actor: str, request: str | None) -> str:
    """What is noted of a destruction."""
    allowed = "" if request is None else f", at the request {request}"
    return f"destroyed, by {actor}{allowed}: {reason}"
