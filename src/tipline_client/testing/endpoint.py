"""The mock endpoint of a test: what it was sent can be asserted by idempotency key, and a failure says what came close.

    tipline_client.enqueue(report, idempotency_key="case-4711")
    tipline_endpoint.assert_filed_once("case-4711")

It adds to the mock endpoint what only a test wants; when a test fails by it, and who opens it, the plug-in says.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipline_client.client import AsyncTiplineClient, OpenTransport, Options, TiplineClient
from tipline_client.delivery.states import State
from tipline_client.errors import ConfigurationError
from tipline_client.mock import MockEndpoint
from tipline_client.mock.control import ReportView
from tipline_client.models import Report
from tipline_client.testing import near_misses
from tipline_client.testing.clock import TurnableClock
from tipline_client.testing.filings import Filing, Watched, document_of
from tipline_client.testing.in_process import InProcess
from tipline_client.transport import HttpTransport

__all__ = ["TiplineEndpoint"]

_NOWHERE = "http://127.0.0.1:1/ispws"
"""The address of an endpoint in process: calls that do not take its transport must find nobody."""
_HOW_TO_COME_HERE = "in process only clients with the options of this endpoint come here (`tipline_options`)"
_LATEST = 8


@dataclass(frozen=True, slots=True)
class _Sought:
    """What a test asks for, and what is known of it."""

    label: str
    xml: bytes
    filing: Filing | None = None

    def is_it(self, view: ReportView, xml: bytes) -> bool:
        if not near_misses.is_same(self.xml, xml):
            return False
        return self.filing is None or not near_misses.file_differences(self.filing.files, _files(view))


class TiplineEndpoint(MockEndpoint):
    """A `MockEndpoint` that answers a test's questions.

    Args:
        in_process: Whether calls come through `open_transport` in place of a socket.
        clock: Decides what has lapsed, and what time it is for a client with `options`.
        **settings: As for `MockEndpoint`.
    """

    def __init__(self, *, in_process: bool = False, clock: TurnableClock | None = None, **settings: Any) -> None:
        self.turnable_clock = clock if clock is not None else TurnableClock.running()
        super().__init__(clock=self.turnable_clock.now, **settings)
        self.in_process = in_process
        self._watched = Watched(self.profile, self.options) if in_process else None

    @property
    def base_url(self) -> str:
        """As of `MockEndpoint`; in process an address where nobody listens."""
        return _NOWHERE if self.in_process else super().base_url

    @property
    def open_transport(self) -> OpenTransport:
        """What brings a client's calls here."""
        return InProcess(self.asgi) if self.in_process else HttpTransport.open

    @property
    def options(self) -> Options:
        """For a client of this endpoint: its calls come here, and by the clock of the test no wait takes time."""
        return Options(clock=self.turnable_clock, open_transport=self.open_transport)

    def start(self) -> None:
        """Serve; in process there is nothing to start."""
        if not self.in_process:
            super().start()
        if self._watched is None:
            self._watched = Watched(self.profile, self.options)

    def stop(self) -> None:
        """Stop serving, and close what was opened to look into homes."""
        if self._watched is not None:
            self._watched.close()
        super().stop()

    def watch(self, whose: TiplineClient | AsyncTiplineClient | str | Path) -> None:
        """Have this client, or whoever uses this home, asked for the keys of an assertion.

        Args:
            whose: A client, or the folder of a home, which need not be there yet.

        Raises:
            ConfigurationError: The client is asynchronous, and its outbox is not in its home.
        """
        self._homes.add(whose)

    def assert_filed_once(self, what: str | Report) -> ReportView:
        """Fail unless the report was finished here exactly once, with just its files.

        Args:
            what: The idempotency key under which a client that is watched was given the report; or the report itself,
                for clients that cannot be watched. Its files are compared only when it is named by key.

        Returns:
            The report as the endpoint has it.

        Raises:
            AssertionError: It was filed never, twice, or otherwise than it was handed in; with the report that comes
                closest. By key also when the client does not know that it was filed.
            ConfigurationError: No client is watched, so nobody knows a key.
        """
        __tracebackhide__ = True
        sought = self._sought(what)
        if sought is None:
            raise AssertionError(self._unknown_key(str(what)))
        found = [view for view, xml in self._finished() if sought.is_it(view, xml)]
        entry = sought.filing.entry if sought.filing is not None else None
        if entry is not None and entry.report_id is not None:
            # Other keys may well have been used for a report that says the same.
            others = {report_id for key, report_id in self._homes.keys().items() if key != entry.idempotency_key}
            found = [view for view in found if int(view["report_id"]) not in others]
            if [str(entry.report_id)] == [view["report_id"] for view in found]:
                return found[0]
        elif entry is None and len(found) == 1:
            return found[0]
        raise AssertionError(self._not_once(sought, found))

    def assert_not_filed(self, what: str | Report | None = None) -> None:
        """Fail if the report was finished here, or with no argument if any was.

        Args:
            what: As for `assert_filed_once`; a key that nobody was given was not filed.

        Raises:
            AssertionError: It was; with the numbers of the reports.
            ConfigurationError: As for `assert_filed_once`.
        """
        __tracebackhide__ = True
        finished = self._finished()
        if what is None:
            found, label = [view for view, _ in finished], "a report"
        else:
            sought = self._sought(what)
            if sought is None:
                return
            number = sought.filing.entry.report_id if sought.filing is not None else None
            found = [view for view, xml in finished if sought.is_it(view, xml) or view["report_id"] == str(number)]
            label = sought.label
        if found:
            raise AssertionError("\n".join((f"{label} was filed: {_numbers(found)}", *self.outline())))

    def complaints(self) -> list[str]:
        """What a test that runs as it should leaves none of, a sentence each.

        Calls that no client that works can send, faults that met no call, reports filed twice, and stray copies of
        files. What follows from a fault, such as a second `finish` after a lost answer, is none of it.
        """
        said = [
            f"unexpected {record.step} ({'no answer' if record.status is None else f'HTTP {record.status}'}): "
            f"{record.unexpected}"
            for record in self.requests
            if record.unexpected is not None
        ]
        said += [f"the fault {fault} for {step} met no call" for step, fault in self.faults.scripted()]
        summary = self.summary()
        if summary["duplicates"]:
            said.append(f"{summary['duplicates']} report(s) filed although an equal one was filed before")
        if summary["stray_files"]:
            said.append(f"{summary['stray_files']} surplus copies of files in open or finished reports")
        return said

    def outline(self) -> list[str]:
        """What there is here, in lines for whoever reads a failure: counts, reports, the latest calls."""
        summary = self.summary()
        states = ", ".join(f"{summary[state]} {state}" for state in ("finished", "open", "retracted", "lapsed"))
        lines = [f"at the endpoint: {states}; {summary['requests']} call(s)"]
        calls = [
            f"{record.step} {'unanswered' if record.status is None else record.status}"
            + (f" ({record.fault})" if record.fault else "")
            for record in self.requests[-_LATEST:]
        ]
        if calls:
            return [*lines, f"latest calls: {', '.join(calls)}"]
        return [*lines, _HOW_TO_COME_HERE] if self.in_process else lines

    @property
    def _homes(self) -> Watched:
        if self._watched is None:
            raise ConfigurationError("the mock endpoint is not running", hint="Use it inside its `with` block.")
        return self._watched

    def _sought(self, what: str | Report) -> _Sought | None:
        if isinstance(what, Report):
            return _Sought("the report", document_of(what, self.profile))
        if self._homes.is_empty:
            raise ConfigurationError(
                f"nobody here knows the key {what!r}: no client is watched",
                hint="Use the fixture `tipline_client`, or `watch` the client or the home of the code under test; "
                "or hand in the report itself.",
            )
        filing = self._homes.filing(what)
        return None if filing is None else _Sought(f"{what!r}", filing.xml, filing)

    def _finished(self) -> list[tuple[ReportView, bytes]]:
        views = [view for view in self.reports() if view["state"] == "finished"]
        return [(view, self.report_xml(view["report_id"])) for view in views]

    def _unknown_key(self, key: str) -> str:
        known = list(self._homes.keys())
        near = difflib.get_close_matches(key, known, n=3, cutoff=0)
        lines = [f"{key!r} was not filed: nothing was handed in under this key"]
        lines += [f"closest key: {', '.join(map(repr, near))}; {len(known)} in all"] if near else []
        return "\n".join((*lines, *self.outline()))

    def _not_once(self, sought: _Sought, found: Sequence[ReportView]) -> str:
        if len(found) > 1:
            lines = [f"{sought.label} was filed {len(found)} times: {_numbers(found)}"]
        elif found:
            lines = [f"{sought.label} was filed as {_numbers(found)}, but the client does not know it"]
        else:
            lines = [f"{sought.label} was not filed"]
        return "\n".join((*lines, *_said_by_client(sought), *self._nearest(sought, found), *self.outline()))

    def _nearest(self, sought: _Sought, found: Sequence[ReportView]) -> list[str]:
        views = [] if found else self.reports()
        index = near_misses.closest(sought.xml, [self.report_xml(view["report_id"]) for view in views])
        if not sought.xml or index is None:
            return []
        view = views[index]
        lines = near_misses.differences(sought.xml, self.report_xml(view["report_id"]))
        if sought.filing is not None:
            lines += near_misses.file_differences(sought.filing.files, _files(view))
        head = f"closest report: {view['report_id']}, {view['state']}, {len(view['files'])} file(s)"
        return [f"{head}; it says the same"] if not lines else [head, *(f"  {line}" for line in lines)]


def _said_by_client(sought: _Sought) -> list[str]:
    if sought.filing is None:
        return []
    entry = sought.filing.entry
    told = f"the client says: {entry.state}"
    if entry.state is State.ACKNOWLEDGED:
        return [f"{told} as report {entry.report_id}"]
    failure = "" if entry.last_failure is None else f"; last failure: {entry.last_failure.text}"
    return [f"{told}, {entry.attempts} attempt(s){failure}"]


def _files(view: ReportView) -> list[tuple[str, str]]:
    return [(file["sha256"], file["name"]) for file in view["files"]]


def _numbers(views: Sequence[ReportView]) -> str:
    return ", ".join(f"report {view['report_id']}" for view in views)
