"""Many submissions from the command line: queued, delivered if that was asked for, and summed up.

Results are kept for the first ones alone; all of them go to the file that `--results` names, one in each line.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio

from tipline_client._closed import reason_of
from tipline_client.bulk import BulkRun, DryRun, Filed, Into, IntoOutbox, Rejects, Source, Summary
from tipline_client.bulk.notes import Spool
from tipline_client.cli.bulk_progress import Told, watching_bulk
from tipline_client.cli.bulk_summary import Delivery, counts_words
from tipline_client.cli.delivering import Delivered, deliver_each
from tipline_client.cli.exit_codes import CommandError
from tipline_client.cli.files import ResultLines
from tipline_client.cli.opening import with_client
from tipline_client.cli.options import Session
from tipline_client.cli.stopping import stopping_on_signals
from tipline_client.cli.submissions import rules_for
from tipline_client.client import AsyncTiplineClient
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.states import State
from tipline_client.errors import ConfigurationError

__all__ = ["SHOWN", "BulkOptions", "BulkResult", "run_bulk"]

SHOWN: Final = 100
"""How many results stand in the summary."""

_NOTED: Final = 10
"""How many rejects are named on standard error."""

_AT_ONCE: Final = 128


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """What was asked for.

    Attributes:
        is_dry: Whether nothing is to be queued.
        delivers: Whether what was queued is delivered now.
        rejects: Where rejects go instead of beside their source.
        results: Where each result goes: of a submission that is in the outbox, and of an entry that was delivered.
    """

    is_dry: bool
    delivers: bool
    rejects: Path | None = None
    results: Path | None = None


@dataclass(slots=True)
class BulkResult:
    """How it ended.

    Attributes:
        summaries: One for each source that was begun.
        delivery: What became of the entries, if they were to be delivered.
        first: The first results.
    """

    summaries: list[Summary] = field(default_factory=list)
    delivery: Delivery | None = None
    first: list[dict[str, Any]] = field(default_factory=list)


def run_bulk(session: Session, sources: Sequence[Source], wanted: BulkOptions) -> BulkResult:
    """Hand over the sources, one after the other.

    Raises:
        CommandError: The options do not fit each other, or a named file is there already.
        ConfigurationError: There is no home or endpoint to queue for.
        OutboxUnavailableError: The outbox cannot be opened.
    """
    if wanted.rejects is not None and len(sources) > 1:
        raise CommandError("--rejects names one file, and there are several sources", hint="Hand in one at a time.")
    if wanted.rejects is not None:
        _check_new(wanted.rejects)
    with ExitStack() as opened:
        results = opened.enter_context(ResultLines(wanted.results)) if wanted.results is not None else None
        told = opened.enter_context(watching_bulk(session.output))
        spool = opened.enter_context(closing(Spool()))
        bulk = _Bulk(session, sources, wanted, told=told, results=results, spool=spool)
        if wanted.is_dry:
            dry = DryRun()
            opened.callback(dry.close)
            return anyio.run(bulk.dry, dry)
        return with_client(session.settings, bulk.queue_and_deliver, sends=wanted.delivers)


def _check_new(path: Path) -> None:
    try:
        is_folder_there, is_there = path.parent.is_dir(), path.exists()
    except OSError as error:
        reason = reason_of(error, path)
        raise CommandError(f"{path}: {reason}", hint="Name a file in a folder that this user may use.") from None
    if not is_folder_there:
        raise CommandError(f"{path.parent}: there is no such folder", hint="Make it, or name another file.")
    if is_there:
        raise CommandError(f"{path}: File exists", hint="Name a new file with --rejects.")


class _Bulk:
    def __init__(
        self,
        session: Session,
        sources: Sequence[Source],
        wanted: BulkOptions,
        *,
        told: Told,
        results: ResultLines | None,
        spool: Spool,
    ) -> None:
        self._settings, self._output = session.settings, session.output
        self._sources, self._wanted = sources, wanted
        self._told, self._results, self._spool = told, results, spool
        self._result = BulkResult()
        self._noted = 0

    async def dry(self, into: DryRun) -> BulkResult:
        """Check all, and queue nothing."""
        await self._hand_over(into)
        return self._result

    async def queue_and_deliver(self, client: AsyncTiplineClient) -> BulkResult:
        """Queue all that is good; then deliver it, if that was asked for."""
        is_complete = await self._hand_over(IntoOutbox(client))
        if self._wanted.delivers:
            self._result.delivery = await self._deliver(client, is_complete=is_complete)
        return self._result

    async def _hand_over(self, into: Into) -> bool:
        """Whether all sources were read to their end."""
        for source in self._sources:
            run = BulkRun(
                into,
                rules=rules_for(self._settings),
                reporter=self._settings.reporter,
                on_filed=self._on_filed,
                on_rejected=self._on_rejected,
                on_progress=partial(self._tell_of, source),
            )
            async with stopping_on_signals(run, self._output):
                summary = await run.run(source, Rejects(source, self._wanted.rejects))
            self._result.summaries.append(summary)
            if summary.was_interrupted or summary.stopped_by is not None:
                return False
        return True

    def _tell_of(self, source: Source, summary: Summary, position: int) -> None:
        words = counts_words(summary, is_dry=self._wanted.is_dry)
        self._told(summary.name, words, summary.counts.read, position, source.size)

    def _on_filed(self, filed: Filed) -> None:
        view = {
            "file": filed.label.removesuffix(f":{filed.line}") if filed.line else filed.label,
            "line": filed.line or None,
            "id": filed.entry_id,
            "idempotencyKey": filed.key,
            "keyFrom": "content" if filed.is_derived else "submission",
            "isNew": filed.is_new,
            "state": filed.state.value,
            **({"warnings": list(filed.warnings)} if filed.warnings else {}),
        }
        if len(self._result.first) < SHOWN:
            self._result.first.append(view)
        if self._wanted.delivers and (filed.is_new or filed.state not in _OVER):
            self._spool.add(filed.entry_id)
        if self._results is not None:
            self._results.add(view)

    def _on_delivered(self, entry: Entry) -> None:
        now = {"state": entry.state.value, "reportId": entry.report_id}
        for view in self._result.first:
            if view["id"] == entry.id:
                view.update(now)
        if self._results is None:
            return
        try:
            self._results.add({"id": entry.id, "idempotencyKey": entry.idempotency_key, **now})
        except ConfigurationError as error:
            # The delivery goes on: what is filed stands in the outbox.
            self._output.note(str(error))
            self._results = None

    def _on_rejected(self, label: str, rules: tuple[str, ...]) -> None:
        self._noted += 1
        if self._noted <= _NOTED:
            self._output.note(f"{label}: rejected: {', '.join(rules)}")
        elif self._noted == _NOTED + 1:
            self._output.note("further rejects are not named here")

    async def _deliver(self, client: AsyncTiplineClient, *, is_complete: bool) -> Delivery:
        """Begin each entry once, in the order of the sources.

        When the endpoint fails the rest waits for a dispatcher: trying each in vain would tell nobody more.
        """
        size = len(self._spool)
        delivery = Delivery(total=size)
        if not is_complete:
            return delivery

        def tell(item: Delivered) -> None:
            delivery.add(item)
            self._on_delivered(item.entry)
            self._told("delivering", delivery.words(), delivery.tried, delivery.tried, size)

        async def entries() -> AsyncIterator[Entry]:
            for ids in self._spool.parts(_AT_ONCE):
                for entry_id in ids:
                    yield await client.entry(entry_id)

        slots, output = self._settings.slots, self._output
        delivery.was_interrupted = await deliver_each(client, entries(), slots=slots, output=output, on_done=tell)
        return delivery


_OVER = frozenset({State.ACKNOWLEDGED, State.DEAD_LETTER, State.RETRACTED, State.FILED_BY_HAND})
