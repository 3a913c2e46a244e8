"""What can be asked of the outbox without changing it; every answer bounded by its question, not by what is delivered.

What has more than one statement is asked in one transaction, so that it sees one state of the outbox.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.delivery.entry import Entry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.outbox import rules
from tipline_client.outbox.columns import FIRST, LAST, microseconds, moment
from tipline_client.outbox.contract import AcknowledgementRecord, Lane, Stray, Strays
from tipline_client.outbox.postgres import questions
from tipline_client.outbox.postgres.conversation import Conversation, Value
from tipline_client.outbox.rows import (
    name_of,
    record_of,
    shown_alarm,
    shown_attempt,
    shown_entry,
    shown_note,
    stored_bytes,
)

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


def get(entry_id: str) -> Conversation[Entry]:
    """The entry with this id."""
    for row in (yield questions.ENTRY_BY_ID, {"id": entry_id}):
        return shown_entry(row)
    raise rules.no_entry(entry_id)


def find(lane: Lane, idempotency_key: str) -> Conversation[Entry | None]:
    """The entry that holds this key in this lane, if any."""
    key = {"profile": lane.profile, "environment": lane.environment.value, "idempotency_key": idempotency_key}
    for row in (yield questions.ENTRY_BY_KEY, key):
        return shown_entry(row)
    return None


def list_entries(
    *,
    states: Sequence[State] | None,
    environment: Environment | None,
    limit: int,
    after: str | None,
    orphaned_at: datetime | None,
) -> Conversation[list[Entry]]:
    """A page of entries."""
    start = 0
    if after is not None:
        rows = yield questions.NUMBER_OF_ENTRY, {"id": after}
        if not rows:
            raise rules.no_entry(after)
        start = rows[0][0]
    asked: dict[str, Value] = {
        "environments": [place.value for place in (Environment if environment is None else [environment])],
        "states": sorted({state.value for state in (State if states is None else states)}),
        "after": start,
        "limit": max(limit, 0),
    }
    if orphaned_at is None:
        page = yield questions.PAGE, asked
    else:
        page = yield questions.ORPHANED_PAGE, {**asked, "moment": microseconds(orphaned_at)}
    return [shown_entry(row) for row in page]


def count(*, environment: Environment | None, lane: Lane | None) -> Conversation[OutboxCounts]:
    """What is in the outbox, in numbers."""
    place = environment if lane is None else lane.environment
    if None not in (environment, place) and environment is not place:
        return OutboxCounts(dict.fromkeys(State, 0))
    asked = {"environment": None if place is None else place.value, "profile": None if lane is None else lane.profile}
    by_state = dict.fromkeys(State, 0)
    for environment_name, profile, state, entries in (yield questions.COUNT_ENDED, {}):
        if asked["environment"] in (None, environment_name) and asked["profile"] in (None, profile):
            by_state[State(state)] += entries
    lanes = [
        (environment_name, profile)
        for environment_name, profile in (yield questions.LANES, {})
        if asked["environment"] in (None, environment_name) and asked["profile"] in (None, profile)
    ]
    for state, entries in (yield from _waiting(lanes)):
        by_state[State(state)] += entries
    [[open_alarms]] = yield questions.COUNT_OPEN_ALARMS, asked
    return OutboxCounts(
        by_state=by_state,
        open_alarms=open_alarms,
        oldest_waiting=(yield from _earliest([questions.OLDEST_WAITING], lanes)),
        longest_known=(yield from _earliest([questions.LONGEST_KNOWN], lanes)),
        next_available=(yield from _earliest([questions.NEXT_AVAILABLE, questions.NEXT_LEASE_END], lanes)),
    )


def strays(served: Sequence[Lane], *, limit: int) -> Conversation[Strays]:
    """What nobody claims: what waits in other lanes. The table itself holds no other state or environment."""
    lanes = {(lane.environment.value, lane.profile) for lane in served}
    total = 0
    first: list[Stray] = []
    for environment, profile in (yield questions.LANES, {}):
        if (environment, profile) in lanes:
            continue
        for state, entries in (yield from _waiting([(environment, profile)])):
            total += entries
            asked: dict[str, Value] = {
                "environment": environment,
                "profile": profile,
                "state": state,
                "limit": max(limit - len(first), 0),
            }
            rows = yield questions.STRAYS, asked
            first += [Stray(name_of(row), profile, environment, state) for row in rows]
    return Strays(total, tuple(first))


def attempts(entry_id: str, *, limit: int) -> Conversation[list[Attempt]]:
    """The most recent attempts, oldest first."""
    rows = yield questions.ATTEMPTS, {"id": entry_id, "limit": max(limit, 0)}
    return [shown_attempt(row) for row in reversed(rows)]


def acknowledgement(entry_id: str) -> Conversation[AcknowledgementRecord | None]:
    """The acknowledgement of an entry."""
    for row in (yield questions.RECORDED_ACKNOWLEDGEMENT, {"id": entry_id}):
        return record_of(entry_id, row)
    return None


def rejected_reply(entry_id: str) -> Conversation[bytes | None]:
    """The raw reply behind the last dead letter."""
    for [reply] in (yield questions.REJECTED_REPLY, {"id": entry_id}):
        return stored_bytes(reply, what=f"the reply behind entry {entry_id}")
    return None


def replies(entry_id: str) -> Conversation[list[bytes]]:
    """The records of an entry's replies, oldest first."""
    what = f"a reply to entry {entry_id}"
    return [stored_bytes(reply, what=what) for [reply] in (yield questions.REPLIES, {"id": entry_id})]


def unreceipted(*, limit: int) -> Conversation[list[str]]:
    """Ids of entries that wait for their receipt."""
    return [entry_id for [entry_id] in (yield questions.UNRECEIPTED, {"limit": max(limit, 0)})]


def alarms(*, entry_id: str | None, is_open: bool | None) -> Conversation[list[Alarm]]:
    """Alarms, oldest first."""
    if entry_id is not None:
        rows = yield questions.ALARMS_OF_ENTRY, {"id": entry_id}
    else:
        rows = yield (questions.OPEN_ALARMS if is_open else questions.ALARMS), {}
    found = [shown_alarm(row) for row in rows]
    return [alarm for alarm in found if is_open in (None, alarm.closed_at is None)]


def notes(entry_id: str) -> Conversation[list[tuple[datetime, str]]]:
    """What people did to an entry."""
    return [shown_note(row) for row in (yield questions.NOTES, {"id": entry_id})]


def _waiting(lanes: Iterable[tuple[str, str]]) -> Conversation[list[tuple[str, int]]]:
    found: list[tuple[str, int]] = []
    for environment, profile in lanes:
        rows = yield questions.COUNT_WAITING, {"environment": environment, "profile": profile}
        found += [(state, entries) for state, entries in rows]
    return found


def _earliest(questions: Sequence[str], lanes: Iterable[tuple[str, str]]) -> Conversation[datetime | None]:
    found: list[int] = []
    for environment, profile in lanes:
        for question in questions:
            asked: dict[str, Value] = {"environment": environment, "profile": profile, "first": FIRST, "last": LAST}
            found += [value for [value] in (yield question, asked) if value is not None]
    return moment(min(found)) if found else None
