"""What can be asked of the outbox without changing it; every answer bounded by its question, not by what is delivered.

Functions over `execute` in an open read transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import product

from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.delivery.entry import Entry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.states import State
from tipline_client.outbox import rules
from tipline_client.outbox.contract import AcknowledgementRecord, Lane
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.driver import Execute
from tipline_client.outbox.sqlite.rows import alarm_of, attempt_of, moment, record_of, shown_entry

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
    "unreceipted",
]


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
) -> list[Entry]:
    """A page of entries.

    One short walk along the index for each environment and state that is asked for, put together in order: no page
    costs more because of the rows that it does not show.
    """
    start = 0
    if after is not None:
        rows = execute(statements.ENTRY_BY_ID, {"id": after})
        if not rows:
            raise rules.no_entry(after)
        start = rows[0][0]
    numbers: list[int] = []
    for place, state in product(_environments(environment), set(State if states is None else states)):
        page = {"environment": place.value, "state": state.value, "after": start, "limit": max(limit, 0)}
        numbers += [number for [number] in execute(statements.NUMBERS_IN_STATE, page)]
    shown = sorted(numbers)[: max(limit, 0)]
    return [shown_entry(row) for number in shown for row in execute(statements.ENTRY_BY_NUMBER, {"number": number})]


def count(execute: Execute, *, environment: Environment | None) -> OutboxCounts:
    """What is in the outbox, in numbers."""
    asked = {"environment": None if environment is None else environment.value}
    found: dict[str, int] = dict(execute(statements.COUNT_BY_STATE, asked))
    [[open_alarms]] = execute(statements.COUNT_OPEN_ALARMS, asked)
    moments = (statements.NEXT_AVAILABLE, statements.NEXT_LEASE_END)
    due = [at for statement in moments if (at := _earliest(execute, statement, environment)) is not None]
    return OutboxCounts(
        by_state={state: found.get(state.value, 0) for state in State},
        open_alarms=open_alarms,
        oldest_waiting=_earliest(execute, statements.OLDEST_WAITING, environment),
        next_available=min(due, default=None),
    )


def attempts(execute: Execute, entry_id: str, *, limit: int) -> list[Attempt]:
    """The most recent attempts, oldest first."""
    rows = execute(statements.ATTEMPTS, {"id": entry_id, "limit": max(limit, 0)})
    return [attempt_of(row) for row in reversed(rows)]


def acknowledgement(execute: Execute, entry_id: str) -> AcknowledgementRecord | None:
    """The acknowledgement of an entry."""
    for row in execute(statements.RECORDED_ACKNOWLEDGEMENT, {"id": entry_id}):
        return record_of(entry_id, row)
    return None


def rejected_reply(execute: Execute, entry_id: str) -> bytes | None:
    """The raw reply behind the last dead letter."""
    for [reply] in execute(statements.REJECTED_REPLY, {"id": entry_id}):
        return bytes(reply)
    return None


def unreceipted(execute: Execute, *, limit: int) -> list[str]:
    """Ids of entries that wait for their receipt."""
    return [entry_id for [entry_id] in execute(statements.UNRECEIPTED, {"limit": max(limit, 0)})]


def alarms(execute: Execute, *, entry_id: str | None, is_open: bool | None) -> list[Alarm]:
    """Alarms, oldest first."""
    if entry_id is not None:
        rows = execute(statements.ALARMS_OF_ENTRY, {"id": entry_id})
    else:
        rows = execute(statements.OPEN_ALARMS if is_open else statements.ALARMS)
    found = [alarm_of(row) for row in rows]
    return [alarm for alarm in found if is_open in (None, alarm.closed_at is None)]


def notes(execute: Execute, entry_id: str) -> list[tuple[datetime, str]]:
    """What people did to an entry."""
    return [(moment(written_at), text) for written_at, text in execute(statements.NOTES, {"id": entry_id})]


def _environments(environment: Environment | None) -> tuple[Environment, ...]:
    return tuple(Environment) if environment is None else (environment,)


def _earliest(execute: Execute, statement: str, environment: Environment | None) -> datetime | None:
    return min(
        (
            moment(value)
            for place in _environments(environment)
            for [value] in execute(statement, {"environment": place.value})
            if value is not None
        ),
        default=None,
    )
