"""`tipline enqueue`: validated, sealed, queued; a dispatcher delivers it."""

from functools import partial

from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.opening import with_client
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.queueing import queue_all, queued_lines, queued_view, say_where, worst
from tipline_client.cli.submissions import read_files, rules_for

__all__ = ["enqueue"]


def enqueue(*files: str, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """Check, seal and queue the submissions of files; after that a crash loses nothing.

    A file with an error is not queued at all, whichever of its lines has it; other files are. So is one in which two
    lines have one idempotencyKey and not the same content. What only the outbox knows, such as a key that names other
    content there, is said of its line alone: the lines before and after it are queued. The same submission again is
    the same entry: by its idempotencyKey, or else by a key derived from its content.

    Example: tipline enqueue case-4711.json

    Args:
        files: Submission files; - for standard input.
        options: Shared options.
    """
    session = options.start()
    settings = session.settings
    profile = settings.profile()
    say_where(session.output, profile)
    read = read_files(files, rules=rules_for(settings), reporter=settings.reporter)
    results = with_client(settings, partial(queue_all, files=read))
    views = [queued_view(result, environment=profile.environment) for result in results]
    is_single = len(read) == 1 and not read[0].is_lines
    session.output.finish(
        views[0] if is_single else views, [line for result in results for line in queued_lines(result)]
    )
    return worst([result.exit_code for result in results])
