"""`tipline dead-letter`: entries given up with a reason, for a person to decide about."""

from functools import partial

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.history import history_lines, history_view, read_history
from tipline_client.cli.opening import find_entry, with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.verbs.listing import Limit, entry_table, page
from tipline_client.cli.views import entry_view
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.states import State
from tipline_client.dispatch.delivering import requeue as put_back_dead_letter
from tipline_client.errors import IllegalTransitionError
from tipline_client.home import Home
from tipline_client.outbox import Outbox

__all__ = ["list_dead_letters", "requeue", "show_dead_letter"]


def list_dead_letters(*, limit: Limit = 100, after: str | None = None, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """List what was given up, with reasons; with an endpoint named, of its environment.

    Example: tipline dead-letter list

    Args:
        limit: How many at most.
        after: The last id of the page before.
        options: Shared options.
    """
    session = options.start()
    lane = session.settings.lane
    given_up = partial(
        page, states=(State.DEAD_LETTER,), environment=lane[1] if lane else None, limit=limit, after=after
    )
    entries = with_outbox(session.settings, given_up)
    session.output.finish([entry_view(entry) for entry in entries], entry_table(entries))
    return ExitCode.OK


def show_dead_letter(entry: str, *, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """Show why one entry was given up, with its history.

    Example: tipline dead-letter show case-4711

    Args:
        entry: Its id or idempotency key.
        options: Shared options.
    """
    session = options.start()
    settings = session.settings
    history = with_outbox(settings, partial(read_history, name=entry, settings=settings))
    if history.entry.state is not State.DEAD_LETTER:
        raise IllegalTransitionError(
            f"entry {history.entry.id} is no dead letter: it is {history.entry.state}",
            hint="Look at it with `tipline show`.",
        )
    session.output.finish(history_view(history), history_lines(history))
    return ExitCode.OK


def requeue(
    entry: str, *, reason: str, accept_checkpoint: bool = False, options: EndpointOptions = ENDPOINT
) -> ExitCode:
    """Put an entry that was given up back into the queue, with its history.

    Example: tipline dead-letter requeue case-4711 --reason "credentials were extended"

    Args:
        entry: Its id or idempotency key.
        reason: Why; it is kept.
        accept_checkpoint: Vouch for a record of the delivery that was altered, having looked on the hotline's side.
        options: Shared options.
    """
    session = options.start()
    if not reason.strip():
        raise CommandError("--reason is blank", hint="Say why, for whoever asks later.")
    seal = Home(session.settings.home).keys().checkpoint_seal()

    async def put_back(outbox: Outbox) -> Entry:
        found = await find_entry(outbox, entry, settings=session.settings)
        return await put_back_dead_letter(outbox, seal, found.id, reason=reason, accept_checkpoint=accept_checkpoint)

    now = with_outbox(session.settings, put_back)
    session.output.finish(entry_view(now), [f"entry {now.id} is {now.state}; `tipline dispatch` delivers it"])
    return ExitCode.OK
