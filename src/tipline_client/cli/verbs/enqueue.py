"""`tipline enqueue`: validated, sealed, queued; a dispatcher delivers it."""

from functools import partial
from typing import Annotated

from cyclopts import Parameter

from tipline_client.cli.bulk_verbs import bulk_of, finish_bulk
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.opening import with_client
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.queueing import queue_all, queued_lines, queued_view, say_where, worst
from tipline_client.cli.submissions import read_files, rules_for

__all__ = ["enqueue"]


def enqueue(
    *files: str,
    dry_run: bool = False,
    map_file: Annotated[str | None, Parameter(name="--map")] = None,
    rejects: str | None = None,
    results: str | None = None,
    recursive: bool = False,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Check, seal and queue the submissions of files; after that a crash loses nothing.

    A .jsonl file has one submission in each line, a folder one in each .json file, and a CSV file one in each record;
    of these whatever is bad goes unchanged to a rejects file, and the rest is queued. The same submission again is the
    same entry: by its idempotencyKey, or else by a key derived from its content.

    Example: tipline enqueue case-4711.json

    Example: tipline enqueue cases.csv --map mapping.toml

    Args:
        files: Submission files or folders; - for standard input.
        dry_run: Check all, and queue nothing.
        map_file: Mapping file of a CSV file.
        rejects: New file for what is rejected, instead of one beside the source.
        results: New file that gets each result, one in each line.
        recursive: Look into the folders of a folder too.
        options: Shared options.
    """
    session = options.start()
    many = bulk_of(files, dry_run=dry_run, map_file=map_file, rejects=rejects, results=results, recursive=recursive)
    if many is not None:
        return finish_bulk(session, *many, delivers=False)
    settings = session.settings
    profile = settings.profile(sends=False)
    say_where(session.output, profile)
    read = read_files(files, rules=rules_for(settings), reporter=settings.reporter)
    queued = with_client(settings, partial(queue_all, files=read), sends=False)
    views = [queued_view(result, environment=profile.environment) for result in queued]
    is_single = len(read) == 1 and not read[0].is_lines
    session.output.finish(
        views[0] if is_single else views, [line for result in queued for line in queued_lines(result)]
    )
    return worst([result.exit_code for result in queued])
