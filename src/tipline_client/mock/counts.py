"""How many reports and files are where a correct client would never leave them?

Definitions:

* an *orphan* is an open or lapsed report that no later call has named;
* a *duplicate* is a finished report whose XML and file digests equal those of another finished report; in a group of
  equals each one beyond the first counts;
* a *stray file* is a surplus copy in an open or finished report. Among the files of one report with the same SHA-256,
  those without file details are suspects: the answer to the upload was lost, or the client has forgotten the file.
  One copy of the group is always taken for the wanted one, so n copies count at most n - 1, and two wanted files of
  equal bytes do not count once both have details. Copies in a retracted or lapsed report were never filed and do not
  count; those filed by `finish` do.

It reads the reports and changes nothing.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import TypedDict

from tipline_client.mock.state import Report

__all__ = ["Summary", "summarise"]


class Summary(TypedDict):
    """The counts that tests assert on: reports by state, anomalies, and the calls that arrived."""

    open: int
    finished: int
    retracted: int
    lapsed: int
    orphans: int
    duplicates: int
    stray_files: int
    requests: int


def summarise(reports: Iterable[Report], *, requests: int) -> Summary:
    """The counts over `reports`; `requests` is passed through."""
    listed = list(reports)
    states = Counter(report.state for report in listed)
    finished = Counter(_content_key(report) for report in listed if report.state == "finished")
    return Summary(
        open=states["open"],
        finished=states["finished"],
        retracted=states["retracted"],
        lapsed=states["lapsed"],
        orphans=sum(1 for report in listed if report.state in {"open", "lapsed"} and not report.was_named),
        duplicates=sum(count - 1 for count in finished.values()),
        stray_files=sum(_stray_files(report) for report in listed if report.state in {"open", "finished"}),
        requests=requests,
    )


def _content_key(report: Report) -> tuple[bytes, tuple[str, ...]]:
    digests = tuple(sorted(stored.sha256 for stored in report.files.values()))
    return hashlib.sha256(report.xml).digest(), digests


def _stray_files(report: Report) -> int:
    copies = Counter(stored.sha256 for stored in report.files.values())
    suspects = Counter(stored.sha256 for stored in report.files.values() if not stored.details)
    return sum(min(count, copies[digest] - 1) for digest, count in suspects.items())
