"""What must be true when a path has ended: the promises, each judged by the endpoint's own state.

Filed exactly once; or given up or withdrawn with a reason, and not filed at all. Every file attached once. Nothing that
we know of left open. No alarm, no dead letter and no burnt attempt without a cause on the path.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.explorer.answers import ALARMING, REFUSING
from tests.explorer.setup import Sealed
from tipline_client.delivery.acknowledgement import Alarm, AlarmKind
from tipline_client.delivery.answers import Scope
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.outcomes import Attempt
from tipline_client.delivery.receipt import Receipt
from tipline_client.delivery.states import State
from tipline_client.envelope import Record, RecordKeys, TrustedKeys
from tipline_client.envelope.receipts import open_receipt
from tipline_client.mock.counts import summarise
from tipline_client.mock.state import Report
from tipline_client.outbox import AcknowledgementRecord

__all__ = ["Ending", "broken_promises", "describe"]


@dataclass(frozen=True, slots=True)
class Ending:
    """One entry at the end of a path, with all that the endpoint holds of it.

    Attributes:
        reports: Every report that holds the entry's document.
        acknowledgements: How many acknowledgements the store accepted.
        recorded: Ids of reports that were ever on record.
        left_behind: Ids of reports that were told to a dispatcher which lived on.
        was_withdrawn: Whether a person's withdrawal was accepted.
        was_filed_by_hand: Whether a person's word was that it is filed on the portal.
        taken: What happened on the path.
    """

    sealed: Sealed
    entry: Entry
    record: AcknowledgementRecord | None
    alarms: list[Alarm]
    attempts: list[Attempt]
    reports: list[Report]
    acknowledgements: int
    recorded: set[int]
    left_behind: set[int]
    was_withdrawn: bool
    was_filed_by_hand: bool
    taken: list[tuple[str, str]]
    trusted: TrustedKeys
    records: RecordKeys
    is_after_requeue: bool = False

    @property
    def causes(self) -> set[str]:
        """The options that were taken."""
        return {option for _, option in self.taken}

    @property
    def finished(self) -> list[Report]:
        """What is filed."""
        return [report for report in self.reports if report.state == "finished"]


def describe(ending: Ending) -> str:
    """An end in a line, without ids: two paths with equal lines ended alike."""
    entry = ending.entry
    reports = sorted(f"{report.state} with {len(report.files)} files" for report in ending.reports)
    outcomes = sorted({attempt.outcome.value for attempt in ending.attempts})
    failure = entry.last_failure.kind if entry.last_failure else "none"
    orphans, alarms = len(entry.checkpoint.orphans), sorted(alarm.kind.value for alarm in ending.alarms)
    return (
        f"{entry.state}; reports: {reports}; {orphans} suspected orphans; alarms: {alarms}; outcomes: {outcomes}; "
        f"last failure: {failure}"
    )


def broken_promises(ending: Ending) -> Iterator[str]:
    """Each promise that was not kept, in words."""
    match ending.entry.state:
        case State.ACKNOWLEDGED:
            yield from _of_an_acknowledged(ending)
        case State.DEAD_LETTER:
            yield from _of_a_dead_letter(ending)
        case State.RETRACTED:
            if not ending.was_withdrawn:
                yield "retracted although nobody withdrew it"
            if ending.finished:
                yield "called withdrawn although it is filed"
        case State.FILED_BY_HAND:
            if not ending.was_filed_by_hand:
                yield "called filed by hand although nobody said so"
            if ending.finished:
                yield "called filed by hand alone although it is filed twice"
        case state:
            yield f"ended as {state}, and {len(ending.finished)} reports are filed"
    yield from _of_every_end(ending)


def _of_an_acknowledged(ending: Ending) -> Iterator[str]:
    entry, finished = ending.entry, ending.finished
    if len(finished) != 1:
        yield f"acknowledged, and {len(finished)} reports are filed"
        return
    if ending.was_filed_by_hand and AlarmKind.FILED_TWICE not in {alarm.kind for alarm in ending.alarms}:
        yield "filed beside a filing by hand, and nobody was told"
    [report] = finished
    if ending.acknowledgements != 1:
        yield f"{ending.acknowledgements} acknowledgements were accepted"
    if ending.record is None or {report.report_id} != {entry.report_id, ending.record.acknowledgement.report_id}:
        yield "the acknowledgement names another report than the one filed"
    attached = sorted(stored.sha256 for stored in report.files.values())
    is_whole = attached == ending.sealed.digests and all(stored.details for stored in report.files.values())
    if not is_whole:
        # If a stranger finished it, nobody here could know better; but a person is told.
        if "code_5102" not in ending.causes:
            yield "filed with other files than those of the entry, or without their details"
        elif not ending.alarms:
            yield "filed with other files than those of the entry, and nobody was told"
    if ending.record is None or ending.record.receipt is None:
        yield "there is no receipt"
    elif _receipt(ending, ending.record.receipt).report_id != report.report_id:
        yield "the receipt names another report than the one filed"


def _receipt(ending: Ending, sealed: bytes) -> Receipt:
    kept = ending.records.open(sealed, kind=Record.RECEIPT, entry_id=ending.entry.id)
    return open_receipt(kept, trusted=ending.trusted)


def _of_a_dead_letter(ending: Ending) -> Iterator[str]:
    if ending.is_after_requeue:
        yield "given up again although nothing was wrong any more"
    if ending.finished:
        yield "given up although it is filed"
    if ending.entry.last_failure is None:
        yield "given up without a reason"
    if not ending.causes & REFUSING:
        yield "given up although the endpoint refused nothing"


def _of_every_end(ending: Ending) -> Iterator[str]:
    counted = summarise(ending.reports, requests=0)
    if counted["duplicates"] or counted["stray_files"]:
        yield f"{counted['duplicates']} duplicates, {counted['stray_files']} stray files"
    if ending.alarms and not ending.causes & ALARMING:
        yield "an alarm without a cause"
    if any(
        attempt.burns and attempt.failure and attempt.failure.scope is Scope.ENDPOINT for attempt in ending.attempts
    ):
        yield "the endpoint's failure was counted against the entry"
    yield from _of_open_reports(ending)


def _of_open_reports(ending: Ending) -> Iterator[str]:
    still_open = [report for report in ending.reports if report.state == "open"]
    # Taking back is tried once, for a minute: a retraction that fails, or finds its minute over, is not tried again.
    is_excused = any("retract" in label or option.startswith("pause") for label, option in ending.taken)
    for report in still_open:
        if report.report_id in ending.recorded:
            yield "a report on record was left open"
        elif report.report_id in ending.left_behind and not is_excused:
            yield "a report was left open by the dispatcher that had opened it and lived on"
    if len(still_open) > len(ending.entry.checkpoint.orphans):
        yield f"{len(still_open)} reports are open, {len(ending.entry.checkpoint.orphans)} suspected orphans on record"
