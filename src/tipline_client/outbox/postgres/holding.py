"""The holds of an entry: opened by a filing or a person, extended, released.

Each verb that writes needs a transaction, in which the entry is locked before its holds are looked at. What may be done
is said in `outbox.keeping`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tipline_client.delivery.events import HoldExtended, HoldOpened, HoldReleased, digest_of
from tipline_client.delivery.hold import Conflict, Hold, HoldTerms, find_conflicts
from tipline_client.envelope import HistoryChain
from tipline_client.outbox import keeping, rules
from tipline_client.outbox.columns import LAST, microseconds, moment
from tipline_client.outbox.postgres import questions, statements
from tipline_client.outbox.postgres.conversation import Conversation, Row, Value
from tipline_client.outbox.postgres.telling import tell
from tipline_client.outbox.rows import entry_of

__all__ = [
    "conflicts",
    "extend",
    "holds",
    "holds_of_number",
    "locked",
    "open_holds",
    "present",
    "release",
    "set_released",
]

_COLUMNS: Final = """
    holds.number, entries.id, holds.regime, holds.part, holds.reason, holds.began_at, holds.ends_at, holds.is_limit,
    holds.released_at
"""
_OPEN: Final = """
    INSERT INTO tipline.holds (entry, regime, part, reason, is_limit, began_at, ends_at)
    VALUES (%(entry)s, %(regime)s, %(part)s, %(reason)s, %(is_limit)s, %(began_at)s, %(ends_at)s)
    RETURNING number
"""
_OF_ENTRY: Final = f"""
    SELECT {_COLUMNS} FROM tipline.holds JOIN tipline.entries ON entries.number = holds.entry
    WHERE holds.entry = %(entry)s ORDER BY holds.number
"""  # noqa: S608 - names of our own
_DUE: Final = f"""
    SELECT {_COLUMNS} FROM tipline.holds JOIN tipline.entries ON entries.number = holds.entry
    WHERE holds.released_at IS NULL AND holds.ends_at < %(before)s ORDER BY holds.ends_at, holds.number LIMIT %(limit)s
"""  # noqa: S608 - names of our own
_IN_CONFLICT: Final = """
    SELECT limits.entry FROM tipline.holds AS limits
    WHERE limits.is_limit AND limits.released_at IS NULL AND EXISTS (
        SELECT FROM tipline.holds AS other
        WHERE other.entry = limits.entry AND other.part = limits.part AND NOT other.is_limit
            AND other.released_at IS NULL AND other.ends_at > limits.ends_at
    )
    ORDER BY limits.ends_at, limits.entry LIMIT %(limit)s
"""
_EXTEND: Final = "UPDATE tipline.holds SET ends_at = %(ends_at)s WHERE number = %(number)s"
_RELEASE: Final = "UPDATE tipline.holds SET released_at = %(now)s WHERE number = %(number)s"
_NOW: Final = "SELECT coalesce(%(now)s::bigint, tipline.clock())"


def open_holds(number: int, holds: Iterable[HoldTerms]) -> Conversation[list[HoldOpened]]:
    """Open the holds of a filing, in the transaction that records it; whoever calls tells of them."""
    opened = []
    for terms in holds:
        hold_id = yield from _add(number, terms)
        opened.append(keeping.opened(hold_id, terms))
    return opened


def holds_of_number(number: int) -> Conversation[list[Hold]]:
    """All holds of the entry with this number, in the order in which they were opened."""
    return [keeping.hold_of(row) for row in (yield _OF_ENTRY, {"entry": number})]


def holds(*, entry_id: str | None, ends_before: datetime | None, limit: int) -> Conversation[list[Hold]]:
    """Holds of one entry, or by their end; see `Archive.holds`."""
    if entry_id is None:
        before = LAST + 1 if ends_before is None else microseconds(ends_before)
        return [keeping.hold_of(row) for row in (yield _DUE, {"before": before, "limit": max(limit, 0)})]
    found: list[Hold] = []
    for [number] in (yield questions.NUMBER_OF_ENTRY, {"id": entry_id}):
        found += yield from holds_of_number(number)
    return [hold for hold in found if ends_before is None or hold.ends_at < ends_before][: max(limit, 0)]


def conflicts(*, limit: int) -> Conversation[list[Conflict]]:
    """Where a limit ends before a hold does; see `Archive.conflicts`."""
    entries = dict.fromkeys(number for [number] in (yield _IN_CONFLICT, {"limit": max(limit, 0)}))
    found: list[Conflict] = []
    for number in entries:
        found += find_conflicts((yield from holds_of_number(number)))
    return found


def extend(
    entry_id: str, *, until: datetime, reason: str, actor: str, chain: HistoryChain, now: int | None
) -> Conversation[list[Hold]]:
    """Keep the content longer; see `Archive.extend`."""
    row = yield from locked(entry_id)
    rules.check_not_destroyed(entry_of(row))
    at = yield from present(now)
    keeping.check_until(until, now=moment(at))
    number, note = row[0], digest_of(reason)
    held = yield from holds_of_number(number)
    moved = keeping.holds_to_extend(entry_id, held, until=until, now=moment(at))
    changed = {hold.id for hold in moved}
    for hold in moved:
        yield _EXTEND, {"number": hold.id, "ends_at": microseconds(until)}
    yield from tell(chain, number, *(HoldExtended(hold.id, until, actor, note) for hold in moved), now=at)
    if not moved:
        terms = keeping.terms_by_hand(reason=reason, until=until, now=moment(at))
        hold_id = yield from _add(number, terms)
        changed = {hold_id}
        yield from tell(chain, number, keeping.opened(hold_id, terms, actor=actor, note_sha256=note), now=at)
    text = keeping.note_extended(until=until, reason=reason, actor=actor)
    yield statements.ADD_NOTE, {"entry": number, "text": text, "now": at}
    return [hold for hold in (yield from holds_of_number(number)) if hold.id in changed]


def release(
    entry_id: str, *, reason: str, actor: str, hold_id: int | None, chain: HistoryChain, now: int | None
) -> Conversation[list[Hold]]:
    """End holds; see `Archive.release`."""
    row = yield from locked(entry_id)
    number, at = row[0], (yield from present(now))
    ended = keeping.holds_to_release(entry_id, (yield from holds_of_number(number)), hold_id=hold_id)
    for hold in ended:
        yield from set_released(hold, at=at)
    yield from tell(chain, number, *(HoldReleased(hold.id, actor, digest_of(reason)) for hold in ended), now=at)
    text = keeping.note_released(ended, reason=reason, actor=actor)
    yield statements.ADD_NOTE, {"entry": number, "text": text, "now": at}
    changed = {hold.id for hold in ended}
    return [hold for hold in (yield from holds_of_number(number)) if hold.id in changed]


def set_released(hold: Hold, *, at: int) -> Conversation[None]:
    """End a hold; whoever calls tells why."""
    yield _RELEASE, {"number": hold.id, "now": at}


def locked(entry_id: str) -> Conversation[Row]:
    """The row of an entry, which nobody else changes until this transaction ends.

    Raises:
        EntryNotFoundError: There is none.
    """
    # Looked at by a second statement: it sees what was committed while the first one waited for the lock.
    yield statements.LOCK_ENTRY, {"id": entry_id}
    rows = yield questions.ENTRY_BY_ID, {"id": entry_id}
    if not rows:
        raise rules.no_entry(entry_id)
    return rows[0]


def present(now: int | None) -> Conversation[int]:
    """The moment, by the database's clock unless a test sends one."""
    [[at]] = yield _NOW, {"now": now}
    return int(at)


def _add(number: int, terms: HoldTerms) -> Conversation[int]:
    row: dict[str, Value] = {
        "entry": number,
        "regime": terms.regime,
        "part": terms.part.value,
        "reason": terms.reason,
        "is_limit": terms.is_limit,
        "began_at": microseconds(terms.began_at),
        "ends_at": microseconds(terms.ends_at),
    }
    [[hold_id]] = yield _OPEN, row
    return int(hold_id)
