"""All that an outbox knows of one entry, as JSON and as lines: no report content.

Reads and shows; changes nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tipline_client.cli.opening import find_entry
from tipline_client.cli.orphans import orphan_view, orphan_words
from tipline_client.cli.settings import Settings
from tipline_client.cli.views import (
    alarm_view,
    attempt_view,
    checkpoint_view,
    entry_view,
    failure_text,
    instant,
    moment_of,
)
from tipline_client.delivery.acknowledgement import Alarm
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.outcomes import Attempt, Failure
from tipline_client.delivery.states import State
from tipline_client.outbox import Outbox

__all__ = ["History", "history_lines", "history_view", "read_history"]


@dataclass(frozen=True, slots=True)
class History:
    """One entry and what happened to it.

    Attributes:
        entry: The row.
        attempts: The latest tries, oldest first.
        alarms: Everything raised for it.
        notes: What people did to it, and why.
        read_at: When all this was read.
    """

    entry: Entry
    attempts: tuple[Attempt, ...]
    alarms: tuple[Alarm, ...]
    notes: tuple[tuple[datetime, str], ...]
    read_at: datetime


async def read_history(outbox: Outbox, *, name: str, settings: Settings) -> History:
    """The history of the entry with this id or idempotency key.

    Raises:
        EntryNotFoundError: There is none, or the key does not say which one.
    """
    entry = await find_entry(outbox, name, settings=settings)
    return History(
        entry,
        tuple(await outbox.attempts(entry.id)),
        tuple(await outbox.alarms(entry_id=entry.id)),
        tuple(await outbox.notes(entry.id)),
        datetime.now(UTC),
    )


def history_view(history: History) -> dict[str, Any]:
    """The history as JSON; `attempts` is the number that counts, `tries` the list."""
    return {
        **entry_view(history.entry),
        "checkpoint": checkpoint_view(history.entry.checkpoint),
        "orphans": [orphan_view(orphan, now=history.read_at) for orphan in history.entry.checkpoint.orphans],
        "tries": [attempt_view(attempt) for attempt in history.attempts],
        "alarms": [alarm_view(alarm) for alarm in history.alarms],
        "notes": [{"at": instant(at), "text": text} for at, text in history.notes],
    }


def history_lines(history: History) -> list[str]:
    """The history for people."""
    entry = history.entry
    checkpoint = entry.checkpoint
    lines = [
        f"entry         {entry.id}",
        f"key           {entry.idempotency_key}",
        f"state         {entry.state} ({entry.environment}: {entry.profile})",
        f"enqueued      {moment_of(entry, 'enqueued_at') or '-'}",
        f"attempts      {entry.attempts}",
    ]
    if entry.contradiction is not None:
        lines.append(f"ALTERED       it is {entry.contradiction}")
    if not entry.state.is_terminal:
        lines.append(f"next try      {moment_of(entry, 'available_at') or '-'}")
    if entry.report_id is not None:
        lines.append(f"report        {entry.report_id}, acknowledged {instant(entry.acknowledged_at)}")
    elif checkpoint.report_id is not None:
        lines.append(f"open report   {checkpoint.report_id}, lapses {instant(checkpoint.lapses_at)}")
    lines += [
        f"orphan        suspected since {instant(orphan.since)}, lapses {instant(orphan.lapses_at)}; "
        f"lapsed: {orphan_words(orphan, now=history.read_at)}"
        for orphan in checkpoint.orphans
    ]
    lines += _decision_lines(entry)
    if checkpoint.intent is not None:
        lines.append(f"last sent     {checkpoint.intent.step}, without a recorded answer")
    lines += _row_lines(entry)
    if entry.last_failure is not None:
        lines.append(f"last error    {failure_text(entry.last_failure, with_paths=False)}")
        if entry.last_failure.request_id is not None:
            lines.append(f"request id    {entry.last_failure.request_id}")
        lines += [f"refused       {path}" for path in entry.last_failure.paths]
    lines += [
        f"try           {instant(attempt.started_at)}  {attempt.outcome}  {_failure_words(attempt.failure)}"
        for attempt in history.attempts
    ]
    for alarm in history.alarms:
        state = "open" if alarm.closed_at is None else f"closed {instant(alarm.closed_at)}"
        lines.append(f"alarm {alarm.id:<7} {alarm.kind}, {state}: {alarm.text}")
    lines += [f"note          {instant(at)}  {text}" for at, text in history.notes]
    return [*lines, *_hints(entry)]


def _failure_words(failure: Failure | None) -> str:
    request = None if failure is None else failure.request_id
    return failure_text(failure) + ("" if request is None else f", request {request}")


def _hints(entry: Entry) -> list[str]:
    """What to do with a dead letter; nothing with what goes on by itself."""
    if entry.state is not State.DEAD_LETTER:
        return []
    failure = entry.last_failure
    if failure is None or failure.code is None:
        return [
            f"hint: `tipline dead-letter requeue {entry.id} --reason TEXT` has it tried again; correct the cause first."
        ]
    read = f"hint: `tipline dead-letter show {entry.id} --reply --purpose TEXT` shows what the endpoint answered."
    go_on = (
        "hint: Hand in a corrected report under another key; where a fault of the endpoint is mended, "
        f"`tipline dead-letter requeue {entry.id} --reason TEXT` has it tried again."
    )
    return [read, go_on]


def _decision_lines(entry: Entry) -> list[str]:
    """What a person decided: that it is filed by hand, or that it is not to be filed, and why."""
    why = entry.withdrawal_reason
    if entry.filed_by_hand_as is not None:
        return [f"by hand       filed as report {entry.filed_by_hand_as}" + ("" if why is None else f": {why}")]
    return [] if why is None else [f"withdrawn     {why}"]


def _row_lines(entry: Entry) -> list[str]:
    """What of the row itself is gone, on purpose or by another hand."""
    lines = ["content       destroyed: its data key is erased"] if entry.is_destroyed else []
    if entry.unreadable:
        lines.append(f"unreadable    {', '.join(entry.unreadable)}: something else changed the row")
    return lines
