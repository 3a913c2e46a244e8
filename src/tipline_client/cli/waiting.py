"""What waits and why, in words: how many, until when, and the oldest failure with everything that support asks for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tipline_client.cli.views import failure_view, instant, span
from tipline_client.delivery.answers import AnswerKind
from tipline_client.delivery.entry import Entry, OutboxCounts
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.outcomes import Failure
from tipline_client.delivery.states import State
from tipline_client.outbox import Lane, Outbox

__all__ = [
    "OldestFailure",
    "denial_hint",
    "denial_words",
    "failure_sentence",
    "find_oldest_failure",
    "is_permission",
    "oldest_failure_line",
    "oldest_failure_view",
    "waiting_line",
]

_WAITING = (State.QUEUED, State.LEASED, State.HELD)
_LOOKED_AT = 100
_PERMISSION: Final = range(3000, 4000)
"""The endpoint's codes for an account that may not do what it asks; CyberTipline documentation, response codes."""


@dataclass(frozen=True, slots=True)
class OldestFailure:
    """The failure of the oldest waiting entry that has one.

    Attributes:
        entry: Whose.
        failure: What.
        at: When that try ended, if it is on record.
    """

    entry: Entry
    failure: Failure
    at: datetime | None


async def find_oldest_failure(
    outbox: Outbox, *, environment: Environment, lane: Lane | None = None
) -> OldestFailure | None:
    """The failure of the oldest entry that waits and has failed, of an environment or of one lane in it."""
    for entry in await outbox.list_entries(states=_WAITING, environment=environment, limit=_LOOKED_AT):
        if entry.last_failure is not None and lane in (None, Lane(entry.profile, entry.environment)):
            tries = await outbox.attempts(entry.id, limit=1)
            return OldestFailure(entry, entry.last_failure, tries[-1].ended_at if tries else None)
    return None


def failure_sentence(failure: Failure) -> str:
    """A failure with its class, code and request id."""
    step = f" at {failure.step}" if failure.step else ""
    code = f"code {failure.code}"
    facts = [code] if failure.code is not None and code not in failure.text else []
    facts += [f"request {failure.request_id}"] if failure.request_id else []
    return f"{failure.kind}{step}: {failure.text}" + (f" ({', '.join(facts)})" if facts else "")


def oldest_failure_line(oldest: OldestFailure) -> str:
    """Whose failure it is, when and where, and what."""
    entry = oldest.entry
    when = f", {instant(oldest.at)}" if oldest.at else ""
    return f"entry {entry.id} ({entry.profile}, {entry.environment}{when}): {failure_sentence(oldest.failure)}"


def oldest_failure_view(oldest: OldestFailure | None) -> dict[str, Any] | None:
    """The same as JSON."""
    if oldest is None:
        return None
    entry = oldest.entry
    return {
        "entryId": entry.id,
        "profile": entry.profile,
        "environment": entry.environment.value,
        "at": instant(oldest.at),
        "error": failure_view(oldest.failure),
    }


def waiting_line(counts: OutboxCounts, *, now: datetime) -> str:
    """How many wait, in which way, since when and until when."""
    ways = {State.QUEUED: "queued", State.LEASED: "with another dispatcher", State.HELD: "held"}
    parts = ", ".join(f"{counts.by_state[state]} {way}" for state, way in ways.items() if counts.by_state[state])
    oldest = f", oldest {span(now - counts.oldest_waiting)}" if counts.oldest_waiting else ""
    next_try = f", next try {instant(counts.next_available)}" if counts.next_available else ""
    return f"{counts.waiting} waiting{oldest}{next_try} ({parts})"


def denial_hint(failure: Failure) -> str | None:
    """What to do about a refusal of the account; `None` when the failure is another one.

    A code of the three thousands says that the account is known and may not do this: no password helps.
    """
    if failure.kind != AnswerKind.DENIED.value:
        return None
    return denial_words(failure.code)


def is_permission(code: int | None) -> bool:
    """Whether the account is known to the endpoint and may not do what it asked."""
    return code is not None and code in _PERMISSION


def denial_words(code: int | None) -> str:
    """What to do about a refusal with this code."""
    if is_permission(code):
        return (
            f"the endpoint knows the account, which lacks the permission for this (code {code}); "
            "ask the hotline to grant it, no other password helps"
        )
    return "check TIPLINE_USERNAME and TIPLINE_PASSWORD, and that they belong to this endpoint"
