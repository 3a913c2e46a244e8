"""The holds of an entry: opened by a filing or a person, extended, released.

Functions over an open transaction. What may be done is said in `outbox.keeping`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tipline_client.delivery.events import HoldExtended, HoldReleased, digest_of
from tipline_client.delivery.hold import Conflict, Hold, HoldTerms, find_conflicts
from tipline_client.outbox import keeping, rules
from tipline_client.outbox.columns import LAST, microseconds
from tipline_client.outbox.rows import entry_of
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.driver import Execute, Value
from tipline_client.outbox.sqlite.writing import Writing

__all__ = ["conflicts", "extend", "holds", "holds_of_number", "open_holds", "release", "set_released"]

_COLUMNS: Final = """
    holds.number, entries.id, holds.regime, holds.part, holds.reason, holds.began_at, holds.ends_at, holds.is_limit,
    holds.released_at
"""
_OPEN: Final = """
    INSERT INTO holds (entry, regime, part, reason, is_limit, began_at, ends_at)
    VALUES (:entry, :regime, :part, :reason, :is_limit, :began_at, :ends_at)
    RETURNING number
"""
_OF_ENTRY: Final = f"""
    SELECT {_COLUMNS} FROM holds INDEXED BY holds_of_entry JOIN entries ON entries.number = holds.entry
    WHERE holds.entry = :entry ORDER BY holds.number
"""  # noqa: S608 - names of our own
_DUE: Final = f"""
    SELECT {_COLUMNS} FROM holds INDEXED BY holds_unreleased CROSS JOIN entries ON entries.number = holds.entry
    WHERE holds.released_at IS NULL AND holds.ends_at < :before ORDER BY holds.ends_at, holds.number LIMIT :limit
"""  # noqa: S608 - names of our own
_IN_CONFLICT: Final = """
    SELECT DISTINCT limits.ends_at, limits.entry FROM holds AS limits INDEXED BY holds_limits
    WHERE limits.is_limit = 1 AND limits.released_at IS NULL AND EXISTS (
        SELECT 1 FROM holds AS other
        WHERE other.entry = limits.entry AND other.part = limits.part AND other.is_limit = 0
            AND other.released_at IS NULL AND other.ends_at > limits.ends_at
    )
    ORDER BY limits.ends_at, limits.entry LIMIT :limit
"""
_EXTEND: Final = "UPDATE holds SET ends_at = :ends_at WHERE number = :number"
_RELEASE: Final = "UPDATE holds SET released_at = :now WHERE number = :number"


def open_holds(writing: Writing, number: int, holds: Iterable[HoldTerms]) -> None:
    """Open the holds of a filing, in the transaction that records it."""
    for terms in holds:
        writing.tell(number, keeping.opened(_add(writing, number, terms), terms))


def holds_of_number(execute: Execute, number: int) -> list[Hold]:
    """All holds of the entry with this number, in the order in which they were opened."""
    return [keeping.hold_of(row) for row in execute(_OF_ENTRY, {"entry": number})]


def holds(execute: Execute, *, entry_id: str | None, ends_before: datetime | None, limit: int) -> list[Hold]:
    """Holds of one entry, or by their end; see `Archive.holds`."""
    if entry_id is None:
        before = LAST + 1 if ends_before is None else microseconds(ends_before)
        return [keeping.hold_of(row) for row in execute(_DUE, {"before": before, "limit": max(limit, 0)})]
    found = [
        hold
        for row in execute(statements.ENTRY_BY_ID, {"id": entry_id})
        for hold in holds_of_number(execute, row[0])
        if ends_before is None or hold.ends_at < ends_before
    ]
    return found[: max(limit, 0)]


def conflicts(execute: Execute, *, limit: int) -> list[Conflict]:
    """Where a limit ends before a hold does; see `Archive.conflicts`."""
    entries = dict.fromkeys(number for _, number in execute(_IN_CONFLICT, {"limit": max(limit, 0)}))
    return [conflict for number in entries for conflict in find_conflicts(holds_of_number(execute, number))]


def extend(writing: Writing, entry_id: str, *, until: datetime, reason: str, actor: str) -> list[Hold]:
    """Keep the content longer; see `Archive.extend`."""
    number = _number(writing, entry_id, is_kept=True)
    note = digest_of(reason)
    moved = keeping.holds_to_extend(entry_id, holds_of_number(writing.execute, number), until=until, now=writing.now)
    changed = {hold.id for hold in moved}
    for hold in moved:
        writing.execute(_EXTEND, {"number": hold.id, "ends_at": microseconds(until)})
        writing.tell(number, HoldExtended(hold.id, until, actor, note))
    if not moved:
        terms = keeping.terms_by_hand(reason=reason, until=until, now=writing.now)
        changed = {hold_id := _add(writing, number, terms)}
        writing.tell(number, keeping.opened(hold_id, terms, actor=actor, note_sha256=note))
    _note(writing, number, keeping.note_extended(until=until, reason=reason, actor=actor))
    return [hold for hold in holds_of_number(writing.execute, number) if hold.id in changed]


def release(writing: Writing, entry_id: str, *, reason: str, actor: str, hold_id: int | None) -> list[Hold]:
    """End holds; see `Archive.release`."""
    number = _number(writing, entry_id)
    ended = keeping.holds_to_release(entry_id, holds_of_number(writing.execute, number), hold_id=hold_id)
    for hold in ended:
        set_released(writing, hold)
        writing.tell(number, HoldReleased(hold.id, actor, digest_of(reason)))
    _note(writing, number, keeping.note_released(ended, reason=reason, actor=actor))
    changed = {hold.id for hold in ended}
    return [hold for hold in holds_of_number(writing.execute, number) if hold.id in changed]


def set_released(writing: Writing, hold: Hold) -> None:
    """End a hold; whoever calls tells why."""
    writing.execute(_RELEASE, {"number": hold.id, "now": microseconds(writing.now)})


def _add(writing: Writing, number: int, terms: HoldTerms) -> int:
    row: dict[str, Value] = {
        "entry": number,
        "regime": terms.regime,
        "part": terms.part.value,
        "reason": terms.reason,
        "is_limit": int(terms.is_limit),
        "began_at": microseconds(terms.began_at),
        "ends_at": microseconds(terms.ends_at),
    }
    [[hold_id]] = writing.execute(_OPEN, row)
    return int(hold_id)


def _number(writing: Writing, entry_id: str, *, is_kept: bool = False) -> int:
    rows = writing.execute(statements.ENTRY_BY_ID, {"id": entry_id})
    if not rows:
        raise rules.no_entry(entry_id)
    if is_kept:
        rules.check_not_destroyed(entry_of(rows[0]))
    return int(rows[0][0])


def _note(writing: Writing, number: int, text: str) -> None:
    writing.execute(statements.ADD_NOTE, {"entry": number, "text": text, "now": microseconds(writing.now)})
