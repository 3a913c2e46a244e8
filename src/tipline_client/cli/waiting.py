"""What waits and why, in words: how many, until when, and the oldest failure with everything that support asks for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.paging import every_entry
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
_PERMISSION: Final = range(3000, 4000)
"""The endpoint's codes for an account that may not do what it asks; CyberTipline documentation, response codes."""


@dataclass(frozen=True, slots=True)
class OldestFailure:
    """The failure of the oldest waiting entry that has one, as far as was looked.

    Attributes:
        entry: Whose; `None` when none of those that were looked at has failed.
        failure: What.
        at: When that try ended, if it is on record.
        looked_at: How many waiting entries were looked at, the oldest ones.
        not_looked_at: Without a failure: how many more wait, one of which may have failed.
    """

    entry: Entry | None = None
    failure: Failure | None = None
    at: datetime | None = None
    looked_at: int = 0
    not_looked_at: int = 0


async def find_oldest_failure(
    outbox: Outbox, *, environment: Environment, most: int, lane: Lane | None = None
) -> OldestFailure:
    """The failure of the oldest entry that waits and has failed.

    Args:
        outbox: Where to look.
        environment: Only there.
        most: How many waiting entries of the environment are looked at.
        lane: Only in this lane of it.
    """
    looked_at = 0
    async for entry in every_entry(outbox, states=_WAITING, environment=environment, most=most):
        looked_at += 1
        if entry.last_failure is not None and lane in (None, Lane(entry.profile, entry.environment)):
            tries = await outbox.attempts(entry.id, limit=1)
            at = tries[-1].ended_at if tries else None
            return OldestFailure(entry, entry.last_failure, at, looked_at)
    waiting = (await outbox.count(environment=environment)).waiting if looked_at >= most else looked_at
    return OldestFailure(looked_at=looked_at, not_looked_at=max(0, waiting - looked_at))


def failure_sentence(failure: Failure) -> str:
    """A failure with its class, code and request id."""
    step = f" at {failure.step}" if failure.step else ""
    code = f"code {failure.code}"
    facts = [code] if failure.code is not None and code not in failure.text else []
    facts += [f"request {failure.request_id}"] if failure.request_id else []
    return f"{failure.kind}{step}: {failure.summary}" + (f" ({', '.join(facts)})" if facts else "")


def oldest_failure_line(oldest: OldestFailure) -> str | None:
    """Whose failure it is, when and where, and what; `None` when nothing that waits has failed."""
    entry = oldest.entry
    if entry is None or oldest.failure is None:
        words = f"none of the {oldest.looked_at} oldest that wait; {oldest.not_looked_at} more were not looked at"
        return words if oldest.not_looked_at else None
    when = f", {instant(oldest.at)}" if oldest.at else ""
    return f"entry {entry.id} ({entry.profile}, {entry.environment}{when}): {failure_sentence(oldest.failure)}"


def oldest_failure_view(oldest: OldestFailure) -> dict[str, Any] | None:
    """The failure as JSON."""
    entry = oldest.entry
    if entry is None:
        return None
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
    return "check the user name and the password, and that they belong to this endpoint; " + in_words_of_host(
        "`tipline doctor --offline` says where each is set"
    )
