"""What the mock endpoint remembers: reports, their files, and in which of four states each report is.

A report is open until it is finished or retracted, or until it lapses at the later of 24 hours after opening and one
hour after its last change (an upload or file details), as CyberTipline documents. Evidence is never kept, only its
name, size and digests. It knows nothing of HTTP, XML grammar or faults.
"""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from tipline_client.mock.clock import MockClock

__all__ = [
    "LIFE_AFTER_CHANGE",
    "LIFE_AFTER_OPENING",
    "Hotline",
    "Report",
    "StateError",
    "StoredFile",
    "id_of_now",
]

LIFE_AFTER_OPENING = timedelta(hours=24)
LIFE_AFTER_CHANGE = timedelta(hours=1)


def id_of_now() -> int:
    """A first report id that an endpoint started later does not give again: the time, in microseconds."""
    return time.time_ns() // 1_000


ReportState = Literal["open", "finished", "retracted", "lapsed"]
_REASONS = {
    5001: "Report does not exist",
    5002: "File does not exist",
    5101: "Report already retracted",
    5102: "Report already finished",
}


class StateError(Exception):
    """The report or file is not in a state that allows the call.

    Attributes:
        code: 5001, 5002, 5101 or 5102.
        reason: The documented meaning of the code.
        was_never_given: Whether the call named an id that this endpoint never gave. Every other such error is what a
            client that works may meet: after a lost answer, a crash or a long wait it asks, and this is the answer.
    """

    def __init__(self, code: int, *, was_never_given: bool = False) -> None:
        self.code = code
        self.reason = _REASONS[code]
        self.was_never_given = was_never_given
        super().__init__(f"{code} {self.reason}")


@dataclass(slots=True)
class StoredFile:
    """What remains of an upload: everything but its bytes.

    Attributes:
        details: Whether file details have named this file.
    """

    file_id: str
    name: str
    size: int
    md5: str
    sha256: str
    details: bool = False


@dataclass(slots=True)
class Report:
    """A report as the endpoint holds it.

    Attributes:
        was_named: Whether any call after the opening one has named the report's id.
    """

    report_id: int
    xml: bytes
    opened_at: datetime
    last_change_at: datetime
    state: ReportState = "open"
    was_named: bool = False
    files: dict[str, StoredFile] = field(default_factory=dict)
    details_xml: dict[str, bytes] = field(default_factory=dict)

    @property
    def lapses_at(self) -> datetime:
        """When the report lapses unless it is finished or retracted: the later of both limits."""
        return max(self.opened_at + LIFE_AFTER_OPENING, self.last_change_at + LIFE_AFTER_CHANGE)


class Hotline:
    """All reports of one mock endpoint. Safe to use from several threads.

    Args:
        clock: Decides what has lapsed.
        first_report_id: The id of the first report; the following ones count up. May lie beyond 32 bits.
        new_file_id: Makes an opaque file id.
    """

    def __init__(
        self,
        clock: MockClock,
        *,
        first_report_id: int,
        new_file_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self._first_report_id = self._next_report_id = first_report_id
        self._new_file_id = new_file_id
        self._reports: dict[int, Report] = {}
        self._told: set[int] = set()

    def tell(self, report_id: int) -> None:
        """Take note of an id that an answer names, be it that of no report: a client has to believe it."""
        self._told.add(report_id)

    def open(self, xml: bytes) -> Report:
        """Open a report with the document that arrived."""
        with self.lock:
            now = self.clock.now()
            report = Report(self._next_report_id, xml, opened_at=now, last_change_at=now)
            self._reports[report.report_id] = report
            self._next_report_id += 1
            return report

    def attach(self, report_id: int, *, name: str, size: int, md5: str, sha256: str) -> StoredFile:
        """Record an uploaded file.

        Raises:
            StateError: The report is not open.
        """
        with self.lock:
            report = self._open_report(report_id)
            stored = StoredFile(self._new_file_id(), name, size, md5, sha256)
            report.files[stored.file_id] = stored
            report.last_change_at = self.clock.now()
            return stored

    def file_of(self, report_id: int, file_id: str) -> StoredFile:
        """The file of an open report, before its details are judged.

        Raises:
            StateError: The report is not open (5001, 5101, 5102) or has no such file (5002).
        """
        with self.lock:
            stored = self._open_report(report_id).files.get(file_id)
            if stored is None:
                raise StateError(5002, was_never_given=True)
            return stored

    def describe(self, report_id: int, file_id: str, *, xml: bytes) -> None:
        """Record the details of a file; a second document for the same file replaces the first.

        Raises:
            StateError: As `file_of`.
        """
        with self.lock:
            self.file_of(report_id, file_id).details = True
            report = self._reports[report_id]
            report.details_xml[file_id] = xml
            report.last_change_at = self.clock.now()

    def finish(self, report_id: int) -> Report:
        """File the report.

        Raises:
            StateError: 5102 finished before, 5101 retracted, 5001 unknown or lapsed.
        """
        with self.lock:
            report = self._open_report(report_id)
            report.state = "finished"
            return report

    def retract(self, report_id: int) -> Report:
        """Cancel the report.

        Raises:
            StateError: 5102 finished, 5101 retracted before, 5001 unknown or lapsed.
        """
        with self.lock:
            report = self._open_report(report_id)
            report.state = "retracted"
            return report

    def reports(self) -> list[Report]:
        """Every report in the order of opening, with lapsed ones marked as such."""
        with self.lock:
            for report in self._reports.values():
                self._lapse_if_due(report)
            return list(self._reports.values())

    def find(self, report_id: int) -> Report | None:
        """The report with this id in whatever state, or None. Does not count as naming it."""
        with self.lock:
            report = self._reports.get(report_id)
            if report is not None:
                self._lapse_if_due(report)
            return report

    def reset(self) -> None:
        """Forget every report. The ids go on: whoever remembers one of before must not be told it again."""
        with self.lock:
            self._reports.clear()

    def _open_report(self, report_id: int) -> Report:
        report = self.find(report_id)
        if report is None:
            # Those of before a reset were given.
            was_given = self._first_report_id <= report_id < self._next_report_id or report_id in self._told
            raise StateError(5001, was_never_given=not was_given)
        report.was_named = True
        if report.state == "open":
            return report
        raise StateError({"finished": 5102, "retracted": 5101, "lapsed": 5001}[report.state])

    def _lapse_if_due(self, report: Report) -> None:
        if report.state == "open" and self.clock.now() >= report.lapses_at:
            report.state = "lapsed"
