"""The end of a bulk run: a table for people, one document with `--json`, and the exit code."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tipline_client.bulk import Counts, Summary
from tipline_client.cli.delivering import Delivered
from tipline_client.cli.exit_codes import CommandError, ExitCode, exit_code_for
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.output import columns, error_view
from tipline_client.cli.queueing import worst
from tipline_client.delivery.answers import Scope
from tipline_client.delivery.environment import Environment
from tipline_client.delivery.states import State
from tipline_client.errors import TiplineError
from tipline_client.validation import rules_outside

__all__ = ["Delivery", "bulk_exit_code", "bulk_lines", "bulk_view", "counts_words"]

_NAMED, _NAMED_IN_JSON = 3, 100
"""How many files that were passed over are named, for people and for programs."""


@dataclass(slots=True)
class Delivery:
    """What became of the entries of a run that were to be delivered.

    Attributes:
        total: How many there are.
        filed: Acknowledged.
        given_up: Rejected, withdrawn or given up with a reason.
        withdrawn: How many of those were withdrawn.
        waiting: Tried, and still waiting.
        altered: What the outbox holds of them is not believed.
        alarms: What a person must look at, although it is filed.
        failure: What failed at the endpoint, which ended the delivery.
        was_interrupted: Whether somebody asked to stop before all of it was done.
    """

    total: int
    filed: int = 0
    given_up: int = 0
    withdrawn: int = 0
    waiting: int = 0
    altered: int = 0
    alarms: int = 0
    failure: str = ""
    was_interrupted: bool = False

    @property
    def tried(self) -> int:
        """How many were tried, or need no try."""
        return self.filed + self.given_up + self.waiting + self.altered

    def add(self, item: Delivered) -> None:
        """Count one."""
        self.alarms += len(item.alarms)
        if item.is_altered:
            self.altered += 1
        elif item.exit_code is ExitCode.OK:
            self.filed += 1
        elif item.entry.state in {State.DEAD_LETTER, State.RETRACTED}:
            self.given_up += 1
            self.withdrawn += item.entry.state is State.RETRACTED
        else:
            self.waiting += 1
            failure = item.entry.last_failure
            if not self.failure and failure is not None and failure.scope is Scope.ENDPOINT:
                self.failure = failure.summary

    def words(self) -> str:
        """The counts."""
        return f"{self.filed} filed, {self.given_up} given up, {self.total - self.tried + self.waiting} waiting"


def counts_words(summary: Summary, *, is_dry: bool = False) -> str:
    """The counts of a source that is being read."""
    counts = summary.counts
    queued = "could be queued" if is_dry else "queued"
    return f"{counts.queued} {queued}, {counts.known} there already, {counts.rejected} rejected"


def bulk_exit_code(summaries: list[Summary], delivery: Delivery | None) -> ExitCode:
    """What a person should hear about first: a stop, what was rejected, what was given up, what waits."""
    codes = [exit_code_for(summary.stopped_by) for summary in summaries if summary.stopped_by is not None]
    if any(summary.was_interrupted for summary in summaries) or (delivery is not None and delivery.was_interrupted):
        # Whoever asked knows what is open by the summary; the run is not over.
        codes = [*codes, ExitCode.INTERRUPTED]
        return worst([code for code in codes if code is not ExitCode.BAD_INPUT])
    for summary in summaries:
        codes += [exit_code_for(error) for error in summary.errors.values()]
        states = summary.counts.states
        if states.get(State.DEAD_LETTER) or states.get(State.RETRACTED):
            codes.append(ExitCode.GIVEN_UP)
        if summary.counts.rejected or summary.fault is not None:
            codes.append(ExitCode.BAD_INPUT)
    if delivery is not None:
        codes += [ExitCode.NOT_VERIFIED] * bool(delivery.altered) + [ExitCode.GIVEN_UP] * bool(delivery.given_up)
        codes += [ExitCode.WAITING] * (delivery.tried < delivery.total or delivery.waiting > 0)
    return worst(codes)


def bulk_view(
    summaries: list[Summary],
    delivery: Delivery | None,
    *,
    first: list[dict[str, Any]],
    environment: Environment | None,
    is_dry: bool,
) -> dict[str, Any]:
    """The end as JSON."""
    return {
        "environment": None if environment is None else environment.value,
        "filesForReal": environment is Environment.PRODUCTION and not is_dry,
        "dryRun": is_dry,
        "sources": [_source_view(summary) for summary in summaries],
        "delivery": None
        if delivery is None
        else {
            "entries": delivery.total,
            "filed": delivery.filed,
            "givenUp": delivery.given_up,
            "altered": delivery.altered,
            "alarms": delivery.alarms,
            "failure": delivery.failure or None,
            "waiting": delivery.total - delivery.filed - delivery.given_up - delivery.altered,
        },
        "firstResults": first,
    }


def _source_view(summary: Summary) -> dict[str, Any]:
    counts = summary.counts
    return {
        "file": summary.name,
        "read": counts.read,
        "queued": counts.queued,
        "known": counts.known,
        "knownByState": {state.value: number for state, number in sorted(counts.states.items())},
        "rejected": counts.rejected,
        "notTried": counts.untried,
        "keysGiven": counts.keys_given,
        "keysDerived": counts.keys_derived,
        "rejects": None if summary.rejects_path is None else str(summary.rejects_path),
        "issues": None if summary.issues_path is None else str(summary.issues_path),
        "passedOver": {"files": len(summary.passed_over), "first": list(summary.passed_over[:_NAMED_IN_JSON])},
        "warnings": {
            rule: {"submissions": number, "first": label} for rule, (number, label) in sorted(summary.warned.items())
        },
        "interrupted": summary.was_interrupted,
        **({"error": error_view(error)} if (error := _error_of(summary)) is not None else {}),
    }


def _error_of(summary: Summary) -> TiplineError | None:
    """What is wrong with the installation, or with the source as a whole."""
    if summary.stopped_by is not None or summary.fault is None:
        return summary.stopped_by
    hint = "Correct the name or the file; the same command goes on, and queues nothing twice."
    if summary.fault.rule == rules_outside.BROKEN_TABLE.id:
        hint = "Nothing of it is lost: correct the rejects and hand them in, or the table; nothing is queued twice."
    return CommandError(f"{summary.name}: {summary.fault.message}", hint=hint)


def bulk_lines(
    summaries: list[Summary], delivery: Delivery | None, *, first: list[dict[str, Any]], is_dry: bool
) -> list[str]:
    """The end for people."""
    queued = "would be queued" if is_dry else "queued"
    rows: list[tuple[str, ...]] = [("source", "read", queued, "there already", "rejected", "own key", "derived key")]
    rows += [(summary.name, *_cells(summary.counts)) for summary in summaries]
    lines = columns(rows)
    for summary in summaries:
        lines += _notes(summary, is_dry=is_dry)
    derived = next((view for view in first if view["keyFrom"] == "content"), None)
    if derived is not None:
        place = f":{derived['line']}" if derived["line"] else ""
        where = f"{derived['file']}{place} is {derived['idempotencyKey']}"
        lines.append(f"keys derived from the content begin with content:, such as that of {where}")
    if delivery is not None:
        lines.append(f"delivery: {delivery.words()}")
        if delivery.failure:
            lines.append(f"the endpoint failed, and nothing more was begun: {delivery.failure}")
        if delivery.altered:
            lines.append(
                in_words_of_host(
                    f"altered: {delivery.altered}: what the outbox holds of them is not believed: tipline verify --all"
                )
            )
        if delivery.alarms:
            lines.append(in_words_of_host(f"a person must look: {delivery.alarms} open alarm(s): tipline alarm list"))
    return [*lines, *_hints(summaries, delivery)]


def _hints(summaries: list[Summary], delivery: Delivery | None) -> list[str]:
    """What there is to do about what is not filed, be it of this run or of one before."""
    states = Counter[State]()
    for summary in summaries:
        states.update(summary.counts.states)
        states.update(summary.counts.made)
    hints = []
    withdrawn = 0 if delivery is None else delivery.withdrawn
    if states[State.DEAD_LETTER] or (delivery is not None and delivery.given_up > withdrawn):
        hints.append("`tipline dead-letter list` says why something was given up; `dead-letter requeue` puts it back")
    if states[State.RETRACTED] or withdrawn:
        hints.append("what was withdrawn is not filed; `tipline list --state retracted` names it")
    if states[State.HELD]:
        hints.append(f"{states[State.HELD]} are held until a person lets them go: tipline list --state held")
    if delivery is None and states[State.QUEUED] + states[State.LEASED]:
        # Without a number: lines that are equal are one entry, and others may wait in the outbox too.
        hints.append("`tipline dispatch` delivers what waits")
    waiting = 0 if delivery is None else delivery.total - delivery.tried + delivery.waiting - states[State.HELD]
    if waiting > 0:
        hints.append(f"{waiting} wait; `tipline dispatch` delivers what waits, and the same command again tries it too")
    return [f"hint: {hint}" for hint in hints]


def _cells(counts: Counts) -> tuple[str, ...]:
    numbers = (counts.read, counts.queued, counts.known, counts.rejected, counts.keys_given, counts.keys_derived)
    return tuple(str(number) for number in numbers)


def _notes(summary: Summary, *, is_dry: bool) -> list[str]:
    counts, lines = summary.counts, list[str]()
    if counts.states:
        states = ", ".join(f"{number} {state.value}" for state, number in sorted(counts.states.items()))
        lines.append(f"there already: {states}; nothing was queued again")
    if summary.rejects_path is not None:
        lines.append(f"rejected lines, unchanged: {summary.rejects_path}")
    if summary.issues_path is not None:
        lines.append(f"why: {summary.issues_path}")
    for rule, (number, label) in sorted(summary.warned.items()):
        lines.append(f"warning: {rule}, of {number} that were taken, the first at {label}")
    if summary.warned:
        lines.append("hint: `tipline validate`, or `map check` for a table, says what each warning means")
    if summary.passed_over:
        named = ", ".join(summary.passed_over[:_NAMED])
        more = len(summary.passed_over) - _NAMED
        others = f" and {more} more (--json names them)" if more > 0 else ""
        lines.append(f"not read, and may hold submissions: {named}{others}")
        lines.append(
            "hint: --recursive looks into folders other than links and hidden ones; any other file is named by itself"
        )
    if (error := _error_of(summary)) is not None:
        lines.append(f"{'error' if summary.stopped_by is None else 'stopped'}: {error}")
        lines.append(f"hint: {error.hint}" if error.hint else "hint: put it right")
    if summary.stopped_by is not None or summary.was_interrupted:
        durable = counts.queued + counts.known
        done = "could be queued, and nothing was," if is_dry else "are durable,"
        lines.append(f"{durable} {done} {counts.untried} were read and not tried")
        lines.append("hint: the same command goes on; files of --rejects and --results must be new ones")
    return lines
