"""Values to columns and back: times as microseconds, checkpoints and failures as JSON.

A row that somebody altered by hand may not be readable, in any column. Whoever acts on an entry reads it strictly;
whoever only shows it reads what is left, and is told which columns are missing.
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, Final

from tipline_client.delivery.acknowledgement import Acknowledgement, Alarm, AlarmKind
from tipline_client.delivery.checkpoint import Checkpoint
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.jsonable import from_json, to_json
from tipline_client.delivery.outcomes import Attempt, Failure, Outcome
from tipline_client.delivery.states import State
from tipline_client.outbox.columns import (
    EPOCH,
    NEVER,
    Columns,
    Row,
    Value,
    flag,
    microseconds,
    moment,
    number,
    octets,
    or_none,
    read_row,
    text,
)
from tipline_client.outbox.contract import AcknowledgementRecord, UnreadableRowError

__all__ = [
    "UNREADABLE",
    "attempt_columns",
    "checkpoint_columns",
    "damaged_columns",
    "damaged_row",
    "entry_of",
    "name_of",
    "record_of",
    "shown_alarm",
    "shown_attempt",
    "shown_entry",
    "shown_note",
    "stored_bytes",
    "unreadable",
]

UNREADABLE: Final = "unreadable_row"
"""The kind of failure of an entry whose row is damaged."""


def unreadable(columns: Sequence[str]) -> Failure:
    """The failure of a row that is damaged in these columns; what stands in them is not repeated."""
    words = f"the stored row cannot be read back ({', '.join(columns)}): something other than this program changed it"
    return Failure(kind=UNREADABLE, text=words)


def checkpoint_columns(checkpoint: Checkpoint) -> dict[str, Value]:
    """The checkpoint, and what of it orders the claims, belongs to no other entry, or is looked for by its moment."""
    lapses_at, orphans_lapse_at = checkpoint.lapses_at, checkpoint.orphans_lapse_at
    return {
        "checkpoint": to_json(checkpoint),
        # Text, because the endpoint's numbers may outgrow 63 bits.
        "report_id": None if checkpoint.report_id is None else str(checkpoint.report_id),
        "lapses_at": NEVER if lapses_at is None else microseconds(lapses_at),
        "orphans_lapse_at": None if orphans_lapse_at is None else microseconds(orphans_lapse_at),
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


def _checkpoint(stored: object) -> Checkpoint:
    checkpoint = from_json(Checkpoint, text(stored))
    # Times without a zone, or at the end of all time, would only be stumbled over when it is written again.
    checkpoint_columns(checkpoint)
    return checkpoint


def _failure(stored: object) -> Failure:
    return from_json(Failure, text(stored))


def _acknowledgement(stored: object) -> Acknowledgement:
    return from_json(Acknowledgement, text(stored))


def _report_id(stored: object) -> int:
    return int(text(stored))


_ENTRY: Final[Columns] = MappingProxyType(
    {
        "id": (text, ""),
        "profile": (text, ""),
        "environment": (Environment, None),
        "idempotency_key": (text, ""),
        "content_digest": (text, ""),
        "envelope": (octets, b""),
        "data_key": (text, ""),
        "is_escalated": (flag, False),
        "state": (State, None),
        "checkpoint": (_checkpoint, Checkpoint()),
        "attempts": (number, 0),
        "enqueued_at": (moment, EPOCH),
        "available_at": (moment, EPOCH),
        "withdrawal_reason": (or_none(text), None),
        "last_failure": (or_none(_failure), None),
        "report_id": (or_none(_report_id), None),
        "acknowledged_at": (or_none(moment), None),
        "has_receipt": (flag, True),
        "filed_by_hand_as": (or_none(_report_id), None),
        "known_at": (or_none(moment), None),
        "entries.report_id": (or_none(_report_id), None),
        "lapses_at": (number, NEVER),
        "warned_at": (or_none(number), None),
        "orphans_lapse_at": (or_none(number), None),
        "lease_token": (or_none(text), None),
        "lease_expires_at": (or_none(number), None),
    }
)
_OF_THE_STORE: Final = (
    "entries.report_id",
    "lapses_at",
    "lease_token",
    "lease_expires_at",
    "warned_at",
    "orphans_lapse_at",
)
"""Columns that an entry does not show. They are looked at too: the table refuses to change a row with a wrong one."""

_ATTEMPT: Final[Columns] = MappingProxyType(
    {
        "started_at": (moment, EPOCH),
        "ended_at": (moment, EPOCH),
        "outcome": (Outcome, Outcome.IN_DOUBT),
        "failure": (or_none(_failure), None),
        "burns": (flag, False),
    }
)
_ALARM: Final[Columns] = MappingProxyType(
    {
        "id": (number, 0),
        "entry_id": (text, ""),
        "kind": (AlarmKind, AlarmKind.ENVELOPE_REFUSED),
        "text": (text, ""),
        "raised_at": (moment, EPOCH),
        "closed_at": (or_none(moment), None),
        "closed_note": (or_none(text), None),
    }
)
_RECORD: Final[Columns] = MappingProxyType(
    {
        "report_id": (_report_id, 0),
        "facts": (_acknowledgement, None),
        "reply": (octets, b""),
        "receipt": (or_none(octets), None),
    }
)


def entry_of(row: Row) -> Entry:
    """The entry in a row, every column of it readable.

    Raises:
        UnreadableRowError: A column holds what this program never wrote.
    """
    values, damaged = read_row(row[1:], _ENTRY)
    if damaged:
        raise damaged_row(f"entry {name_of(row)}", damaged)
    return _entry(row, values)


def shown_entry(row: Row) -> Entry:
    """The entry in a row, for showing: columns that cannot be read are left empty and named, in the failure too.

    Raises:
        UnreadableRowError: Not even the state or the environment is one that there is.
    """
    values, damaged = read_row(row[1:], _ENTRY)
    if not damaged:
        return _entry(row, values)
    if values["state"] is None or values["environment"] is None:
        raise damaged_row(f"entry {name_of(row)}", damaged)
    return _entry(row, {**values, "last_failure": unreadable(damaged), "unreadable": damaged})


def damaged_columns(row: Row) -> tuple[str, ...]:
    """The columns of an entry's row that hold what this program never wrote."""
    return read_row(row[1:], _ENTRY)[1]


def name_of(row: Row) -> str:
    """The id of the entry in a row that begins with number and id, or what it can be called without one."""
    place, entry_id, *_ = row
    return entry_id if isinstance(entry_id, str) else f"number {place}"


def shown_attempt(row: Row) -> Attempt:
    """The attempt in a row, for showing; nobody knows how one ended that cannot be read."""
    values, damaged = read_row(row, _ATTEMPT)
    return Attempt(**(values | {"failure": unreadable(damaged)} if damaged else values))


def shown_alarm(row: Row) -> Alarm:
    """The alarm in a row, for showing and closing; an altered one is an alarm about that."""
    values, damaged = read_row(row, _ALARM)
    if damaged:
        values |= {"kind": AlarmKind.ENVELOPE_REFUSED, "text": f"an alarm was altered: {unreadable(damaged).text}"}
    return Alarm(**values)


def shown_note(row: Row) -> tuple[Any, str]:
    """What a person did, and when, for showing."""
    values, damaged = read_row(row, {"written_at": (moment, EPOCH), "text": (text, "")})
    return values["written_at"], unreadable(damaged).text if "text" in damaged else values["text"]


def record_of(entry_id: str, row: Row) -> AcknowledgementRecord:
    """The acknowledgement in a row, with reply and receipt.

    Raises:
        UnreadableRowError: A column holds what this program never wrote.
    """
    values, damaged = read_row(row, _RECORD)
    if damaged:
        raise damaged_row(f"the acknowledgement of entry {entry_id}", damaged)
    return AcknowledgementRecord(entry_id, values["facts"], values["reply"], values["receipt"])


def stored_bytes(stored: object, *, what: str) -> bytes:
    """A stored document.

    Raises:
        UnreadableRowError: It is none.
    """
    try:
        return octets(stored)
    except TypeError:
        pass
    raise damaged_row(what, ())


def _entry(row: Row, values: dict[str, Any]) -> Entry:
    seen = {name: value for name, value in values.items() if name not in _OF_THE_STORE}
    return Entry(**{**seen, "id": name_of(row)})


def damaged_row(what: str, columns: Sequence[str]) -> UnreadableRowError:
    """The error for something stored that cannot be read back in these columns."""
    return UnreadableRowError(": ".join((f"{what} cannot be read back", *([", ".join(columns)] if columns else []))))
