"""`tipline submit`: enqueue and deliver, ending with the receipt."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from cyclopts import Parameter

from tipline_client.cli.bulk_verbs import bulk_of, finish_bulk
from tipline_client.cli.delivering import Delivered, deliver_all, delivered_lines, delivered_view
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.opening import with_client
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.output import Output
from tipline_client.cli.progress import watching
from tipline_client.cli.queueing import (
    Queued,
    found_before,
    queue_all,
    queued_lines,
    queued_view,
    say_where,
    worst,
)
from tipline_client.cli.submissions import SubmissionFile, read_files, rules_for
from tipline_client.client import AsyncTiplineClient, Options

__all__ = ["submit"]


def submit(
    *files: str,
    dry_run: bool = False,
    map_file: Annotated[str | None, Parameter(name="--map")] = None,
    rejects: str | None = None,
    results: str | None = None,
    recursive: bool = False,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Queue the submissions of files and deliver them now; ends with the receipts.

    What cannot be delivered now stays queued for `tipline dispatch` (exit code 3). The same submission again shows the
    same receipt and files nothing. A .jsonl file, a folder or a CSV file is queued to its end first, with what is bad
    set aside in a rejects file, and then delivered; it ends with a summary.

    Example: tipline submit case-4711.json

    Example: tipline submit cases.csv --map mapping.toml

    Args:
        files: Submission files or folders; - for standard input.
        dry_run: Check all, and queue nothing.
        map_file: Mapping file of a CSV file.
        rejects: New file for what is rejected, instead of one beside the source.
        results: New file that gets each result of the queueing, one in each line.
        recursive: Look into the folders of a folder too.
        options: Shared options.
    """
    session = options.start()
    many = bulk_of(files, dry_run=dry_run, map_file=map_file, rejects=rejects, results=results, recursive=recursive)
    if many is not None:
        return finish_bulk(session, *many, delivers=True)
    settings = session.settings
    profile = settings.profile()
    say_where(session.output, profile)
    read = read_files(files, rules=rules_for(settings), reporter=settings.reporter)
    with watching(session.output) as watcher:
        ended = with_client(
            settings,
            partial(_queue_and_deliver, files=read, slots=settings.slots, output=session.output),
            options=Options(on_step=watcher.on_step, on_bytes=watcher.on_bytes),
        )
    views = [
        {
            **queued_view(queued, now=delivered.entry if delivered else None, environment=profile.environment),
            **(delivered_view(delivered) if delivered else {}),
        }
        for queued, delivered in ended
    ]
    lines = []
    for queued, delivered in ended:
        lines += queued_lines(queued) if delivered is None else _lines(queued, delivered)
    is_single = len(read) == 1 and not read[0].is_lines
    session.output.finish(views[0] if is_single else views, lines)
    return worst([delivered.exit_code if delivered else queued.exit_code for queued, delivered in ended])


async def _queue_and_deliver(
    client: AsyncTiplineClient, *, files: Sequence[SubmissionFile], slots: int, output: Output
) -> list[tuple[Queued, Delivered | None]]:
    queued = await queue_all(client, files)
    entries = [result.entry for result in queued if result.entry is not None]
    delivered = iter(await deliver_all(client, entries, slots=slots, output=output))
    return [(result, next(delivered) if result.entry is not None else None) for result in queued]


def _lines(queued: Queued, delivered: Delivered) -> list[str]:
    warnings = [f"  warning: {issue.path}: {issue.message}" for issue in queued.prepared.issues]
    again = [] if queued.is_new or queued.entry is None else [f"  {found_before(queued.entry)}"]
    return [f"{queued.prepared.source}:", *again, *warnings, *delivered_lines(delivered)]
