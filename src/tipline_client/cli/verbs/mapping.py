"""`tipline map check`: a mapping file beside its table, as its first rows would be filed. Nothing is queued."""

import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from tipline_client.bulk import Item, prepare, read_mapping
from tipline_client.cli.bulk_sources import csv_source
from tipline_client.cli.exit_codes import CommandError, ExitCode
from tipline_client.cli.options import ENDPOINT, EndpointOptions
from tipline_client.cli.output import issue_view
from tipline_client.cli.without_home import rules_without_home, start_without_home

__all__ = ["check"]


def check(
    file: str,
    *,
    map_file: Annotated[str, Parameter(name="--map")],
    rows: int = 3,
    options: EndpointOptions = ENDPOINT,
) -> ExitCode:
    """Show the first rows of a CSV file as they would be filed, with every issue; nothing is queued.

    It shows content, as that is what is asked for. Ends with 2 if one of these rows would be rejected.

    Example: tipline map check cases.csv --map cases.toml

    Args:
        file: The CSV file; - for standard input.
        map_file: The mapping file.
        rows: How many.
        options: Shared options.
    """
    if rows < 1:
        raise CommandError("--rows is less than one")
    session = start_without_home(options)
    settings = session.settings
    source = csv_source(file, read_mapping(Path(map_file)))
    rules, now = rules_without_home(session), datetime.now(UTC)
    views: list[dict[str, Any]] = []
    lines: list[str] = []
    for item in islice(source.items(), rows):
        issues, submission = item.issues, None
        text = item.unread if item.text is None else item.text
        if text is not None:
            prepared = prepare(
                text,
                source=item.label,
                folder=source.folder,
                rules=rules,
                reporter=settings.reporter,
                now=now,
            )
            # Of a row with a cell that cannot be read, nobody knows how it would be filed.
            issues, submission = prepared.issues, None if item.text is None else json.loads(item.text)
        is_rejected = any(issue.severity.value == "error" for issue in issues)
        views.append(
            {
                "row": item.label,
                "isAcceptable": not is_rejected,
                "submission": submission,
                "issues": [{**issue_view(issue), "column": item.columns.get(issue.path)} for issue in issues],
            }
        )
        lines.append(f"{item.label}: {'would be rejected' if is_rejected else 'acceptable'}")
        if submission is not None:
            lines += [f"  {line}" for line in json.dumps(submission, indent=2, ensure_ascii=False).splitlines()]
        lines += [f"  {issue.severity}: {_place(item, issue.path)}: {issue.message}" for issue in issues]
    unmapped = ", ".join(repr(name) for name in source.unmapped)
    lines.append(f"columns that are not mapped: {unmapped or 'none'}")
    session.output.finish({"rows": views, "unmapped": source.unmapped}, lines)
    return ExitCode.OK if all(view["isAcceptable"] for view in views) else ExitCode.BAD_INPUT


def _place(item: Item, path: str) -> str:
    return f"{path} (column {item.columns[path]!r})" if path in item.columns else path
