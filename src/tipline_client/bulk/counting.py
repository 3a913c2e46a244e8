"""What became of many submissions, as numbers, and of the first ones by name."""

from dataclasses import dataclass, field
from pathlib import Path

from tipline_client.delivery.states import State
from tipline_client.errors import Issue, TiplineError

__all__ = ["Counts", "Filed", "Summary"]


@dataclass(slots=True)
class Counts:
    """What became of the submissions so far.

    Attributes:
        read: Submissions read, good and bad.
        queued: Made durable by this run; with a dry run, those that could be queued.
        known: In the outbox already, or earlier in the same source with the same content.
        rejected: Not taken; they are in the rejects.
        untried: Read and not tried, since the run stopped.
        keys_given: Of those taken, how many brought a key of their own.
        keys_derived: Of those taken, how many have a key derived from their content.
        states: How the entries stood that were in the outbox already.
        made: How the entries stand that this run made: waiting, or held.
    """

    read: int = 0
    queued: int = 0
    known: int = 0
    rejected: int = 0
    untried: int = 0
    keys_given: int = 0
    keys_derived: int = 0
    states: dict[State, int] = field(default_factory=dict)
    made: dict[State, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filed:
    """One submission that is in the outbox.

    Attributes:
        label: Where it stands in its source.
        line: Its line there; 0 for a file of its own.
        entry_id: Its entry.
        key: Its idempotency key.
        is_derived: Whether the key was derived from the content.
        is_new: Whether this run made the entry.
        state: How the entry stood.
        warnings: The ids of the rules that warn of it.
    """

    label: str
    line: int
    entry_id: str
    key: str
    is_derived: bool
    is_new: bool
    state: State
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Summary:
    """How a run over a source ended.

    Attributes:
        name: Which source.
        counts: What became of its submissions.
        rejects_path: Where the rejected lines are, if there are any.
        issues_path: Where it says why.
        fault: Why the source gave no submission, or none from there on: it is not there, cannot be read or is empty.
            No submission is counted for it.
        stopped_by: The fault of the installation that ended the run before its end.
        was_interrupted: Whether somebody asked to stop before its end.
        errors: The kinds of errors that rejected submissions which were acceptable as such.
        passed_over: Files of the source that may hold submissions and were not read.
        warned: By the id of a rule that warns: of how many submissions that were taken, and where the first one stands.
    """

    name: str
    counts: Counts = field(default_factory=Counts)
    rejects_path: Path | None = None
    issues_path: Path | None = None
    fault: Issue | None = None
    stopped_by: TiplineError | None = None
    was_interrupted: bool = False
    errors: dict[type[TiplineError], TiplineError] = field(default_factory=dict)
    passed_over: tuple[str, ...] = ()
    warned: dict[str, tuple[int, str]] = field(default_factory=dict)
