"""`tipline dead-letter`: entries given up with a reason, for a person to decide about."""

from contextlib import aclosing

from tipline_client.cli.dead_letters import ANY, Filter, FilterOptions, find_dead_letters
from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.history import History, history_lines, history_view, read_history
from tipline_client.cli.opening import find_entry, with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions, Session
from tipline_client.cli.reading import reading_of
from tipline_client.cli.reply_views import reply_lines, reply_view
from tipline_client.cli.verbs.listing import Limit, entry_table, page
from tipline_client.cli.views import entry_view
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.raw_reply import RawReply
from tipline_client.delivery.states import State
from tipline_client.dispatch.delivering import requeue as put_back_dead_letter
from tipline_client.dispatch.vouching import vouch_for
from tipline_client.errors import EnvelopeError, IllegalTransitionError, ReportTakenError
from tipline_client.outbox import Outbox

__all__ = ["list_dead_letters", "requeue", "show_dead_letter"]


def list_dead_letters(
    *, wanted: FilterOptions = ANY, limit: Limit = 100, after: str | None = None, options: EndpointOptions = ENDPOINT
) -> ExitCode:
    """List what was given up, with reasons; with an endpoint named, of its environment.

    Example: tipline dead-letter list --code 1000 --since 2026-01-05T03:00Z

    Args:
        wanted: Which ones.
        limit: How many at most.
        after: The last id of the page before.
        options: Shared options.
    """
    session = options.start()
    wanted.check()
    lane = session.settings.lane
    environment = lane[1] if lane else None

    async def look(outbox: Outbox) -> list[Entry]:
        if wanted.is_any:
            return await page(outbox, states=(State.DEAD_LETTER,), environment=environment, limit=limit, after=after)
        if after is not None:
            raise CommandError("--after does not go with a filter", hint="Raise --limit instead.")
        found = []
        async with aclosing(find_dead_letters(outbox, wanted, environment=environment)) as entries:
            async for entry in entries:
                found.append(entry)
                if len(found) == limit:
                    break
        return found

    entries = with_outbox(session.settings, look, only_looks=True)
    lines = entry_table(entries)
    if len(entries) == limit:
        lines.append("there may be more: raise --limit")
    session.output.finish([entry_view(entry) for entry in entries], lines)
    return ExitCode.OK


def show_dead_letter(
    entry: str,
    *,
    reply: bool = False,
    purpose: str | None = None,
    actor: str | None = None,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Show why one entry was given up, with its history.

    Example: tipline dead-letter show case-4711

    Args:
        entry: Its id or idempotency key.
        reply: Show what the endpoint answered too, as it came. It may quote the report. Needs --purpose.
        purpose: What the reply is read for; kept in the entry's history.
        actor: Who reads it; kept too (TIPLINE_ACTOR; the user's name).
        options: Shared options.
    """
    session = options.start()
    settings = session.settings
    if purpose is not None and not reply:
        raise CommandError("--purpose goes with --reply", hint="Give both, or neither.")
    reading = reading_of(settings, purpose=purpose, actor=actor) if reply else None

    async def look(outbox: Outbox) -> tuple[History, RawReply | None]:
        history = await read_history(outbox, name=entry, settings=settings)
        _check_given_up(history.entry)
        if reading is None:
            return history, None
        shown = await reading.of(outbox).refusal(history.entry.id)
        # Read once more, so that it shows this very reading.
        return await read_history(outbox, name=history.entry.id, settings=settings), shown

    history, shown = with_outbox(settings, look, only_looks=not reply)
    view, lines = history_view(history), history_lines(history)
    if shown is not None:
        view["reply"] = reply_view(shown)
        lines += reply_lines(shown)
    session.output.finish(view, lines)
    return ExitCode.OK


def _check_given_up(entry: Entry) -> None:
    if entry.state is not State.DEAD_LETTER:
        raise IllegalTransitionError(
            f"entry {entry.id} is no dead letter: it is {entry.state}", hint="Look at it with `tipline show`."
        )


def requeue(
    entry: str | None = None,
    *,
    reason: str,
    wanted: FilterOptions = ANY,
    dry_run: bool = False,
    accept_checkpoint: bool = False,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Put back into the queue what was given up, with its history: one entry, or all that a filter means.

    A dispatcher tries it again then; correct the cause first. Ends with 7 if the record of one of them is not believed;
    the others are put back all the same.

    Example: tipline dead-letter requeue --code 1000 --since 2026-01-05T03:00Z --reason "the endpoint is mended"

    Args:
        entry: Its id or idempotency key.
        reason: Why; it is kept.
        wanted: Which ones, instead of one entry.
        dry_run: Say which entries are meant, and put none back.
        accept_checkpoint: Vouch for a record of the delivery that was altered, having looked on the hotline's side, and
            for the withdrawal or the filing by hand that `tipline show` tells of, if it does. For
            one entry only.
        options: Shared options.
    """
    session = options.start()
    wanted.check()
    if not reason.strip():
        raise CommandError("--reason is blank", hint="Say why, for whoever asks later.")
    if (entry is None) == wanted.is_any:
        raise CommandError("name one entry, or give a filter such as --code", hint="`tipline dead-letter list` shows.")
    if entry is None and accept_checkpoint:
        raise CommandError("--accept-checkpoint is for one entry, by its name", hint="Vouch for each after looking.")
    if entry is None:
        return _requeue_all(session, wanted, reason=reason, is_dry=dry_run)
    return _requeue_one(session, entry, reason=reason, is_dry=dry_run, accept_checkpoint=accept_checkpoint)


def _requeue_one(session: Session, name: str, *, reason: str, is_dry: bool, accept_checkpoint: bool) -> ExitCode:
    place = session.settings.place
    seal = place.keys().checkpoint_seal()

    async def put_back(outbox: Outbox) -> Entry:
        found = await find_entry(outbox, name, settings=session.settings)
        if is_dry:
            return found
        if accept_checkpoint:
            return await vouch_for(outbox, seal, place.reader(), found.id, reason=reason)
        return await put_back_dead_letter(outbox, seal, found.id, reason=reason)

    now = with_outbox(session.settings, put_back)
    words = "is meant" if is_dry else in_words_of_host(f"is {now.state}; `tipline dispatch` delivers it")
    session.output.finish(entry_view(now), [f"entry {now.id} {words}"])
    return ExitCode.OK


def _requeue_all(session: Session, wanted: Filter, *, reason: str, is_dry: bool) -> ExitCode:
    lane = session.settings.lane
    seal = session.settings.place.keys().checkpoint_seal()

    async def put_back(outbox: Outbox) -> tuple[list[Entry], list[tuple[Entry, str]]]:
        # All of them first: what is put back is no dead letter any more, and would disturb the pages.
        found = find_dead_letters(outbox, wanted, environment=lane[1] if lane else None)
        meant = [entry async for entry in found]
        refused = []
        for entry in () if is_dry else meant:
            try:
                await put_back_dead_letter(outbox, seal, entry.id, reason=reason)
            except (EnvelopeError, IllegalTransitionError, ReportTakenError) as error:
                refused.append((entry, str(error)))
        return meant, refused

    meant, refused = with_outbox(session.settings, put_back)
    not_back = {entry.id for entry, _ in refused}
    done = [] if is_dry else [entry for entry in meant if entry.id not in not_back]
    session.output.finish(
        {
            "meant": [entry.id for entry in meant],
            "requeued": [entry.id for entry in done],
            "refused": [{"id": entry.id, "problem": problem} for entry, problem in refused],
        },
        [
            *(f"meant: {entry.id} ({entry.idempotency_key})" for entry in meant if is_dry),
            *(f"put back: {entry.id} ({entry.idempotency_key})" for entry in done),
            *(f"not put back: {entry.id}: {problem}" for entry, problem in refused),
            f"{len(meant)} meant, {len(done)} put back, {len(refused)} refused",
        ],
    )
    return ExitCode.NOT_VERIFIED if refused else ExitCode.OK
