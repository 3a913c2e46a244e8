"""What a dispatcher does with an entry: claim it, renew the claim, record progress, give it back or end it.

Each write carries the lease's token into its own WHERE clause. What has more than one statement needs a transaction.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm, AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Lease
from tipline_client.delivery.events import AlarmRaised, EntryGivenUp
from tipline_client.delivery.hold import HoldTerms
from tipline_client.delivery.jsonable import to_json
from tipline_client.delivery.outcomes import Attempt, Outcome
from tipline_client.delivery.states import State
from tipline_client.envelope import HistoryChain
from tipline_client.errors import LeaseLostError
from tipline_client.outbox import by_hand, rules
from tipline_client.outbox.columns import HORIZON, microseconds, moment
from tipline_client.outbox.contract import Claimed, Lane, UnreadableRowError
from tipline_client.outbox.postgres import questions, statements
from tipline_client.outbox.postgres.conversation import Conversation, Row, Value
from tipline_client.outbox.postgres.holding import open_holds
from tipline_client.outbox.postgres.telling import tell
from tipline_client.outbox.rows import (
    attempt_columns,
    checkpoint_columns,
    damaged_columns,
    entry_of,
    name_of,
    unreadable,
)

__all__ = ["acknowledge", "claim", "dead_letter", "end_lease", "record", "renew", "set_aside", "unless_ended_by_us"]


def claim(
    lane: Lane,
    *,
    limit: int,
    lease_for: timedelta,
    entry_id: str | None,
    longest_due: bool,
    now: int | None,
) -> Conversation[tuple[Claimed, list[Row]]]:
    """Lease what is due, in the order of claims or the longest due first; with `entry_id` that entry alone.

    Each statement is a whole by itself, so this needs no transaction.

    Returns:
        The leases, and the rows that were leased with them but cannot be read; `set_aside` is for these.
    """
    in_line = statements.CLAIM_LONGEST_DUE if longest_due else statements.CLAIM
    claimed = Claimed()
    damaged: list[Row] = []
    is_more = True
    while is_more and len(claimed) < limit:
        wanted = limit - len(claimed)
        asked: dict[str, Value] = {
            "profile": lane.profile,
            "environment": lane.environment.value,
            "id": entry_id,
            "limit": wanted,
            "lease_for": lease_for // timedelta(microseconds=1),
            "tokens": [secrets.token_hex(16) for _ in range(wanted)],
            "now": now,
            "horizon": HORIZON // timedelta(microseconds=1),
        }
        rows = yield (in_line if entry_id is None else statements.CLAIM_BY_ID), asked
        for *row, was_leased, started_at in rows:
            try:
                entry = entry_of(tuple(row))
            except UnreadableRowError:
                damaged.append(tuple(row))
                continue
            claimed.append(
                Lease(
                    entry=entry,
                    token=row[-2],
                    started_at=moment(started_at),
                    expires_at=moment(row[-1]),
                    was_taken_over=was_leased,
                )
            )
        is_more = len(rows) == wanted and entry_id is None
    return claimed, damaged


def set_aside(row: Row, *, chain: HistoryChain, now: int | None) -> Conversation[str | None]:
    """Take a damaged row out of the line; left in it, each claim would stumble over it.

    Returns:
        Its name, if it was there still.
    """
    failure = unreadable(damaged_columns(row))
    moved = yield (
        statements.SET_ASIDE,
        {
            "number": row[0],
            "token": row[-2],
            "failure": to_json(failure),
            "outcome": Outcome.REJECTED.value,
            "kind": AlarmKind.ENVELOPE_REFUSED.value,
            "text": failure.text,
            "now": now,
        },
    )
    for [alarm_id] in moved:
        raised = AlarmRaised(alarm_id, AlarmKind.ENVELOPE_REFUSED)
        yield from tell(chain, row[0], EntryGivenUp(failure), raised, now=now)
        return name_of(row)
    return None


def renew(lease: Lease, *, lease_for: timedelta, now: int | None) -> Conversation[Lease]:
    """Move the end of a live lease."""
    asked = {**_fence(lease, now), "lease_for": lease_for // timedelta(microseconds=1)}
    for [expires_at] in (yield statements.RENEW, asked):
        return replace(lease, expires_at=moment(expires_at))
    raise rules.lease_lost(lease)


def record(lease: Lease, checkpoint: Checkpoint, *, replies: Sequence[bytes], now: int | None) -> Conversation[None]:
    """Replace the checkpoint under a live lease."""
    written = {**_fence(lease, now), **checkpoint_columns(checkpoint), "replies": list(replies)}
    rows = yield statements.RECORD, written
    if not rows:
        yield from check_nobody_elses(lease.entry.id, checkpoint.report_id)
        raise rules.lease_lost(lease)


def end_lease(
    lease: Lease,
    state: State,
    checkpoint: Checkpoint,
    attempt: Attempt,
    *,
    replies: Sequence[bytes] = (),
    holds: Sequence[HoldTerms] = (),
    chain: HistoryChain,
    now: int | None,
    available_in: timedelta = timedelta(0),
) -> Conversation[None]:
    """End a lease, with its line in the history; see `_end_lease`. What a person filed is held like any filing."""
    number, at = yield from _end_lease(
        lease, state, checkpoint, attempt, replies=replies, now=now, available_in=available_in
    )
    opened = yield from open_holds(number, holds if state is State.FILED_BY_HAND else ())
    yield from tell(chain, number, *rules.happenings_of_ending(state, attempt, lease.entry), *opened, now=at)


def _end_lease(
    lease: Lease,
    state: State,
    checkpoint: Checkpoint,
    attempt: Attempt,
    *,
    replies: Sequence[bytes],
    now: int | None,
    available_in: timedelta = timedelta(0),
) -> Conversation[tuple[int, int]]:
    """Give the entry another state, put the attempt on record and the lease out of force.

    Returns:
        The entry's number, for the rows that go with it, and the moment.

    Raises:
        LeaseLostError: The lease is not live; nothing was written.
        ReportTakenError: The report is another entry's; nothing was written.
    """
    columns = attempt_columns(attempt)
    rows = yield (
        statements.END_LEASE,
        {
            **_fence(lease, now),
            **checkpoint_columns(checkpoint),
            **columns,
            "replies": list(replies),
            "burns": bool(columns["burns"]),
            "state": state.value,
            "available_in": min(available_in, HORIZON) // timedelta(microseconds=1),
        },
    )
    for number, moment_of_it in rows:
        return number, moment_of_it
    if state is State.QUEUED:
        yield from check_nobody_elses(lease.entry.id, checkpoint.report_id)
    raise rules.lease_lost(lease)


def acknowledge(
    lease: Lease,
    checkpoint: Checkpoint,
    acknowledgement: Acknowledgement,
    attempt: Attempt,
    *,
    reply: bytes,
    replies: Sequence[bytes],
    alarms: Sequence[Alarm],
    holds: Sequence[HoldTerms],
    chain: HistoryChain,
    now: int | None,
) -> Conversation[None]:
    """End the entry as filed, with everything that shows it."""
    number, at = yield from _end_lease(lease, State.ACKNOWLEDGED, checkpoint, attempt, replies=replies, now=now)
    kept = yield (
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
        [[report_id]] = yield questions.ACKNOWLEDGED, {"entry": number}
        foreign = rules.foreign_report_alarm(int(report_id), acknowledgement, raised_at=moment(at))
        alarms = (*alarms, *foreign)
    twice = by_hand.filed_twice_alarm(lease.entry, acknowledgement, raised_at=moment(at))
    raised = yield from _add_alarms(number, (*alarms, *twice))
    opened = yield from open_holds(number, holds if kept else ())
    tried = rules.happenings_of_ending(State.ACKNOWLEDGED, attempt, lease.entry)
    yield from tell(chain, number, *tried, rules.acknowledged(acknowledgement, reply), *raised, *opened, now=at)


def dead_letter(
    lease: Lease,
    checkpoint: Checkpoint,
    attempt: Attempt,
    *,
    reply: bytes,
    replies: Sequence[bytes],
    alarms: Sequence[Alarm],
    chain: HistoryChain,
    now: int | None,
) -> Conversation[None]:
    """End the entry as given up, with the reply that a person will want to read."""
    number, at = yield from _end_lease(lease, State.DEAD_LETTER, checkpoint, attempt, replies=replies, now=now)
    yield statements.ADD_REJECTION, {"entry": number, "now": at, "reply": reply}
    raised = yield from _add_alarms(number, alarms)
    given_up = rules.happenings_of_ending(State.DEAD_LETTER, attempt, lease.entry)
    yield from tell(chain, number, *given_up, *raised, now=at)


def unless_ended_by_us(
    ending: Conversation[object], lease: Lease, attempt: Attempt, *, is_in_doubt: bool
) -> Conversation[None]:
    """Repeat an ending of which nobody knows whether it took place: if it did, it is not a lost lease.

    Args:
        ending: How the lease is to end.
        lease: Which.
        attempt: What goes on record with it.
        is_in_doubt: Whether the same ending was sent before and its connection lost.
    """
    try:
        yield from ending
    except LeaseLostError:
        if not is_in_doubt:
            raise
        ended = yield questions.ENDED_BY, {"id": lease.entry.id, "token": lease.token}
        if [(attempt.outcome.value,)] != ended:
            raise


def check_nobody_elses(entry_id: str, report_id: int | None) -> Conversation[None]:
    """Let a report pass unless it is another entry's.

    Raises:
        ReportTakenError: It is.
    """
    if report_id is None:
        return
    for [holder] in (yield statements.HOLDER_OF_REPORT, {"id": entry_id, "report_id": str(report_id)}):
        raise rules.report_taken(entry_id, report_id, by=holder)


def _add_alarms(number: int, alarms: Sequence[Alarm]) -> Conversation[list[AlarmRaised]]:
    raised = []
    for alarm in alarms:
        [[alarm_id]] = yield (
            statements.ADD_ALARM,
            {
                "entry": number,
                "kind": alarm.kind.value,
                "text": alarm.text,
                "raised_at": microseconds(alarm.raised_at),
            },
        )
        raised.append(AlarmRaised(alarm_id, alarm.kind))
    return raised


def _fence(lease: Lease, now: int | None) -> dict[str, Value]:
    return {"id": lease.entry.id, "token": lease.token, "now": now}
