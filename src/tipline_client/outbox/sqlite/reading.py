"""What can be asked of the outbox without changing it; every answer bounded by its question, not by what is delivered.

Functions over `execute` in an open read transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product

from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.delivery.entry import Entry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.outbox import rules
from tipline_client.outbox.columns import FIRST, LAST, microseconds, moment
from tipline_client.outbox.contract import AcknowledgementRecord, Lane, Stray, Strays
from tipline_client.outbox.rows import (
    name_of,
    record_of,
    shown_alarm,
    shown_attempt,
    shown_entry,
    shown_note,
    stored_bytes,
)
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.driver import Execute

__all__ = [
    "acknowledgement",
    "alarms",
    "attempts",
    "count",
    "find",
    "get",
    "list_entries",
    "notes",
    "rejected_reply",
    "replies",
    "strays",
    "unreceipted",
]

_ENVIRONMENTS = {environment.value for environment in Environment}
_WAITING = {state.value for state in State if not state.is_terminal}
_ENDED = {state.value for state in State if state.is_terminal}


def get(execute: Execute, entry_id: str) -> Entry:
    """The entry with this id."""
    for row in execute(statements.ENTRY_BY_ID, {"id": entry_id}):
        return shown_entry(row)
    raise rules.no_entry(entry_id)


def find(execute: Execute, lane: Lane, idempotency_key: str) -> Entry | None:
    """The entry that holds this key in this lane, if any."""
    key = {"profile": lane.profile, "environment": lane.environment.value, "idempotency_key": idempotency_key}
    for row in execute(statements.ENTRY_BY_KEY, key):
        return shown_entry(row)
    return None


def list_entries(
    execute: Execute,
    *,
    states: Sequence[State] | None,
    environment: Environment | None,
    limit: int,
    after: str | None,
    orphaned_at: datetime | None,
) -> list[Entry]:
    """A page of entries, put together in order from walks along an index."""
    start = 0
    if after is not None:
        rows = execute(statements.ENTRY_BY_ID, {"id": after})
        if not rows:
            raise rules.no_entry(after)
        start = rows[0][0]
    asked = set(State if states is None else states)
    places = _environments(environment)
    if orphaned_at is None:
        numbers = _numbers_in(execute, places, asked, after=start, limit=max(limit, 0))
    else:
        numbers = _numbers_orphaned(execute, places, asked, after=start, moment=microseconds(orphaned_at))
    shown = sorted(numbers)[: max(limit, 0)]
    return [shown_entry(row) for number in shown for row in execute(statements.ENTRY_BY_NUMBER, {"number": number})]


def _numbers_in(
    execute: Execute, places: Sequence[Environment], states: set[State], *, after: int, limit: int
) -> list[int]:
    """One short walk for each environment and state: no page costs more because of the rows that it does not show."""
    numbers: list[int] = []
    for place, state in product(places, states):
        page = {"environment": place.value, "state": state.value, "after": after, "limit": limit}
        numbers += [number for [number] in execute(statements.NUMBERS_IN_STATE, page)]
    return numbers


def _numbers_orphaned(
    execute: Execute, places: Sequence[Environment], states: set[State], *, after: int, moment: int
) -> list[int]:
    """All of them, since their index is in the order of time; there are only those of a day."""
    return [
        number
        for place in places
        for number, state in execute(
            statements.ORPHANED, {"environment": place.value, "after": after, "moment": moment}
        )
        if state in states
    ]


def count(execute: Execute, *, environment: Environment | None, lane: Lane | None) -> OutboxCounts:
    """What is in the outbox, in numbers."""
    place = environment if lane is None else lane.environment
    asked = {
        "environment": None if place is None else place.value,
        "profile": None if lane is None else lane.profile,
    }
    if None not in (environment, place) and environment is not place:
        return OutboxCounts(dict.fromkeys(State, 0))
    by_state = dict.fromkeys(State, 0)
    lanes: set[tuple[str, str]] = set()
    for environment_name, profile, state, entries in execute(statements.COUNTS):
        if asked["environment"] in (None, environment_name) and asked["profile"] in (None, profile):
            lanes.add((environment_name, profile))
            if state in by_state:
                by_state[State(state)] += entries
    [[open_alarms]] = execute(statements.COUNT_OPEN_ALARMS, asked)
    return OutboxCounts(
        by_state=by_state,
        open_alarms=open_alarms,
        oldest_waiting=_earliest(execute, [statements.OLDEST_WAITING], lanes),
        longest_known=_earliest(execute, [statements.LONGEST_KNOWN], lanes),
        next_available=_earliest(execute, [statements.NEXT_AVAILABLE, statements.NEXT_LEASE_END], lanes),
    )


def strays(execute: Execute, served: Sequence[Lane], *, limit: int) -> Strays:
    """What nobody claims, from the numbers that are kept by lane: as cheap as the lanes are few."""
    lanes = {(lane.environment.value, lane.profile) for lane in served}
    total = 0
    first: list[Stray] = []
    for environment, profile, state, entries in execute(statements.COUNTS):
        is_ended = state in _ENDED and environment in _ENVIRONMENTS
        if is_ended or (state in _WAITING and (environment, profile) in lanes):
            continue
        total += entries
        asked = {"environment": environment, "profile": profile, "state": state, "limit": max(limit - len(first), 0)}
        names = (_shown(profile), _shown(environment), _shown(state))
        first += [Stray(name_of(row), *names) for row in execute(statements.STRAYS, asked)]
    return Strays(total, tuple(first))


def attempts(execute: Execute, entry_id: str, *, limit: int) -> list[Attempt]:
    """The most recent attempts, oldest first."""
    rows = execute(statements.ATTEMPTS, {"id": entry_id, "limit": max(limit, 0)})
    return [shown_attempt(row) for row in reversed(rows)]


def acknowledgement(execute: Execute, entry_id: str) -> AcknowledgementRecord | None:
    """The acknowledgement of an entry."""
    for row in execute(statements.RECORDED_ACKNOWLEDGEMENT, {"id": entry_id}):
        return record_of(entry_id, row)
    return None


def rejected_reply(execute: Execute, entry_id: str) -> bytes | None:
    """The raw reply behind the last dead letter."""
    for [reply] in execute(statements.REJECTED_REPLY, {"id": entry_id}):
        return stored_bytes(reply, what=f"the reply behind entry {entry_id}")
    return None


def replies(execute: Execute, entry_id: str) -> list[bytes]:
    """The records of an entry's replies, oldest first."""
    what = f"a reply to entry {entry_id}"
    return [stored_bytes(reply, what=what) for [reply] in execute(statements.REPLIES, {"id": entry_id})]


def unreceipted(execute: Execute, *, limit: int) -> list[str]:
    """Ids of entries that wait for their receipt."""
    rows = execute(statements.UNRECEIPTED, {"limit": max(limit, 0)})
    return [entry_id for [entry_id] in rows if isinstance(entry_id, str)]


def alarms(execute: Execute, *, entry_id: str | None, is_open: bool | None) -> list[Alarm]:
    """Alarms, oldest first."""
    if entry_id is not None:
        rows = execute(statements.ALARMS_OF_ENTRY, {"id": entry_id})
    else:
        rows = execute(statements.OPEN_ALARMS if is_open else statements.ALARMS)
    found = [shown_alarm(row) for row in rows]
    return [alarm for alarm in found if is_open in (None, alarm.closed_at is None)]


def notes(execute: Execute, entry_id: str) -> list[tuple[datetime, str]]:
    """What people did to an entry."""
    return [shown_note(row) for row in execute(statements.NOTES, {"id": entry_id})]


def _environments(environment: Environment | None) -> tuple[Environment, ...]:
    return tuple(Environment) if environment is None else (environment,)


def _earliest(execute: Execute, questions: Sequence[str], lanes: Iterable[tuple[str, str]]) -> datetime | None:
    found = [
        value
        for environment, profile in lanes
        for question in questions
        for [value] in execute(question, {"environment": environment, "profile": profile, "first": FIRST, "last": LAST})
        if isinstance(value, int)
    ]
    return moment(min(found)) if found else None


def _shown(word: object) -> str:
    return word if isinstance(word, str) else "(unreadable)"
