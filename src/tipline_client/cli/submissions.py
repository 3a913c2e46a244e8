"""Submission files: found, read, checked, and turned into what the client takes.

A `.json` file holds one submission and a `.jsonl` file one in each line; paths of evidence are relative to the file.
Nothing here queues or sends.
"""

import filecmp
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tipline_client.bulk.preparing import FileRules, Prepared, prepare
from tipline_client.cli.arguments import STDIN
from tipline_client.cli.exit_codes import CommandError
from tipline_client.cli.settings import Settings
from tipline_client.errors import Issue
from tipline_client.validation import MAX_INPUT_BYTES, rules_outside
from tipline_client.validation.checking import in_order

__all__ = ["FileRules", "Prepared", "SubmissionFile", "read_files", "rules_for"]

_LINES = {".jsonl", ".ndjson"}


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
    if not files:
        raise CommandError("no submission file is named", hint="Name a file, or - for standard input.")
    now = now or datetime.now(UTC)
    return [_read_file(name, rules=rules, reporter=reporter, with_evidence=with_evidence, now=now) for name in files]


def _read_file(
    name: str, *, rules: FileRules, reporter: Mapping[str, Any] | None, with_evidence: bool, now: datetime
) -> SubmissionFile:
    shown, folder = ("standard input", Path()) if name == STDIN else (name, Path(name).parent)
    data = _read_bytes(name)
    if isinstance(data, Issue):
        return SubmissionFile(shown, False, (Prepared(shown, folder, None, (data,)),))
    is_lines = Path(name).suffix.lower() in _LINES or (name == STDIN and _looks_like_lines(data))

    def prepared(source: str, text: bytes) -> Prepared:
        return prepare(
            text,
            source=source,
            folder=folder,
            rules=rules,
            reporter=reporter,
            now=now,
            with_evidence=with_evidence,
        )

    if not is_lines:
        return SubmissionFile(shown, False, (prepared(shown, data),))
    numbered = list(_numbered_lines(data))
    if not numbered:
        nothing = rules_outside.NO_SUBMISSION.at("submission").as_issue()
        return SubmissionFile(shown, True, (Prepared(shown, folder, None, (nothing,)),))
    lines = [prepared(f"{shown}:{number}", line) for number, line in numbered]
    return SubmissionFile(shown, True, tuple(_check_keys(lines)))


def _check_keys(lines: Sequence[Prepared]) -> Iterator[Prepared]:
    """The lines, with an issue where one has the key of another and not its content."""
    first: dict[str, Prepared] = {}
    for line in lines:
        key = line.submission.idempotency_key if line.submission is not None and line.is_acceptable else None
        other = line if key is None else first.setdefault(key, line)
        if other is line or _has_content_of(line, other):
            yield line
            continue
        issue = rules_outside.KEY_OF_ANOTHER_LINE.at("idempotencyKey", line=other.source).as_issue()
        yield replace(line, issues=in_order([*line.issues, issue]))


def _has_content_of(line: Prepared, other: Prepared) -> bool:
    """Whether two acceptable submissions of one folder are the same report with the same files."""
    if line.submission is None or other.submission is None or line.submission.report != other.submission.report:
        return False
    mine, theirs = line.submission.evidence, other.submission.evidence
    pairs = [(Path(item.path or ""), Path(its.path or "")) for item, its in zip(mine, theirs, strict=False)]
    if [item.details for item in mine] != [item.details for item in theirs] or any(a.name != b.name for a, b in pairs):
        return False
    try:
        return all(
            path == its or filecmp.cmp(line.folder / path, other.folder / its, shallow=False) for path, its in pairs
        )
    except OSError:
        # Whoever copies the files says what is wrong with them.
        return True


def _numbered_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            yield number, line


def _looks_like_lines(data: bytes) -> bool:
    """Whether each of several lines is an object of its own, as far as the first two tell."""
    heads = [line.strip() for _, line in zip(range(2), (line for _, line in _numbered_lines(data)), strict=False)]
    return len(heads) == 2 and all(head.startswith(b"{") and head.endswith(b"}") for head in heads)


def _read_bytes(name: str) -> bytes | Issue:
    """The content of a file, or why there is none. A submission too large is read far enough to be refused as such."""
    try:
        if name == STDIN:
            return sys.stdin.buffer.read()
        path = Path(name)
        limit = -1 if path.suffix.lower() in _LINES else MAX_INPUT_BYTES + 1
        with path.open("rb") as file:
            return file.read(limit)
    except (OSError, ValueError) as error:
        reason = (error.strerror or "it cannot be read") if isinstance(error, OSError) else "the path is unusable"
    return rules_outside.UNREADABLE.at("submission", reason=reason).as_issue()
