"""Many submissions into the outbox: a bounded number in flight, which share commits, and results in the order read.

A bad submission never ends the run: it goes to the rejects. A fault of the installation does, and so does whoever asks
to stop; what is durable then stays, and the same run again files nothing twice.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import anyio

from tipline_client.bulk.counting import Filed, Summary
from tipline_client.bulk.preparing import FileRules, Prepared, prepare
from tipline_client.bulk.rejects import Rejects
from tipline_client.bulk.sources import Item, Source
from tipline_client.bulk.streams import Stream
from tipline_client.bulk.trying import Into
from tipline_client.bulk.window import Slot, Window
from tipline_client.errors import (
    ConfigurationError,
    DuplicateKeyError,
    EvidenceUnavailableError,
    OutboxUnavailableError,
    ReportInvalidError,
    Severity,
    TiplineError,
)
from tipline_client.models import Submission
from tipline_client.validation import rules_outside

__all__ = ["BulkRun"]

_IN_FLIGHT: Final = 64


class BulkRun:
    """Hands the submissions of sources to an outbox.

    Args:
        into: What takes them.
        rules: What they are checked against.
        reporter: Stands in a report that names none.
        in_flight: How many are on their way at once.
        on_filed: Told of each that was taken and has an entry, in the order read; it may end the run by a
            `ConfigurationError`.
        on_rejected: Told of each that was not, with its place and the ids of the rules.
        on_progress: Told after each how the source stands, and how far it was read.
        now: The present moment for the rules; each time the machine's clock by default.
    """

    def __init__(
        self,
        into: Into,
        *,
        rules: FileRules,
        reporter: Mapping[str, Any] | None = None,
        in_flight: int = _IN_FLIGHT,
        on_filed: Callable[[Filed], object] = lambda _: None,
        on_rejected: Callable[[str, tuple[str, ...]], object] = lambda _label, _rules: None,
        on_progress: Callable[[Summary, int], object] = lambda _summary, _position: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._into = into
        self._rules = rules
        self._reporter = reporter
        self._in_flight = in_flight
        self._on_filed = on_filed
        self._on_rejected = on_rejected
        self._on_progress = on_progress
        self._now = now
        self._is_asked_to_stop = False
        self._waiting = anyio.CancelScope()

    def stop(self) -> None:
        """Read nothing more; what is in flight still becomes durable. To be called where the run runs."""
        self._is_asked_to_stop = True
        self._waiting.cancel()

    async def run(self, source: Source, rejects: Rejects) -> Summary:
        """Hand over one source.

        Args:
            source: Where the submissions come from.
            rejects: Where those go that are not taken.

        Returns:
            What became of them. Nothing is raised for a submission, nor for a fault of the installation.
        """
        summary = Summary(source.name)
        try:
            await self._hand_over(source, rejects, summary)
        finally:
            try:
                rejects.close()
            except ConfigurationError as error:
                summary.stopped_by = summary.stopped_by or error
            summary.rejects_path, summary.issues_path = rejects.path, rejects.issues_path
            summary.passed_over = source.passed_over
        return summary

    async def _hand_over(self, source: Source, rejects: Rejects, summary: Summary) -> None:
        window = Window(self._in_flight, lambda slot: self._settle(slot, rejects, summary))
        async with anyio.create_task_group() as tasks:
            async for item in self._as_they_come(source, window, summary):
                slot = Slot(item, self._prepare(source, item))
                before = window.add(slot)
                submission = slot.prepared.submission
                if not slot.prepared.is_acceptable or submission is None:
                    tasks.start_soon(self._refuse, slot)
                else:
                    tasks.start_soon(self._take, slot, submission, before)
                # What follows an item that is too long is read from the source before the next one.
                await (window.settle_all() if item.text is None else window.settle())
                self._on_progress(summary, item.position)
            await window.settle_all()

    async def _as_they_come(self, source: Source, window: Window, summary: Summary) -> AsyncIterator[Item]:
        """The items, until somebody asks to stop or the installation fails."""
        stream, items = source.stream, self._items(source, summary)
        position = 0
        while True:
            if stream is not None and not _has_line(stream):
                # Nobody knows for how long: what was read must not wait with it to become durable, and told.
                await window.settle_all()
                self._on_progress(summary, position)
                await self._wait(stream)
            if self._is_asked_to_stop or summary.stopped_by is not None:
                summary.was_interrupted = self._is_asked_to_stop
                return
            item = next(items, None)
            if item is None:
                return
            position = item.position
            yield item

    async def _wait(self, stream: Stream) -> None:
        if self._is_asked_to_stop:
            return
        with anyio.CancelScope() as self._waiting:
            # What cannot be read says so when it is read.
            with suppress(OSError):
                await stream.wait()

    def _items(self, source: Source, summary: Summary) -> Iterator[Item]:
        try:
            yield from source.items()
        except ConfigurationError as error:
            # Of this source nothing more can be read; what was read before it has its result all the same.
            summary.stopped_by = summary.stopped_by or error

    def _prepare(self, source: Source, item: Item) -> Prepared:
        folder = source.folder if item.folder is None else item.folder
        text = item.unread if item.text is None else item.text
        if text is None:
            return Prepared(item.label, folder, None, item.issues)
        return prepare(
            text,
            source=item.label,
            folder=folder,
            rules=self._rules,
            reporter=self._reporter,
            now=self._now(),
        )

    async def _take(self, slot: Slot, submission: Submission, before: Slot | None) -> None:
        if before is not None:
            await before.done.wait()
        try:
            slot.entry, slot.is_new = await self._into.take(submission, slot.prepared.evidence(), slot.item.label)
        except TiplineError as error:
            slot.error = error
        finally:
            slot.done.set()

    async def _refuse(self, slot: Slot) -> None:
        submission = slot.prepared.submission
        slot.error = ReportInvalidError(slot.prepared.issues)
        try:
            broken = [issue.path for issue in slot.prepared.issues if issue.severity is Severity.ERROR]
            if submission is not None and submission.idempotency_key and "idempotencyKey" not in broken:
                slot.known = await self._into.find(submission.idempotency_key)
        except TiplineError as error:
            slot.error = error
        finally:
            slot.done.set()

    def _settle(self, slot: Slot, rejects: Rejects, summary: Summary) -> None:
        counts, error = summary.counts, slot.error
        if slot.item.is_source:
            summary.fault = slot.item.issues[0]
            return
        counts.read += 1
        if isinstance(error, (OutboxUnavailableError, ConfigurationError, EvidenceUnavailableError)):
            # Whatever is wrong is wrong for all: the run ends, and nothing is rejected for it.
            counts.untried += 1
            summary.stopped_by = summary.stopped_by or error
            return
        if error is not None:
            self._reject(slot, error, rejects, summary)
            return
        submission = slot.prepared.submission
        is_derived = submission is None or submission.idempotency_key is None
        counts.queued += slot.is_new
        counts.known += not slot.is_new
        counts.keys_derived += is_derived
        counts.keys_given += not is_derived
        warnings = tuple(dict.fromkeys(issue.rule for issue in slot.prepared.issues))
        for rule in warnings:
            number, label = summary.warned.get(rule, (0, slot.item.label))
            summary.warned[rule] = (number + 1, label)
        if slot.entry is not None:
            entry = slot.entry
            states = counts.made if slot.is_new else counts.states
            states[entry.state] = states.get(entry.state, 0) + 1
            key = entry.idempotency_key
            filed = Filed(
                slot.item.label, slot.item.line, entry.id, key, is_derived, slot.is_new, entry.state, warnings
            )
            try:
                self._on_filed(filed)
            except ConfigurationError as failure:
                # It is queued all the same.
                summary.stopped_by = summary.stopped_by or failure

    def _reject(self, slot: Slot, error: TiplineError, rejects: Rejects, summary: Summary) -> None:
        issues = slot.prepared.issues
        if not isinstance(error, ReportInvalidError):
            summary.errors.setdefault(type(error), error)
            path = "idempotencyKey" if isinstance(error, DuplicateKeyError) else "submission"
            reason = str(error).rstrip(".")
            issues = (rules_outside.NOT_QUEUED.at(path, reason=reason, hint=error.hint).as_issue(), *issues)
        elif not slot.prepared.errors:
            issues = tuple(error.issues)
        if slot.known is not None:
            state = slot.known.state.value
            issues = (rules_outside.KEY_IS_THERE.at("idempotencyKey", state=state).as_issue(), *issues)
        try:
            rejects.add(slot.item, issues)
        except ConfigurationError as failure:
            summary.counts.untried += 1
            summary.stopped_by = summary.stopped_by or failure
            return
        summary.counts.rejected += 1
        broken = [issue.rule for issue in issues if issue.severity is Severity.ERROR]
        self._on_rejected(slot.item.label, tuple(dict.fromkeys(broken)))


def _has_line(stream: Stream) -> bool:
    try:
        return stream.has_line
    except OSError:
        # Whoever reads it is told why.
        return True
