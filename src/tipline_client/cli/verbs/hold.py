"""`tipline hold`: what must be kept, until when; extended or ended by a person, with a reason."""

from functools import partial

from tipline_client.cli.actors import actor_of, check_reason, end_of
from tipline_client.cli.durations import read_duration
from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.keeping_views import conflict_lines, conflict_view, hold_lines, hold_view
from tipline_client.cli.opening import find_entry, with_keeper
from tipline_client.cli.options import HOME, HomeOptions
from tipline_client.cli.settings import Settings
from tipline_client.cli.verbs.listing import Limit
from tipline_client.delivery.hold import Conflict, Hold
from tipline_client.dispatch.keeping import Keeper

__all__ = ["extend", "list_holds", "release"]


def list_holds(
    entry: str | None = None,
    *,
    due: str | None = None,
    conflicts: bool = False,
    limit: Limit = 100,
    options: HomeOptions = HOME,
) -> ExitCode:
    """List what must be kept and was not released, by its end; of one entry, all its holds.

    A limit says that something may not be kept longer. Nothing is destroyed when a hold ends.

    Example: tipline hold list --due 30d

    Args:
        entry: Id or idempotency key of one entry.
        due: Only what ends within so long, or has ended: 30d.
        conflicts: Only where one law forbids to keep what another one asks to keep.
        limit: How many at most.
        options: Shared options.
    """
    session = options.start()
    if conflicts and (entry is not None or due is not None):
        raise CommandError("--conflicts is asked of all entries", hint="Leave out the entry and --due.")
    within = None if due is None else read_duration(due, what="--due")

    async def read(keeper: Keeper) -> list[Hold]:
        entry_id = None if entry is None else (await find_entry(keeper.outbox, entry, settings=session.settings)).id
        return await keeper.holds(entry_id, due_within=within, limit=limit)

    async def read_conflicts(keeper: Keeper) -> list[Conflict]:
        return await keeper.conflicts(limit=limit)

    if conflicts:
        clashes = with_keeper(session.settings, read_conflicts, only_looks=True)
        session.output.finish([conflict_view(clash) for clash in clashes], conflict_lines(clashes))
        count = len(clashes)
    else:
        holds = with_keeper(session.settings, read, only_looks=True)
        session.output.finish([hold_view(hold) for hold in holds], hold_lines(holds))
        count = len(holds)
    if count >= limit:
        session.output.note(f"there may be more than these {count}: raise --limit")
    return ExitCode.OK


def extend(entry: str, *, until: str, reason: str, actor: str | None = None, options: HomeOptions = HOME) -> ExitCode:
    """Keep the content of an entry longer, as after a preservation request. A hold is never shortened.

    Example: tipline hold extend case-4711 --until 2028-06-30 --reason "preservation request 12/2027"

    Args:
        entry: Its id or idempotency key.
        until: The last day, or a time with its zone.
        reason: Why; it is kept.
        actor: Who; it is kept (TIPLINE_ACTOR; the user's name).
        options: Shared options.
    """
    session = options.start()
    check_reason(reason)
    moment, who = end_of(until), actor_of(actor, session.settings)

    async def change(keeper: Keeper) -> list[Hold]:
        found = await find_entry(keeper.outbox, entry, settings=session.settings)
        return await keeper.extend_hold(found.id, until=moment, reason=reason, actor=who)

    holds = with_keeper(session.settings, change)
    session.output.finish([hold_view(hold) for hold in holds], hold_lines(holds))
    return ExitCode.OK


def release(
    entry: str,
    *,
    reason: str,
    actor: str | None = None,
    number: int | None = None,
    options: HomeOptions = HOME,
) -> ExitCode:
    """End the holds of an entry before their time. Nothing is destroyed by that.

    Example: tipline hold release case-4711 --reason "filed in error, agreed with counsel"

    Args:
        entry: Its id or idempotency key.
        reason: Why; it is kept.
        actor: Who; it is kept (TIPLINE_ACTOR; the user's name).
        number: Only the hold with this number.
        options: Shared options.
    """
    session = options.start()
    check_reason(reason)
    work = partial(
        _release,
        name=entry,
        reason=reason,
        actor=actor_of(actor, session.settings),
        number=number,
        settings=session.settings,
    )
    holds = with_keeper(session.settings, work)
    session.output.finish([hold_view(hold) for hold in holds], hold_lines(holds))
    return ExitCode.OK


async def _release(
    keeper: Keeper, *, name: str, reason: str, actor: str, number: int | None, settings: Settings
) -> list[Hold]:
    found = await find_entry(keeper.outbox, name, settings=settings)
    return await keeper.release_hold(found.id, reason=reason, actor=actor, hold_id=number)
