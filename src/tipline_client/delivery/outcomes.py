"""How one leased try ended, and what of an error is fit to keep and show."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from tipline_client.delivery.answers import AnswerKind, Scope
from tipline_client.delivery.steps import Step

__all__ = ["FAILURE_KINDS", "MAX_ERROR_TEXT", "Attempt", "Failure", "Outcome", "bounded_text", "said_of"]

MAX_ERROR_TEXT = 500
"""Longest error text kept, in characters; a longer one is cut visibly instead of being lost."""

_PATHS_IN_A_LINE = 3


class Outcome(StrEnum):
    """How a try ended."""

    ACKNOWLEDGED = "acknowledged"
    TRANSIENT = "transient"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"
    RETRACTED = "retracted"
    STOPPED = "stopped"
    """The dispatcher was asked to stop, or lost its lease, between two steps; nothing failed."""


FAILURE_KINDS: Final = tuple(
    sorted(
        {kind.value for kind in AnswerKind if kind is not AnswerKind.SUCCESS}
        | {"envelope_refused", "evidence_changed", "hash_mismatch", "internal_error", "lapsed", "not_filed_by_hand"}
        | {
            "evidence_unavailable",
            "key_unavailable",
            "no_evidence_store",
            "unknown_signer",
            "unreadable_row",
            "withdrawn",
        }
    )
)
"""Everything that `Failure.kind` can be: what an answer says, and what this program finds by itself."""


def bounded_text(text: str) -> str:
    """`text`, cut visibly to what an error column keeps."""
    return text if len(text) <= MAX_ERROR_TEXT else text[: MAX_ERROR_TEXT - 1] + "…"


def said_of(entry_id: str, error: Exception) -> str:
    """What an error says, for a place that names the entry already."""
    return str(error).removeprefix(f"entry {entry_id}: ")


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, without content.

    Attributes:
        kind: The class of failure: an answer's kind, or the name of an error of this package.
        text: A bounded explanation in our own words.
        scope: Whether this entry or the whole endpoint failed.
        step: Which call.
        code: The endpoint's response code.
        request_id: The endpoint's request id.
        paths: What of the submission the endpoint's validator refused, as far as that is certain: paths in the wire's
            names, as validation gives them.
    """

    kind: str
    text: str
    scope: Scope = Scope.ENTRY
    step: Step | None = None
    code: int | None = None
    request_id: str | None = None
    paths: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The explanation and the first paths, for a line."""
        if not self.paths:
            return self.text
        more = f" and {len(self.paths) - _PATHS_IN_A_LINE} more" if len(self.paths) > _PATHS_IN_A_LINE else ""
        return f"{self.text}; at {', '.join(self.paths[:_PATHS_IN_A_LINE])}{more}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One leased try.

    Attributes:
        started_at: When the lease was taken.
        ended_at: When the try ended.
        outcome: How.
        failure: Why not acknowledged, if it was not.
        burns: Whether it counts against the entry; a failure of the endpoint never does.
    """

    started_at: datetime
    ended_at: datetime
    outcome: Outcome
    failure: Failure | None = None
    burns: bool = True
