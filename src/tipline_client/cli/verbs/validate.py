"""`tipline validate`: every issue of submission files, without a home, an endpoint or a network."""

from collections.abc import Iterator
from typing import Any

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
    code = ExitCode.OK

    def parts() -> Iterator[tuple[dict[str, Any], list[str]]]:
        nonlocal code
        for prepared in read_each(files, rules=rules, reporter=session.settings.reporter):
            if not prepared.is_acceptable:
                code = ExitCode.BAD_INPUT
            view = {
                "file": prepared.source,
                "isAcceptable": prepared.is_acceptable,
                "issues": [issue_view(issue) for issue in prepared.issues],
            }
            yield view, issue_lines(prepared)

    session.output.finish_each(parts())
    return code
