"""Values to columns and back: times as microseconds, checkpoints and failures as JSON.

A row that somebody altered by hand may not be readable. Whoever acts on an entry reads it strictly; whoever only shows
it reads what is left.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm, AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.jsonable import from_json, to_json
from tipline_client.delivery.outcomes import Attempt, Failure, Outcome
from tipline_client.delivery.states import State
from tipline_client.errors import OutboxError
from tipline_client.outbox.contract import AcknowledgementRecord
from tipline_client.outbox.sqlite.driver import Row, Value
from tipline_client.outbox.sqlite.schema import NEVER

__all__ = [
    "UNREADABLE",
    "UnreadableRowError",
    "alarm_of",
    "attempt_columns",
    "attempt_of",
    "checkpoint_columns",
    "entry_of",
    "microseconds",
    "moment",
    "record_of",
    "shown_entry",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

UNREADABLE: Final = Failure(
    kind="unreadable_row", text="the stored row cannot be read back: something other than this program changed it"
)
"""The failure of an entry whose row is damaged."""

T = TypeVar("T")


class UnreadableRowError(OutboxError):
    """A row holds what this program never wrote."""

    default_hint = "Find out who changed the outbox by hand; compare the row with a backup."


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 in UTC; exact, which a float of seconds is not."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def moment(value: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + timedelta(microseconds=value)


def checkpoint_columns(checkpoint: Checkpoint) -> dict[str, Value]:
    """The checkpoint, and the part of it that orders the claims."""
    lapses_at = checkpoint.lapses_at
    return {
        "checkpoint": to_json(checkpoint),
        "lapses_at": NEVER if lapses_at is None else microseconds(lapses_at),
    }


def attempt_columns(attempt: Attempt) -> dict[str, Value]:
    """One row of the attempts, without whose it is."""
    return {
        "started_at": microseconds(attempt.started_at),
        "ended_at": microseconds(attempt.ended_at),
        "outcome": attempt.outcome.value,
        "failure": None if attempt.failure is None else to_json(attempt.failure),
        "burns": int(attempt.burns),
    }


def entry_of(row: Row) -> Entry:
    """The entry in a row, every column of it readable.

    Raises:
        UnreadableRowError: A column holds what this program never wrote.
    """
    return _read(lambda: _entry(row, _checkpoint(row[9]), _failure(row[14])), what=f"entry {row[1]}")


def shown_entry(row: Row) -> Entry:
    """The entry in a row, for showing: an unreadable checkpoint is left out and said in the failure."""
    try:
        return entry_of(row)
    except UnreadableRowError:
        return _read(lambda: _entry(row, Checkpoint(), UNREADABLE), what=f"entry {row[1]}")


def attempt_of(row: Row) -> Attempt:
    """The attempt in a row."""
    started_at, ended_at, outcome, failure, burns = row
    return _read(
        lambda: Attempt(
            started_at=moment(started_at),
            ended_at=moment(ended_at),
            outcome=Outcome(outcome),
            failure=_failure(failure),
            burns=bool(burns),
        ),
        what="an attempt",
    )


def alarm_of(row: Row) -> Alarm:
    """The alarm in a row."""
    number, entry_id, kind, text, raised_at, closed_at, closed_note = row
    return _read(
        lambda: Alarm(
            kind=AlarmKind(kind),
            text=text,
            raised_at=moment(raised_at),
            id=number,
            entry_id=entry_id,
            closed_at=None if closed_at is None else moment(closed_at),
            closed_note=closed_note,
        ),
        what=f"alarm {number}",
    )


def record_of(entry_id: str, row: Row) -> AcknowledgementRecord:
    """The acknowledgement in a row, with reply and receipt."""
    _, facts, reply, receipt = row
    acknowledgement = _read(lambda: from_json(Acknowledgement, facts), what=f"the acknowledgement of entry {entry_id}")
    return AcknowledgementRecord(entry_id, acknowledgement, reply, receipt)


def _entry(row: Row, checkpoint: Checkpoint, failure: Failure | None) -> Entry:
    (_, entry_id, profile, environment, key, digest, envelope, is_escalated, state, *_) = row
    attempts, enqueued_at, available_at, withdrawal_reason, _, report_id, acknowledged_at = row[10:]
    return Entry(
        id=entry_id,
        profile=profile,
        environment=Environment(environment),
        idempotency_key=key,
        content_digest=digest,
        envelope=envelope,
        is_escalated=bool(is_escalated),
        state=State(state),
        checkpoint=checkpoint,
        attempts=attempts,
        enqueued_at=moment(enqueued_at),
        available_at=moment(available_at),
        withdrawal_reason=withdrawal_reason,
        last_failure=failure,
        report_id=None if report_id is None else int(report_id),
        acknowledged_at=None if acknowledged_at is None else moment(acknowledged_at),
        has_receipt=report_id is not None,
    )


def _checkpoint(text: str) -> Checkpoint:
    return from_json(Checkpoint, text)


def _failure(text: str | None) -> Failure | None:
    return None if text is None else from_json(Failure, text)


def _read(read: Callable[[], T], *, what: str) -> T:
    try:
        return read()
    except (ValueError, OverflowError):
        # What stands in the column is not repeated: it may be anything.
        pass
    raise UnreadableRowError(f"{what}: a column cannot be read back")
