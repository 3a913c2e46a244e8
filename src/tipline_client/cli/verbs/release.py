"""`tipline release`: let go what is held, after a person looked."""

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.opening import find_entry, with_outbox
from tipline_client.cli.options import ENDPOINT, EndpointOptions, Session
from tipline_client.cli.paging import every_entry
from tipline_client.cli.views import entry_view
from tipline_client.delivery.entry import Entry
from tipline_client.delivery.states import State
from tipline_client.errors import IllegalTransitionError
from tipline_client.outbox import Outbox

__all__ = ["release"]


def release(
    entry: str | None = None,
    *,
    reason: str,
    every: bool = False,
    dry_run: bool = False,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Let held entries be filed: one of them, or with --every all that are held.

    After a switch to production what was queued before it is held. What was a rehearsal is withdrawn instead, with
    `tipline retract`. Ends with 7 if the outbox says of one of them that it is filed.

    Example: tipline release case-4711 --reason "not a rehearsal"

    Args:
        entry: Its id or idempotency key.
        reason: Why; it is kept.
        every: All that are held, in the environment of the endpoint, which has to be named.
        dry_run: Say which entries are meant, and let none go.
        options: Shared options.
    """
    session = options.start()
    if not reason.strip():
        raise CommandError("--reason is blank", hint="Say why, for whoever asks later.")
    if (entry is None) != every:
        raise CommandError("name one entry, or give --every", hint="`tipline list --state held` shows them.")
    if entry is not None:
        return _release_one(session, entry, reason=reason, is_dry=dry_run)
    return _release_all(session, reason=reason, is_dry=dry_run)


def _release_one(session: Session, name: str, *, reason: str, is_dry: bool) -> ExitCode:
    async def let_go(outbox: Outbox) -> Entry:
        found = await find_entry(outbox, name, settings=session.settings)
        return found if is_dry else await outbox.let_go(found.id, reason=reason)

    now = with_outbox(session.settings, let_go)
    words = f"is meant; it is {now.state}" if is_dry else in_words_of_host("is queued; `tipline dispatch` delivers it")
    session.output.finish(entry_view(now), [f"entry {now.id} {words}"])
    return ExitCode.OK


def _release_all(session: Session, *, reason: str, is_dry: bool) -> ExitCode:
    lane = session.settings.lane
    if lane is None:
        raise CommandError("--every needs the endpoint", hint="Give --endpoint, so that no other environment is meant.")

    async def let_go(outbox: Outbox) -> tuple[list[Entry], list[tuple[Entry, str]]]:
        # All of them first: what is let go is not held any more, and would disturb the pages.
        meant = [entry async for entry in every_entry(outbox, states=(State.HELD,), environment=lane[1])]
        refused = []
        for entry in () if is_dry else meant:
            try:
                await outbox.let_go(entry.id, reason=reason)
            except IllegalTransitionError as error:
                # Withdrawn or let go by somebody else meanwhile.
                refused.append((entry, str(error)))
        return meant, refused

    meant, refused = with_outbox(session.settings, let_go)
    still_held = {entry.id for entry, _ in refused}
    done = [] if is_dry else [entry for entry in meant if entry.id not in still_held]
    session.output.finish(
        {
            "meant": [entry.id for entry in meant],
            "released": [entry.id for entry in done],
            "refused": [{"id": entry.id, "problem": problem} for entry, problem in refused],
        },
        [
            *(f"meant: {entry.id} ({entry.idempotency_key})" for entry in meant if is_dry),
            *(f"released: {entry.id} ({entry.idempotency_key})" for entry in done),
            *(f"not released: {entry.id}: {problem}" for entry, problem in refused),
            f"{len(meant)} meant, {len(done)} released, {len(refused)} refused",
        ],
    )
    return ExitCode.NOT_VERIFIED if any(entry.has_receipt for entry, _ in refused) else ExitCode.OK
