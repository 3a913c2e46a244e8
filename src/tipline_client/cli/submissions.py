"""Submission files: found, read, checked, and turned into what the client takes.

A `.json` file holds one submission and a `.jsonl` file one in each line; paths of evidence are relative to the file. Of
a file of lines one line is held at a time. Nothing here queues or sends.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tipline_client._closed import reason_of_input
from tipline_client.bulk import LineSource, Source
from tipline_client.bulk.notes import SeenKeys
from tipline_client.bulk.preparing import FileRules, Prepared, prepare
from tipline_client.bulk.sources import is_lines
from tipline_client.cli.arguments import STDIN
from tipline_client.cli.bulk_sources import bulk_sources
from tipline_client.cli.exit_codes import CommandError
from tipline_client.cli.seen_keys import other_of_its_key
from tipline_client.cli.settings import Settings
from tipline_client.errors import Issue
from tipline_client.validation import MAX_INPUT_BYTES, rules_outside
from tipline_client.validation.checking import in_order

__all__ = ["FileRules", "Prepared", "SubmissionFile", "read_each", "read_files", "rules_for"]


@dataclass(frozen=True, slots=True)
class SubmissionFile:
    """One file of the command line.

    Attributes:
        name: As given.
        is_lines: Whether it holds one submission in each line.
        submissions: What it holds, in order.
    """

    name: str
    is_lines: bool
    submissions: tuple[Prepared, ...]

    @property
    def is_acceptable(self) -> bool:
        """Whether all of it can be queued."""
        return all(prepared.is_acceptable for prepared in self.submissions)


def rules_for(settings: Settings) -> FileRules:
    """The rules of the named endpoint, with its schema where the home has it; the strictest where none is named.

    Raises:
        ConfigurationError: The endpoint is unknown, or the saved schema is none.
    """
    if settings.lane is None:
        return FileRules()
    name, environment = settings.lane
    return FileRules(environment, settings.place.schema(name))


def read_files(
    files: Sequence[str],
    *,
    rules: FileRules,
    reporter: Mapping[str, Any] | None = None,
    with_evidence: bool = True,
    now: datetime | None = None,
) -> list[SubmissionFile]:
    """Read and check every submission of the files; nothing is raised for what they hold.

    Args:
        files: Paths; `/dev/stdin` is standard input.
        rules: What to check against.
        reporter: Stands in a report that names none.
        with_evidence: Whether the files of evidence must be there.
        now: The present moment; the machine's clock by default.

    Raises:
        CommandError: No file is named.
    """
    _check_named(files)
    checking = _Checking(rules, reporter, with_evidence, now or datetime.now(UTC))
    read = []
    for name in files:
        lines = _lines_of(name)
        found = [checking.single(name)] if lines is None else list(checking.each(lines))
        read.append(SubmissionFile(_shown(name), lines is not None, tuple(found)))
    return read


def read_each(
    files: Sequence[str], *, rules: FileRules, reporter: Mapping[str, Any] | None = None, now: datetime | None = None
) -> Iterator[Prepared]:
    """Every submission of the files, read and checked one after the other; see `read_files`.

    Raises:
        CommandError: No file is named.
    """
    _check_named(files)
    checking = _Checking(rules, reporter, True, now or datetime.now(UTC))
    for name in files:
        lines = _lines_of(name)
        if lines is None:
            yield checking.single(name)
        else:
            yield from checking.each(lines)


def _check_named(files: Sequence[str]) -> None:
    if not files:
        raise CommandError("no submission file is named", hint="Name a file, or - for standard input.")


def _shown(name: str) -> str:
    return "standard input" if name == STDIN else name


def _lines_of(name: str) -> Source | None:
    """The source of a file with a submission in each line; `None` for one that holds a single submission."""
    if name == STDIN:
        sources = bulk_sources([name], is_bulk=False)
        return None if sources is None else sources[0]
    path = Path(name)
    return LineSource(name, path.parent, path=path) if is_lines(path) else None


@dataclass(frozen=True, slots=True)
class _Checking:
    rules: FileRules
    reporter: Mapping[str, Any] | None
    with_evidence: bool
    now: datetime

    def single(self, name: str) -> Prepared:
        """The one submission of a file."""
        shown, folder = _shown(name), Path() if name == STDIN else Path(name).parent
        data = _read_bytes(name)
        return Prepared(shown, folder, None, (data,)) if isinstance(data, Issue) else self._check(shown, data, folder)

    def each(self, lines: Source) -> Iterator[Prepared]:
        """The submissions of a file of lines, with an issue where one has the key of another and not its content."""
        with closing(SeenKeys()) as seen:
            for item in lines.items():
                if item.text is None:
                    yield Prepared(item.label, lines.folder, None, item.issues)
                    continue
                prepared = self._check(item.label, item.text, lines.folder)
                other = other_of_its_key(seen, prepared)
                if other is not None:
                    issue = rules_outside.KEY_OF_ANOTHER_LINE.at("idempotencyKey", line=other).as_issue()
                    prepared = replace(prepared, issues=in_order([*prepared.issues, issue]))
                yield prepared

    def _check(self, source: str, text: bytes, folder: Path) -> Prepared:
        return prepare(
            text,
            source=source,
            folder=folder,
            rules=self.rules,
            reporter=self.reporter,
            now=self.now,
            with_evidence=self.with_evidence,
        )


def _read_bytes(name: str) -> bytes | Issue:
    """The content of a file, or why there is none. A submission too large is read far enough to be refused as such."""
    try:
        if name == STDIN:
            return sys.stdin.buffer.read()
        with Path(name).open("rb") as file:
            return file.read(MAX_INPUT_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = reason_of_input(error, name)
    return rules_outside.UNREADABLE.at("submission", reason=reason).as_issue()
