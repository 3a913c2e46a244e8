"""The mock endpoint of a test: what it was sent can be asserted by idempotency key, and a failure says what came close.

    tipline_client.enqueue(report, idempotency_key="case-4711")
    tipline_endpoint.assert_filed_once("case-4711")

It adds to the mock endpoint what only a test wants; when a test fails by it, and who opens it, the plug-in says.
"""

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tipline_client.client import AsyncTiplineClient, OpenTransport, Options, TiplineClient
from tipline_client.delivery.states import State
from tipline_client.errors import ConfigurationError
from tipline_client.evidence import Evidence, safe_name
from tipline_client.mock import MockEndpoint
from tipline_client.mock.control import ReportView
from tipline_client.models import Report
from tipline_client.profiles import EndpointProfile
from tipline_client.testing import near_misses
from tipline_client.testing.clock import TurnableClock
from tipline_client.testing.filings import Filing, Watched, document_of, file_said
from tipline_client.testing.in_process import InProcess
from tipline_client.transport import HttpTransport

__all__ = ["TiplineEndpoint"]

_NOWHERE = "http://127.0.0.1:1/ispws"
"""The address of an endpoint in process: calls that do not take its transport must find nobody."""
_HOW_TO_COME_HERE = "in process only clients with the options of this endpoint come here (`tipline_options`)"
_LATEST = 8
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Found:
    """A report as it arrived."""

    view: ReportView
    xml: bytes
    files: tuple[near_misses.File, ...]

    @property
    def number(self) -> int:
        return int(self.view["report_id"])


@dataclass(frozen=True, slots=True)
class _Sought:
    """What a test asks for, and what is known of it."""

    label: str
    xml: bytes
    files: Sequence[near_misses.File] | None = None
    filing: Filing | None = None

    def is_it(self, found: _Found) -> bool:
        if not self.xml:
            # Its content was destroyed, so only the number is left to know it by.
            return self.number is not None and self.number == found.number
        if not near_misses.is_same(self.xml, found.xml):
            return False
        return self.files is None or not near_misses.file_differences(self.files, found.files)

    @property
    def number(self) -> int | None:
        return None if self.filing is None else self.filing.entry.report_id


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

    def watch(self, whose: TiplineClient | AsyncTiplineClient | str | Path, *, outbox: str | None = None) -> None:
        """Have this client, or whoever uses this home, asked for the keys of an assertion.

        Looking makes nothing, neither a home nor an outbox.

        Args:
            whose: A client, or the folder of a home, which need not be there before the first assertion by key.
            outbox: Where the outbox of that home is, as it is told to `TiplineClient.open`, if it is neither in the
                home nor named by a `tipline.toml` in it. Of a client only where it is a server's, for after the client
                is closed.

        Raises:
            ConfigurationError: The outbox's address cannot be read.
        """
        self._homes.add(whose, outbox=outbox)

    def assert_filed_once(self, what: str | Report, *, evidence: Sequence[Evidence] | None = None) -> ReportView:
        """Fail unless the report was finished here exactly once, with just its files and what is said of them.

        Args:
            what: The idempotency key under which a client that is watched was given the report; or the report itself,
                for clients that cannot be watched.
            evidence: With the report itself, its files; they are read to the end. Without them only the documents of
                the report are compared. By key the files are known.

        Returns:
            The report as the endpoint has it.

        Raises:
            AssertionError: It was filed never, twice, by two homes, or otherwise than it was handed in; with the report
                that comes closest. By key also when the client does not know that it was filed.
            ConfigurationError: No client is watched, or there is nothing to look into where one is said to be, so
                nobody knows a key.
        """
        __tracebackhide__ = True
        sought = self._sought(what, evidence)
        if not sought:
            raise AssertionError(self._unknown_key(str(what)))
        finished, keys = self._finished(), self._homes.keys() if isinstance(what, str) else {}
        found = [self._filed_as(each, finished, keys) for each in sought]
        numbers = {view["report_id"] for views in found for view in views}
        known_by = [each for each, views in zip(sought, found, strict=True) if _knows(each, views)]
        if len(numbers) == 1 and known_by:
            return next(view for views in found for view in views)
        if len(numbers) > 1 and sum(map(bool, found)) > 1:
            raise AssertionError(self._by_several_homes(sought, found))
        # Of several homes the one that knows most is shown.
        index = max(range(len(sought)), key=lambda index: (bool(found[index]), sought[index].number is not None))
        raise AssertionError(self._not_once(sought[index], found[index]))

    def assert_not_filed(self, what: str | Report | None = None) -> None:
        """Fail if the report was finished here, by whichever home, or with no argument if any was.

        Args:
            what: As for `assert_filed_once`; a key that nobody was given was not filed.

        Raises:
            AssertionError: It was, with the numbers of the reports; or what is given is the id of an entry, not a key.
            ConfigurationError: As for `assert_filed_once`.
        """
        __tracebackhide__ = True
        finished = self._finished()
        if what is None:
            found, label = [each.view for each in finished], "a report"
        else:
            sought = self._sought(what)
            keys = self._homes.keys() if isinstance(what, str) else {}
            numbers = {one.number for one in sought}
            numbers |= {int(view["report_id"]) for one in sought for view in self._filed_as(one, finished, keys)}
            found = [each.view for each in finished if each.number in numbers]
            label = sought[0].label if sought else ""
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
            for record in self.unexpected
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

    def _sought(self, what: str | Report, evidence: Sequence[Evidence] | None = None) -> list[_Sought]:
        """What is known of it: of a report one, of a key one for each home that was given something under it."""
        if not isinstance(what, str | Report):
            raise ConfigurationError(
                f"it is of type {type(what).__name__}, neither a key nor a report",
                hint="Hand in the idempotency key as text: of an entry its `idempotency_key`.",
            )
        if isinstance(what, Report):
            files = None if evidence is None else [_file_handed_in(item, self.profile) for item in evidence]
            return [_Sought("the report", document_of(what, self.profile), files)]
        if evidence is not None:
            raise ConfigurationError(
                "evidence is compared with a report, not with a key", hint="By key the files are known: leave it out."
            )
        if self._homes.is_empty:
            raise ConfigurationError(
                f"nobody here knows the key {what!r}: no client is watched",
                hint="Use the fixture `tipline_client`, or `watch` the client or the home of the code under test; "
                "or hand in the report itself.",
            )
        filings = self._homes.filings(what)
        if not filings and (key := self._homes.key_of_entry(what)) is not None:
            raise AssertionError(f"{what!r} is the id of an entry, where its key is asked for: {key!r}")
        return [_Sought(f"{what!r}", filing.xml, filing.files, filing) for filing in filings]

    def _finished(self) -> list[_Found]:
        return [self._found(view) for view in self.reports() if view["state"] == "finished"]

    def _found(self, view: ReportView) -> _Found:
        files = tuple(
            near_misses.file_of(
                file["sha256"],
                file["name"],
                self.file_details_xml(view["report_id"], file["file_id"]) if file["details"] else None,
            )
            for file in view["files"]
        )
        return _Found(view, self.report_xml(view["report_id"]), files)

    @staticmethod
    def _filed_as(sought: _Sought, finished: Sequence[_Found], keys: Mapping[str, set[int]]) -> list[ReportView]:
        found = [each for each in finished if sought.is_it(each)]
        if sought.filing is not None:
            # Other keys may well have been used for a report that says the same.
            own = sought.filing.entry.idempotency_key
            others = {number for key, numbers in keys.items() if key != own for number in numbers}
            found = [each for each in found if each.number not in others]
        return [each.view for each in found]

    def _by_several_homes(self, sought: Sequence[_Sought], found: Sequence[Sequence[ReportView]]) -> str:
        lines = [f"{sought[0].label} was filed by several homes:"]
        lines += [
            f"  {each.filing.home}: {_numbers(_own(each, views)) or 'not filed'}"
            for each, views in zip(sought, found, strict=True)
            if each.filing is not None
        ]
        return "\n".join((*lines, *self.outline()))

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
        there = [] if found else [self._found(view) for view in self.reports()]
        if not sought.xml or (index := near_misses.closest(sought.xml, [each.xml for each in there])) is None:
            return []
        nearest = there[index]
        lines = near_misses.differences(sought.xml, nearest.xml)
        if sought.files is not None:
            lines += near_misses.file_differences(sought.files, nearest.files)
        head = f"closest report: {nearest.number}, {nearest.view['state']}, {len(nearest.files)} file(s)"
        return [f"{head}; it says the same"] if not lines else [head, *(f"  {line}" for line in lines)]


def _knows(sought: _Sought, views: Sequence[ReportView]) -> bool:
    """Whether who handed it in knows that it was filed; where nobody can be asked, that it was is enough."""
    if sought.filing is None:
        return bool(views)
    return [str(sought.number)] == [view["report_id"] for view in views]


def _own(sought: _Sought, views: Sequence[ReportView]) -> Sequence[ReportView]:
    """Of the reports that say the same, the one that this home knows as its own, if it knows one."""
    return [view for view in views if view["report_id"] == str(sought.number)] or views


def _file_handed_in(item: Evidence, profile: EndpointProfile) -> near_misses.File:
    digest = hashlib.sha256()
    with item.open() as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return file_said(digest.hexdigest(), safe_name(item.name), item.details.to_json_dict(), profile)


def _said_by_client(sought: _Sought) -> list[str]:
    if sought.filing is None:
        return []
    entry = sought.filing.entry
    told = f"the client says: {entry.state}"
    if entry.state is State.ACKNOWLEDGED:
        return [f"{told} as report {entry.report_id}"]
    failure = "" if entry.last_failure is None else f"; last failure: {entry.last_failure.text}"
    return [f"{told}, {entry.attempts} attempt(s){failure}"]


def _numbers(views: Sequence[ReportView]) -> str:
    return ", ".join(f"report {view['report_id']}" for view in views)
