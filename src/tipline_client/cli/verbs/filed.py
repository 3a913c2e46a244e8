"""`tipline filed`: record that a person filed a report on the hotline's own portal, so that it is not filed twice."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.opening import find_entry, with_client, with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.settings import Settings
from tipline_client.cli.views import entry_view, failure_text, instant
from tipline_client.client import AsyncTiplineClient
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.regimes import regimes_of
from tipline_client.delivery.states import State
from tipline_client.dispatch.delivering import note_filed_by_hand
from tipline_client.outbox import LARGEST_REPORT_ID, Outbox

__all__ = ["filed"]

ReportId = Annotated[int, Parameter(validator=Number(gte=1, lte=LARGEST_REPORT_ID))]


def filed(entry: str, *, report_id: ReportId, reason: str, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """Record that a person filed the report on the hotline's own portal, with its number. It is not filed again then.

    What this program opened at the endpoint is taken back first. Ends with 0 when it filed nothing, as far as this
    outbox knows; with 3 when the number is on record and a dispatcher has to take back what may be open, as without a
    named endpoint; with 4 when that was given up; with 9 when this program turns out to have filed it too, as another
    report, so that both numbers are on record.

    Example: tipline filed case-4711 --report-id 190411 --reason "the endpoint was down"

    Args:
        entry: Its id or idempotency key.
        report_id: The number that the hotline gave.
        reason: Why by hand; it is kept.
        options: Shared options.
    """
    session = options.start()
    settings = session.settings
    if not reason.strip():
        raise CommandError("--reason is blank", hint="Say why, for whoever asks later.")
    if settings.endpoint is None:
        work = partial(_note, name=entry, report_id=report_id, reason=reason, settings=settings)
        now = with_outbox(settings, work)
    else:
        noting = partial(_file, name=entry, report_id=report_id, reason=reason, settings=settings)
        now = with_client(settings, noting, sends=False, makes=False)
    session.output.finish(entry_view(now), _lines(now))
    if now.state is State.DEAD_LETTER:
        return ExitCode.GIVEN_UP
    return ExitCode.OK if now.state.is_terminal else ExitCode.WAITING


def _lines(entry: Entry) -> list[str]:
    words = f"entry {entry.id} is filed by hand as report {entry.filed_by_hand_as}"
    if entry.state is State.FILED_BY_HAND:
        return [f"{words}; this program will not file it, and has filed nothing of it as far as this outbox knows"]
    if entry.state is State.ACKNOWLEDGED:
        return [f"entry {entry.id}: report {entry.report_id} is the one that this program had filed itself"]
    if entry.state is not State.DEAD_LETTER:
        return [
            in_words_of_host(
                f"{words}; what may be open of it is still to be taken back; `tipline dispatch` carries it out"
            )
        ]
    lines = [f"{words}; but taking back what this program opened was given up: {failure_text(entry.last_failure)}"]
    checkpoint = entry.checkpoint
    if checkpoint.report_id is not None and not checkpoint.finish_sent:
        lines.append(f"  report {checkpoint.report_id} may be open until {instant(checkpoint.lapses_at)}")
    if checkpoint.finish_sent:
        lines.append(f"  report {checkpoint.report_id} may be filed too: look on the hotline's side")
    return lines


async def _note(outbox: Outbox, *, name: str, report_id: int, reason: str, settings: Settings) -> Entry:
    entry = await find_entry(outbox, name, settings=settings)
    seal = settings.place.keys().checkpoint_seal()
    return await note_filed_by_hand(
        outbox,
        seal,
        entry.id,
        report_id=report_id,
        reason=reason,
        now=datetime.now(UTC),
        regimes=regimes_of(settings.regimes),
    )


async def _file(client: AsyncTiplineClient, *, name: str, report_id: int, reason: str, settings: Settings) -> Entry:
    entry = await find_entry(client.outbox, name, settings=settings)
    return await client.file_by_hand(entry.id, report_id=report_id, reason=reason)
