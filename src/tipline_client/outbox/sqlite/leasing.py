"""What a dispatcher does with an entry: claim it, renew the claim, record progress, give it back or end it.

Functions over `execute` in an open transaction. Each write carries the lease's token into its own WHERE clause.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm, AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.jsonable import to_json
from tipline_client.delivery.outcomes import Attempt, Failure, Outcome
from tipline_client.delivery.states import State
from tipline_client.outbox import rules
from tipline_client.outbox.contract import Claimed, Lane, UnreadableRowError
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.columns import LAST, microseconds
from tipline_client.outbox.sqlite.driver import Execute, Row, Value
from tipline_client.outbox.sqlite.rows import (
    attempt_columns,
    checkpoint_columns,
    damaged_columns,
    entry_of,
    name_of,
    unreadable,
)

__all__ = ["acknowledge", "claim", "dead_letter", "end_lease", "record", "renew"]


def claim(
    execute: Execute,
    lane: Lane,
    *,
    limit: int,
    lease_for: timedelta,
    entry_id: str | None,
    longest_due: bool,
    now: datetime,
) -> Claimed:
    """Lease what is due, in the order of claims or the longest due first; with `entry_id` that entry alone."""
    asked: dict[str, Value] = {
        "profile": lane.profile,
        "environment": lane.environment.value,
        "now": microseconds(now),
        "last": LAST,
    }
    claimed = Claimed()
    seen: set[int] = set()
    is_more = True
    while is_more and len(claimed) < limit:
        # What was seen and could not be leased may be due still, and must not take the places of those behind it.
        wanted = limit - len(claimed) + len(seen)
        if entry_id is not None:
            due = execute(statements.DUE_BY_ID, {**asked, "id": entry_id})
        elif longest_due:
            due = _longest_due(execute, {**asked, "limit": wanted})[:wanted]
        else:
            due = execute(statements.DUE, {**asked, "limit": wanted})
        is_more = len(due) >= wanted
        for number, state in due:
            if number not in seen and len(claimed) < limit:
                seen.add(number)
                _lease(execute, claimed, number, is_leased=state == State.LEASED, now=now, expires_at=now + lease_for)
    return claimed


def _longest_due(execute: Execute, asked: Mapping[str, Value]) -> list[Row]:
    # Two short lists, each along an index of its own.
    both = [*execute(statements.LONGEST_QUEUED, asked), *execute(statements.LONGEST_LEASED, asked)]
    return [(number, state) for _, number, state in sorted((due_at, number, state) for number, state, due_at in both)]


def _lease(
    execute: Execute, claimed: Claimed, number: int, *, is_leased: bool, now: datetime, expires_at: datetime
) -> None:
    [row] = execute(statements.ENTRY_BY_NUMBER, {"number": number})
    try:
        entry = replace(entry_of(row), state=State.LEASED)
    except UnreadableRowError:
        if _set_aside(execute, number, unreadable(damaged_columns(row)), now=now):
            claimed.set_aside = (*claimed.set_aside, name_of(row))
        return
    token = secrets.token_hex(16)
    execute(statements.LEASE, {"number": number, "token": token, "expires_at": microseconds(expires_at)})
    claimed.append(Lease(entry=entry, token=token, started_at=now, expires_at=expires_at, was_taken_over=is_leased))


def _set_aside(execute: Execute, number: int, failure: Failure, *, now: datetime) -> bool:
    """Take a damaged row out of the line; left in it, each claim would stumble over it.

    Returns:
        Whether that was possible: a row that breaks the rules of its own table cannot be changed any more. It stays in
        the line, is passed over, and is named by whoever looks.
    """
    try:
        execute(statements.SET_ASIDE, {"number": number, "failure": to_json(failure)})
    except UnreadableRowError:
        return False
    attempt = Attempt(now, now, Outcome.REJECTED, failure, burns=False)
    execute(statements.ADD_ATTEMPT, {"entry": number, **attempt_columns(attempt)})
    add_alarms(execute, number, [Alarm(AlarmKind.ENVELOPE_REFUSED, failure.text, raised_at=now)])
    return True


def renew(execute: Execute, lease: Lease, *, lease_for: timedelta, now: datetime) -> Lease:
    """Move the end of a live lease."""
    expires_at = now + lease_for
    rows = execute(statements.RENEW, {**_fence(lease, now), "expires_at": microseconds(expires_at)})
    if not rows:
        raise rules.lease_lost(lease)
    return replace(lease, entry=replace(lease.entry, withdrawal_reason=rows[0][0]), expires_at=expires_at)


def record(execute: Execute, lease: Lease, checkpoint: Checkpoint, *, now: datetime) -> None:
    """Replace the checkpoint under a live lease."""
    if not execute(statements.RECORD, {**_fence(lease, now), **checkpoint_columns(checkpoint)}):
        raise rules.lease_lost(lease)


def end_lease(
    execute: Execute,
    lease: Lease,
    state: State,
    checkpoint: Checkpoint,
    attempt: Attempt,
    *,
    now: datetime,
    available_in: timedelta = timedelta(0),
) -> int:
    """Give the entry another state, put the attempt on record and the lease out of force.

    Returns:
        The entry's number, for the rows that go with it.

    Raises:
        LeaseLostError: The lease is not live; nothing was written.
    """
    columns = attempt_columns(attempt)
    rows = execute(
        statements.END_LEASE,
        {
            **_fence(lease, now),
            **checkpoint_columns(checkpoint),
            "state": state.value,
            "burns": columns["burns"],
            "failure": columns["failure"],
            "available_at": microseconds(now + available_in),
            "knew_of_withdrawal": int(lease.entry.withdrawal_reason is not None),
        },
    )
    if not rows:
        raise rules.lease_lost(lease)
    number: int = rows[0][0]
    execute(statements.ADD_ATTEMPT, {"entry": number, **columns})
    return number


def acknowledge(
    execute: Execute,
    lease: Lease,
    checkpoint: Checkpoint,
    acknowledgement: Acknowledgement,
    attempt: Attempt,
    *,
    reply: bytes,
    alarms: Sequence[Alarm],
    now: datetime,
) -> None:
    """End the entry as filed, with everything that shows it."""
    number = end_lease(execute, lease, State.ACKNOWLEDGED, checkpoint, attempt, now=now)
    kept = execute(
        statements.ADD_ACKNOWLEDGEMENT,
        {
            "entry": number,
            # Text, because the endpoint's numbers may outgrow 63 bits and an id that does not fit is a lost report.
            "report_id": str(acknowledgement.report_id),
            "acknowledged_at": microseconds(acknowledgement.acknowledged_at),
            "facts": to_json(acknowledgement),
            "reply": reply,
        },
    )
    if not kept:
        [[report_id, *_]] = execute(statements.RECORDED_ACKNOWLEDGEMENT, {"id": lease.entry.id})
        alarms = (*alarms, *rules.foreign_report_alarm(int(report_id), acknowledgement, raised_at=now))
    add_alarms(execute, number, alarms)


def dead_letter(
    execute: Execute,
    lease: Lease,
    checkpoint: Checkpoint,
    attempt: Attempt,
    *,
    reply: bytes,
    alarms: Sequence[Alarm],
    now: datetime,
) -> None:
    """End the entry as given up, with the reply that a person will want to read."""
    number = end_lease(execute, lease, State.DEAD_LETTER, checkpoint, attempt, now=now)
    execute(statements.ADD_REJECTION, {"entry": number, "now": microseconds(now), "reply": reply})
    add_alarms(execute, number, alarms)


def add_alarms(execute: Execute, number: int, alarms: Sequence[Alarm]) -> None:
    """Raise alarms for the entry with this number."""
    for alarm in alarms:
        execute(
            statements.ADD_ALARM,
            {
                "entry": number,
                "kind": alarm.kind.value,
                "text": alarm.text,
                "raised_at": microseconds(alarm.raised_at),
            },
        )


def _fence(lease: Lease, now: datetime) -> dict[str, Value]:
    return {"id": lease.entry.id, "token": lease.token, "now": microseconds(now)}
