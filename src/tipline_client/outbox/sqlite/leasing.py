"""What a dispatcher does with an entry: claim it, renew the claim, record progress, give it back or end it.

Functions over an open transaction. Each write carries the lease's token into its own WHERE clause.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm, AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.events import AlarmRaised, EntryGivenUp
from tipline_client.delivery.hold import HoldTerms
from tipline_client.delivery.jsonable import to_json
from tipline_client.delivery.outcomes import Attempt, Failure, Outcome
from tipline_client.delivery.states import State
from tipline_client.outbox import by_hand, rules
from tipline_client.outbox.columns import HORIZON, microseconds
from tipline_client.outbox.contract import Claimed, Lane, UnreadableRowError
from tipline_client.outbox.rows import (
    attempt_columns,
    checkpoint_columns,
    damaged_columns,
    entry_of,
    name_of,
    unreadable,
)
from tipline_client.outbox.sqlite import statements
from tipline_client.outbox.sqlite.driver import Row, Value
from tipline_client.outbox.sqlite.holding import open_holds
from tipline_client.outbox.sqlite.writing import Writing

__all__ = [
    "acknowledge",
    "check_nobody_elses",
    "claim",
    "dead_letter",
    "end_lease",
    "mark_retracted",
    "record",
    "renew",
]


def claim(
    writing: Writing,
    lane: Lane,
    *,
    limit: int,
    lease_for: timedelta,
    entry_id: str | None,
    longest_due: bool,
) -> Claimed:
    """Lease what is due, in the order of claims or the longest due first; with `entry_id` that entry alone."""
    asked: dict[str, Value] = {
        "profile": lane.profile,
        "environment": lane.environment.value,
        "now": microseconds(writing.now),
        "last": microseconds(writing.now + HORIZON),
    }
    claimed = Claimed()
    seen: set[int] = set()
    is_more = True
    while is_more and len(claimed) < limit:
        # What was seen and could not be leased may be due still, and must not take the places of those behind it.
        wanted = limit - len(claimed) + len(seen)
        if entry_id is not None:
            due = writing.execute(statements.DUE_BY_ID, {**asked, "id": entry_id})
        elif longest_due:
            due = _longest_due(writing, {**asked, "limit": wanted})[:wanted]
        else:
            due = writing.execute(statements.DUE, {**asked, "limit": wanted})
        is_more = len(due) >= wanted
        for number, state in due:
            if number not in seen and len(claimed) < limit:
                seen.add(number)
                _lease(
                    writing,
                    claimed,
                    number,
                    is_leased=state == State.LEASED,
                    expires_at=writing.now + lease_for,
                )
    return claimed


def _longest_due(writing: Writing, asked: Mapping[str, Value]) -> list[Row]:
    # Two short lists, each along an index of its own.
    both = [*writing.execute(statements.LONGEST_QUEUED, asked), *writing.execute(statements.LONGEST_LEASED, asked)]
    return [(number, state) for _, number, state in sorted((due_at, number, state) for number, state, due_at in both)]


def _lease(
    writing: Writing,
    claimed: Claimed,
    number: int,
    *,
    is_leased: bool,
    expires_at: datetime,
) -> None:
    [row] = writing.execute(statements.ENTRY_BY_NUMBER, {"number": number})
    try:
        entry = replace(entry_of(row), state=State.LEASED)
    except UnreadableRowError:
        if _set_aside(writing, number, unreadable(damaged_columns(row))):
            claimed.set_aside = (*claimed.set_aside, name_of(row))
        return
    token = secrets.token_hex(16)
    writing.execute(statements.LEASE, {"number": number, "token": token, "expires_at": microseconds(expires_at)})
    claimed.append(
        Lease(entry=entry, token=token, started_at=writing.now, expires_at=expires_at, was_taken_over=is_leased)
    )


def _set_aside(writing: Writing, number: int, failure: Failure) -> bool:
    """Take a damaged row out of the line; left in it, each claim would stumble over it.

    Returns:
        Whether that was possible: a row that breaks the rules of its own table cannot be changed any more. It stays in
        the line, is passed over, and is named by whoever looks.
    """
    try:
        writing.execute(statements.SET_ASIDE, {"number": number, "failure": to_json(failure)})
    except UnreadableRowError:
        return False
    attempt = Attempt(writing.now, writing.now, Outcome.REJECTED, failure, burns=False)
    writing.execute(statements.ADD_ATTEMPT, {"entry": number, **attempt_columns(attempt)})
    writing.tell(number, EntryGivenUp(failure))
    add_alarms(writing, number, [Alarm(AlarmKind.ENVELOPE_REFUSED, failure.text, raised_at=writing.now)])
    return True


def renew(writing: Writing, lease: Lease, *, lease_for: timedelta) -> Lease:
    """Move the end of a live lease."""
    expires_at = writing.now + lease_for
    if not writing.execute(statements.RENEW, {**_fence(writing, lease), "expires_at": microseconds(expires_at)}):
        raise rules.lease_lost(lease)
    return replace(lease, expires_at=expires_at)


def record(writing: Writing, lease: Lease, checkpoint: Checkpoint, *, replies: Sequence[bytes]) -> None:
    """Replace the checkpoint under a live lease."""
    rows = writing.execute(statements.RECORD, {**_fence(writing, lease), **checkpoint_columns(checkpoint)})
    if not rows:
        check_nobody_elses(writing, lease.entry.id, checkpoint.report_id)
        raise rules.lease_lost(lease)
    _add_replies(writing, rows[0][0], replies)


def end_lease(
    writing: Writing,
    lease: Lease,
    state: State,
    checkpoint: Checkpoint,
    attempt: Attempt,
    *,
    replies: Sequence[bytes] = (),
    available_in: timedelta = timedelta(0),
) -> int:
    """Give the entry another state, put the attempt on record and the lease out of force.

    Returns:
        The entry's number, for the rows that go with it.

    Raises:
        LeaseLostError: The lease is not live; nothing was written.
        ReportTakenError: The report is another entry's; nothing was written.
    """
    columns = attempt_columns(attempt)
    rows = writing.execute(
        statements.END_LEASE,
        {
            **_fence(writing, lease),
            **checkpoint_columns(checkpoint),
            "state": state.value,
            "burns": columns["burns"],
            "failure": columns["failure"],
            "available_at": microseconds(writing.now + min(available_in, HORIZON)),
        },
    )
    if not rows:
        if state is State.QUEUED:
            check_nobody_elses(writing, lease.entry.id, checkpoint.report_id)
        raise rules.lease_lost(lease)
    number: int = rows[0][0]
    writing.execute(statements.ADD_ATTEMPT, {"entry": number, **columns})
    _add_replies(writing, number, replies)
    for what in rules.happenings_of_ending(state, attempt, lease.entry):
        writing.tell(number, what)
    return number


def acknowledge(
    writing: Writing,
    lease: Lease,
    checkpoint: Checkpoint,
    acknowledgement: Acknowledgement,
    attempt: Attempt,
    *,
    reply: bytes,
    replies: Sequence[bytes],
    alarms: Sequence[Alarm],
    holds: Sequence[HoldTerms],
) -> None:
    """End the entry as filed, with everything that shows it."""
    number = end_lease(writing, lease, State.ACKNOWLEDGED, checkpoint, attempt, replies=replies)
    writing.tell(number, rules.acknowledged(acknowledgement, reply))
    kept = writing.execute(
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
        [[report_id, *_]] = writing.execute(statements.RECORDED_ACKNOWLEDGEMENT, {"id": lease.entry.id})
        alarms = (*alarms, *rules.foreign_report_alarm(int(report_id), acknowledgement, raised_at=writing.now))
    twice = by_hand.filed_twice_alarm(lease.entry, acknowledgement, raised_at=writing.now)
    add_alarms(writing, number, (*alarms, *twice))
    open_holds(writing, number, holds if kept else ())


def mark_retracted(
    writing: Writing,
    lease: Lease,
    state: State,
    checkpoint: Checkpoint,
    attempt: Attempt,
    *,
    replies: Sequence[bytes],
    holds: Sequence[HoldTerms],
) -> None:
    """End the entry as proven not filed by this program; what a person filed is held like any other filing."""
    number = end_lease(writing, lease, state, checkpoint, attempt, replies=replies)
    if state is State.FILED_BY_HAND:
        open_holds(writing, number, holds)


def dead_letter(
    writing: Writing,
    lease: Lease,
    checkpoint: Checkpoint,
    attempt: Attempt,
    *,
    reply: bytes,
    replies: Sequence[bytes],
    alarms: Sequence[Alarm],
) -> None:
    """End the entry as given up, with the reply that a person will want to read."""
    number = end_lease(writing, lease, State.DEAD_LETTER, checkpoint, attempt, replies=replies)
    writing.execute(statements.ADD_REJECTION, {"entry": number, "now": microseconds(writing.now), "reply": reply})
    add_alarms(writing, number, alarms)


def check_nobody_elses(writing: Writing, entry_id: str, report_id: int | None) -> None:
    """Let a report pass unless it is another entry's.

    Raises:
        ReportTakenError: It is.
    """
    if report_id is None:
        return
    for [holder] in writing.execute(statements.HOLDER_OF_REPORT, {"id": entry_id, "report_id": str(report_id)}):
        raise rules.report_taken(entry_id, report_id, by=holder)


def add_alarms(writing: Writing, number: int, alarms: Sequence[Alarm]) -> None:
    """Raise alarms for the entry with this number."""
    for alarm in alarms:
        [[alarm_id]] = writing.execute(
            statements.ADD_ALARM,
            {
                "entry": number,
                "kind": alarm.kind.value,
                "text": alarm.text,
                "raised_at": microseconds(alarm.raised_at),
            },
        )
        writing.tell(number, AlarmRaised(alarm_id, alarm.kind))


def _add_replies(writing: Writing, number: int, replies: Sequence[bytes]) -> None:
    for reply in replies:
        added: dict[str, Value] = {"entry": number, "now": microseconds(writing.now), "reply": reply}
        writing.execute(statements.ADD_REPLY, added)


def _fence(writing: Writing, lease: Lease) -> dict[str, Value]:
    return {"id": lease.entry.id, "token": lease.token, "now": microseconds(writing.now)}
