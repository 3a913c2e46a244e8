"""`tipline retract`: withdraw a report that is not filed yet, at the endpoint too if something is open there."""

from functools import partial

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.opening import find_entry, with_client, with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.settings import Settings
from tipline_client.cli.views import entry_view
from tipline_client.client import AsyncTiplineClient
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.states import State
from tipline_client.dispatch.delivering import withdraw
from tipline_client.outbox import Outbox

__all__ = ["retract"]


def retract(entry: str, *, reason: str, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """Withdraw an entry that is not filed yet. A filed report cannot be taken back.

    Ends with 0 when it is proven not filed; with 3 when the wish is on record and a dispatcher has to carry it out,
    as without a named endpoint when something may be open there.

    Example: tipline retract case-4711 --reason "wrong account"

    Args:
        entry: Its id or idempotency key.
        reason: Why; it is kept.
        options: Shared options.
    """
    session = options.start()
    settings = session.settings
    if not reason.strip():
        raise CommandError("--reason is blank", hint="Say why, for whoever asks later.")
    if settings.endpoint is None:
        now = with_outbox(settings, partial(_withdraw, name=entry, reason=reason, settings=settings))
    else:
        now = with_client(
            settings, partial(_retract, name=entry, reason=reason, settings=settings), sends=False, makes=False
        )
    is_done = now.state is State.RETRACTED
    still_open = in_words_of_host("to be withdrawn; `tipline dispatch` carries it out")
    words = "withdrawn, and proven not filed" if is_done else still_open
    session.output.finish(entry_view(now), [f"entry {now.id} is {words}"])
    return ExitCode.OK if is_done else ExitCode.WAITING


async def _withdraw(outbox: Outbox, *, name: str, reason: str, settings: Settings) -> Entry:
    entry = await find_entry(outbox, name, settings=settings)
    return await withdraw(outbox, settings.place.keys().checkpoint_seal(), entry.id, reason=reason)


async def _retract(client: AsyncTiplineClient, *, name: str, reason: str, settings: Settings) -> Entry:
    entry = await find_entry(client.outbox, name, settings=settings)
    return await client.retract(entry.id, reason=reason)
