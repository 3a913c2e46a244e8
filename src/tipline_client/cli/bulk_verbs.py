"""What `enqueue` and `submit` do alike with many submissions: their options, the run, and its end."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tipline_client._closed import reason_of
from tipline_client.bulk import Source
from tipline_client.cli.arguments import STDIN
from tipline_client.cli.bulk import BulkOptions, run_bulk
from tipline_client.cli.bulk_sources import bulk_sources
from tipline_client.cli.bulk_summary import bulk_exit_code, bulk_lines, bulk_view
from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.options import Session
from tipline_client.cli.queueing import say_where

__all__ = ["bulk_of", "finish_bulk"]

_NAMED = 3


def bulk_of(
    files: Sequence[str],
    *,
    dry_run: bool,
    map_file: str | None,
    rejects: str | None,
    results: str | None,
    recursive: bool,
) -> tuple[list[Source], BulkOptions] | None:
    """The sources and what was asked for, where the words name many submissions; `None` for single files.

    Raises:
        CommandError: No file is named, one of them twice, or only such as there are not.
        ConfigurationError: The mapping file is wrong.
    """
    if not files:
        raise CommandError("no submission file is named", hint="Name a file, or - for standard input.")
    is_bulk = dry_run or recursive or rejects is not None or results is not None
    sources = bulk_sources(files, is_bulk=is_bulk, map_file=map_file, is_recursive=recursive)
    if sources is None:
        return None
    reasons = [f"{name}: {reason}" for name in files if (reason := _missing(name)) is not None]
    if len(reasons) == len(files):
        # Of several the others go on, and the summary names the one that is not there.
        raise CommandError("; ".join(reasons[:_NAMED]), hint="Correct the name; nothing was queued.")
    options = BulkOptions(
        is_dry=dry_run,
        delivers=False,
        rejects=None if rejects is None else Path(rejects),
        results=None if results is None else Path(results),
    )
    return sources, options


def _missing(name: str) -> str | None:
    """Why what is named cannot be found, if it cannot."""
    try:
        if name != STDIN:
            Path(name).stat()
    except (OSError, ValueError) as error:
        return reason_of(error, name)
    return None


def finish_bulk(session: Session, sources: Sequence[Source], wanted: BulkOptions, *, delivers: bool) -> ExitCode:
    """Run it and say how it ended.

    Raises:
        CommandError: The options do not fit each other, or a named file is there already.
        ConfigurationError: There is no home or endpoint to queue for.
        OutboxUnavailableError: The outbox cannot be opened.
    """
    settings, is_dry = session.settings, wanted.is_dry
    if is_dry:
        environment = None if settings.lane is None else settings.lane[1]
    else:
        profile = settings.profile(sends=delivers)
        environment = profile.environment
        say_where(session.output, profile)
    ended = run_bulk(session, sources, replace(wanted, delivers=delivers and not is_dry))
    summaries, delivery, first = ended.summaries, ended.delivery, ended.first
    session.output.finish(
        bulk_view(summaries, delivery, first=first, environment=environment, is_dry=is_dry),
        bulk_lines(summaries, delivery, first=first, is_dry=is_dry),
    )
    return bulk_exit_code(summaries, delivery)
