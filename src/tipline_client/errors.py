"""Everything that can go wrong, cut by what the caller should do about it.

The tree::

    TiplineError
    ├── ConfigurationError          fix the settings
    │   └── KeyUnavailableError     the master key is not here, or cannot be reached now: nothing is lost
    ├── ReportInvalidError          fix the report; `.issues` lists every finding
    ├── EnvelopeError               do not trust these bytes
    │   └── UnknownSignerError      signed by keys that are not known here; nothing shows that they were altered
    ├── EvidenceError               an evidence file is missing, empty or not what was sealed
    │   └── EvidenceUnavailableError  the place where it lies gives no usable answer now
    ├── OutboxError                 the queue
    │   ├── DuplicateKeyError       the idempotency key already names other content
    │   ├── EntryNotFoundError      no entry has this id
    │   ├── LeaseLostError          somebody else may be working on the entry: stop
    │   ├── IllegalTransitionError  the entry's state does not allow this
    │   │   ├── HoldRunningError    it must be kept still, and no legal request was named
    │   │   └── FiledTwiceError     by a person and by this program: both numbers are on record
    │   ├── ReportTakenError        the report is on record as another entry's
    │   ├── UnreadableRowError      somebody altered the row: it cannot be read back
    │   └── OutboxUnavailableError  locked, full or unreadable: nothing was written
    │       ├── OutboxClosedError   it serves no more as it was opened: open it again
    │       └── OutboxInDoubtError  the connection was lost in mid-write: do the same again
    └── DeliveryError               the wire; `.step`, `.code`, `.request_id`
        ├── DeliveryTransientError  queued and waiting; it will be tried again
        ├── DeliveryRejectedError   given up with a reason; a person must look
        └── DeliveryInDoubtError    no usable answer yet; it will be settled, never guessed

Every message and every `hint` is free of report content: ids, codes, counts and field paths only. A path of an
evidence file appears because the caller gave it and must find it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = [
    "ConfigurationError",
    "DeliveryError",
    "DeliveryInDoubtError",
    "DeliveryRejectedError",
    "DeliveryTransientError",
    "DuplicateKeyError",
    "EntryNotFoundError",
    "EnvelopeError",
    "EvidenceError",
    "EvidenceUnavailableError",
    "FiledTwiceError",
    "HoldRunningError",
    "IllegalTransitionError",
    "Issue",
    "KeyUnavailableError",
    "LeaseLostError",
    "OutboxClosedError",
    "OutboxError",
    "OutboxInDoubtError",
    "OutboxUnavailableError",
    "ReportInvalidError",
    "ReportTakenError",
    "Severity",
    "TiplineError",
    "UnknownSignerError",
    "UnreadableRowError",
]


class Severity(StrEnum):
    """How much an issue weighs: an error blocks filing, a warning never does."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding of validation.

    Attributes:
        path: Where, in the wire's names, from the root of the submission: `report.reporter.reportingPerson.email`,
            `evidence[0].details.fileViewedByEsp`.
        rule: A stable identifier of the rule, fit for filters and dashboards: `incident-time-in-future`.
        severity: Whether it blocks.
        message: What is wrong and the way out, without the offending value.
        source: Where the rule comes from, for whoever doubts it.
    """

    path: str
    rule: str
    severity: Severity
    message: str
    source: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.path}: {self.message} [{self.rule}; {self.source}]"


class TiplineError(Exception):
    """Base of every exception of this package.

    Attributes:
        hint: One sentence: the way out.
    """

    default_hint = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = self.default_hint if hint is None else hint

    def __reduce__(self) -> tuple[Any, ...]:
        """So that it crosses processes with all its attributes, whatever its constructor takes."""
        return _revived, (type(self), self.args, dict(vars(self)))


def _revived(kind: type[TiplineError], arguments: tuple[Any, ...], attributes: dict[str, Any]) -> TiplineError:
    error = kind.__new__(kind, *arguments)
    vars(error).update(attributes)
    return error


class ConfigurationError(TiplineError):
    """A setting, key, profile or credential is missing or contradicts another."""

    default_hint = "Correct the named setting; `tipline doctor` checks all of them."


class KeyUnavailableError(ConfigurationError):
    """What is sealed at rest cannot be read on this host, or not now; it says nothing about what is sealed."""

    default_hint = "Do it on a host with the private half of the master key, or once the key service answers again."


class ReportInvalidError(TiplineError):
    """The submission breaks at least one rule; nothing was queued.

    Attributes:
        issues: Every finding, errors and warnings, never only the first.
    """

    default_hint = "Correct every listed path; `tipline validate FILE` prints the same list."

    def __init__(self, issues: Sequence[Issue], *, hint: str | None = None) -> None:
        self.issues = tuple(issues)
        errors = [issue for issue in self.issues if issue.severity is Severity.ERROR]
        listing = "".join(f"\n  {issue}" for issue in errors)
        super().__init__(f"the submission has {len(errors)} error(s); nothing was queued{listing}", hint=hint)


class EnvelopeError(TiplineError):
    """Signed bytes are malformed, altered, or signed by a key that is not trusted."""

    default_hint = "Do not send or believe these bytes; compare the key ids and find out who changed the row."


class UnknownSignerError(EnvelopeError):
    """Signed by keys that are not trusted here alone, so that nobody here can tell whether the bytes were altered."""

    default_hint = (
        "If the key is another host's, trust it with `tipline init --trust`; else find out who wrote the row."
    )


class EvidenceError(TiplineError):
    """An evidence file is missing, empty, unreadable, or no longer the bytes that were sealed."""

    default_hint = "Restore the named file unchanged, or hand in the submission again."


class EvidenceUnavailableError(EvidenceError):
    """The place where an evidence file lies cannot be asked now; nothing is known of the file itself."""

    default_hint = "See that the store of the named object is up, and that this host may read from it."


class OutboxError(TiplineError):
    """Base of what the durable queue refuses."""


class DuplicateKeyError(OutboxError):
    """The idempotency key already names an entry with other content.

    Attributes:
        entry_id: The entry that holds the key.
    """

    default_hint = "Use a new idempotency key for a new report, or hand in the same content again."

    def __init__(self, message: str, *, entry_id: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.entry_id = entry_id


class EntryNotFoundError(OutboxError):
    """No entry has this id or key in this outbox."""

    default_hint = "List what is there with `tipline list`; check that TIPLINE_HOME names the right outbox."


class LeaseLostError(OutboxError):
    """The lease is no longer live: another dispatcher may own the entry, so nothing was recorded."""

    default_hint = "Stop working on this entry; whoever holds the lease settles it."


class IllegalTransitionError(OutboxError):
    """The entry's state does not allow what was asked."""

    default_hint = "Look at the entry with `tipline show` and use the verb that fits its state."


class HoldRunningError(IllegalTransitionError):
    """The content must be kept still: a hold runs, or none is on record for a report that is filed."""

    default_hint = "Look with `tipline hold list ENTRY`; name the legal request that allows it, or wait for the end."


class FiledTwiceError(IllegalTransitionError):
    """A person filed the report by hand, and this program filed it too; both numbers are on record."""

    default_hint = "Neither can be taken back: tell the hotline both numbers, then close the alarm with a note."


class ReportTakenError(OutboxError):
    """The endpoint's number for a report is on record as another entry's: one report is never two entries'."""

    default_hint = "Look at both entries with `tipline show`, and at that report on the hotline's side."


class UnreadableRowError(OutboxError):
    """A row holds what this program never wrote; every other row is served all the same."""

    default_hint = "Find out who changed the outbox by hand; compare the row with a backup."


class OutboxUnavailableError(OutboxError):
    """The outbox could not be read or written; the operation left no trace."""

    default_hint = "Check disk space, permissions and other processes on the outbox file, then do it again."


class OutboxClosedError(OutboxUnavailableError):
    """The outbox serves no more as it was opened: it was closed, a fork came after, or its thread has ended."""

    default_hint = "Waiting does not help: open it again, or end the process and start another one."


class OutboxInDoubtError(OutboxUnavailableError):
    """The connection was lost after a write was sent: it happened wholly or not at all, and which is not known.

    Of an enqueue in your own transaction in SQLite it says that what that wrote could not be undone: roll all back.
    """

    default_hint = "Do the same again: what took place already is recognised. Until then trust neither answer."


class DeliveryError(TiplineError):
    """Base of what happens on the wire.

    Attributes:
        step: The step that ended so: `submit`, `upload`, `fileinfo`, `finish`, `retract`; `None` when none was sent.
        code: The endpoint's response code, if it gave one.
        request_id: The endpoint's `Request-ID`, to quote to its support.
        paths: What of the submission the endpoint refused, as far as that is certain: paths as an issue has them.
    """

    def __init__(
        self,
        message: str,
        *,
        step: str | None = None,
        code: int | None = None,
        request_id: str | None = None,
        paths: Sequence[str] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.step = step
        self.code = code
        self.request_id = request_id
        self.paths = tuple(paths)


class DeliveryTransientError(DeliveryError):
    """Not filed yet; the entry waits in the outbox and will be tried again."""

    default_hint = "Nothing to do: a running dispatcher delivers it; `tipline status` shows what is waiting."


class DeliveryRejectedError(DeliveryError):
    """Given up with a reason; not filed, unless that says so or leaves it in doubt."""

    default_hint = "Read the reason with `tipline dead-letter show`, correct the cause, then requeue or hand in anew."


class DeliveryInDoubtError(DeliveryError):
    """The endpoint gave no usable answer; the entry keeps its report id until the doubt is settled."""

    default_hint = "Nothing to do: a running dispatcher settles the doubt with the endpoint, and files the report once."
