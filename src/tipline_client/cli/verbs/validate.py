"""`tipline validate`: every issue of submission files, without a home, an endpoint or a network."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tipline_client.cli.bulk_sources import is_folder
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.output import issue_view
from tipline_client.cli.reporting import issue_lines
from tipline_client.cli.submissions import read_each
from tipline_client.cli.without_home import rules_without_home, start_without_home

__all__ = ["validate"]


def validate(*files: str, options: EndpointOptions = ENDPOINT) -> ExitCode:
    """List every issue of submission files (.json, or .jsonl with one in each line), errors and warnings.

    Nothing is queued, and neither a home nor an endpoint is needed; where none is named, the rules are those of
    production without newer elements. Ends with 2 if there is an error; warnings never block.

    Example: tipline validate case-4711.json

    Args:
        files: Submission files; - for standard input.
        options: Shared options.
    """
    session = start_without_home(options)
    rules = rules_without_home(session)
    read = bad = 0

    def parts() -> Iterator[tuple[dict[str, Any], list[str]]]:
        nonlocal read, bad
        for prepared in read_each(files, rules=rules, reporter=session.settings.reporter):
            read += 1
            bad += not prepared.is_acceptable
            view = {
                "file": prepared.source,
                "isAcceptable": prepared.is_acceptable,
                "issues": [issue_view(issue) for issue in prepared.issues],
            }
            yield view, issue_lines(prepared)

    session.output.finish_each(parts())
    if read > 1:
        session.output.note(f"{read} read, {bad} of them not acceptable")
    for way in _other_ways(files):
        session.output.note(way)
    return ExitCode.BAD_INPUT if bad else ExitCode.OK


def _other_ways(files: Sequence[str]) -> Iterator[str]:
    """How files are checked that hold submissions in another form."""
    paths = [Path(name) for name in files]
    if any(path.suffix.lower() == ".csv" for path in paths):
        yield "hint: a table is checked by `tipline map check` with its mapping file"
    if any(is_folder(path) for path in paths):
        yield "hint: a folder of submission files is checked by `tipline enqueue --dry-run`, which queues nothing"
