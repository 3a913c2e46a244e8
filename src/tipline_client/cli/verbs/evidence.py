"""`tipline evidence`: copies that no entry names, found and, when somebody says so, removed."""

from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.opening import with_keeper
from tipline_client.cli.options import HOME, HomeOptions
from tipline_client.cli.views import instant
from tipline_client.dispatch.collecting import Collected
from tipline_client.dispatch.keeping import Keeper
from tipline_client.errors import ConfigurationError

__all__ = ["collect"]


def collect(*, yes: bool = False, dry_run: bool = False, options: HomeOptions = HOME) -> ExitCode:
    """Find copies of evidence that no entry names and that are older than a day; with --yes, remove them.

    A killed enqueue leaves such copies; so does an outbox that was restored from an older copy, and then they may be
    all that is left: look before you say yes.

    Example: tipline evidence collect

    Args:
        yes: Remove them.
        dry_run: Only look, which it does without --yes anyway.
        options: Shared options.
    """
    session = options.start()
    if yes and dry_run:
        raise CommandError("--yes removes and --dry-run only looks", hint="Give one of the two.")
    home = session.settings.place
    if session.settings.outbox is not None and home.outbox_path.exists():
        raise ConfigurationError(
            f"{home.outbox_path} is there beside the outbox in the database, and may name copies that the other does "
            "not: nothing is collected",
            hint="Deliver what waits in the file, then move it away together with its evidence.",
        )

    async def work(keeper: Keeper) -> Collected:
        return await keeper.collect_evidence(is_dry=not yes)

    found = with_keeper(session.settings, work)
    verb = "would be removed" if found.is_dry else "removed"
    session.output.finish(
        {
            "isDryRun": found.is_dry,
            "count": found.count,
            "files": found.copies,
            "bytes": found.size,
            "first": [
                {"id": holding.entry_id, "files": holding.copies, "changedAt": instant(holding.changed_at)}
                for holding in found.first
            ],
        },
        [
            *(f"{verb}: {each.entry_id}, {each.copies} file(s) of {instant(each.changed_at)}" for each in found.first),
            f"{found.count} folder(s) that no entry names, {found.copies} file(s), {found.size} bytes {verb}",
            *(["give --yes to remove them"] if found.is_dry and found.count else []),
        ],
    )
    return ExitCode.OK
