"""How a command speaks: plain lines for people, or exactly one JSON document on standard output.

With `--json` errors are a document on standard output too, `{"error": {...}}`; the exit code tells them from results.
What comes from outside is shown without control characters, which could rewrite a terminal. Nothing here knows a verb.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from textwrap import indent
from typing import Any

from tipline_client.cli.hint_words import in_words_of_host
from tipline_client.cli.streams import OutputLostError, written
from tipline_client.errors import DeliveryError, Issue, ReportInvalidError, TiplineError

__all__ = ["Output", "columns", "error_view", "issue_view", "printable"]


_HELD = 1024 * 1024
"""Characters of a long document that are held in memory before they go to a file."""


def printable(text: str) -> str:
    """`text` with everything that is not printable written as an escape."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as aligned lines."""
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in shown]
    return [line.rstrip() for line in lines]


def issue_view(issue: Issue) -> dict[str, str]:
    """One finding as JSON."""
    return {
        "path": issue.path,
        "rule": issue.rule,
        "severity": issue.severity.value,
        "message": issue.message,
        "source": issue.source,
    }


def error_view(error: BaseException, *, with_issues: bool = True) -> dict[str, Any]:
    """An error as JSON: class, message, hint, and what else it carries.

    Args:
        error: The error.
        with_issues: Whether it lists its issues; not where they stand beside it already.
    """
    if not isinstance(error, TiplineError):
        return {"class": type(error).__name__, "message": str(error), "hint": ""}
    # The lines after the first one repeat the issues.
    message = str(error).split("\n")[0] if isinstance(error, ReportInvalidError) else str(error)
    view: dict[str, Any] = {"class": type(error).__name__, "message": message, "hint": error.hint}
    for name, wire in (("step", "step"), ("code", "code"), ("request_id", "requestId"), ("entry_id", "entryId")):
        if (value := getattr(error, name, None)) is not None:
            view[wire] = str(value) if name == "step" else value
    if isinstance(error, DeliveryError) and error.paths:
        view["paths"] = list(error.paths)
    if isinstance(error, ReportInvalidError) and with_issues:
        view["issues"] = [issue_view(issue) for issue in error.issues]
    return view


class Output:
    """Where a command writes.

    Args:
        as_json: Whether standard output gets one JSON document instead of lines.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def say(self, *lines: str) -> None:
        """Lines for people on standard output; nothing with `--json`."""
        if not self.as_json:
            with written():
                for line in lines:
                    sys.stdout.write(printable(_said(line)) + "\n")
                sys.stdout.flush()

    def note(self, line: str) -> None:
        """A remark beside the result, on standard error; where that cannot be written, the work goes on without it."""
        with suppress(OutputLostError, BrokenPipeError), written():
            sys.stderr.write(printable(_said(line)) + "\n")
            sys.stderr.flush()

    def finish(self, document: Any, lines: Iterable[str] = ()) -> None:
        """The result: the document with `--json`, the lines without."""
        if self.as_json:
            # ASCII alone: it survives every locale, and lone surrogates too.
            self.write(json.dumps(_with_hints_said(document), indent=2, ensure_ascii=True) + "\n")
        else:
            self.say(*lines)

    def finish_each(self, parts: Iterable[tuple[Any, Sequence[str]]]) -> None:
        """A result of any length: one array with `--json`, and without it the lines of each part as it comes.

        The array is kept in a file until it is whole, so that an error on the way leaves one document, its own.

        Args:
            parts: A document and its lines for each.
        """
        if not self.as_json:
            for _, lines in parts:
                self.say(*lines)
            return
        with SpooledTemporaryFile(max_size=_HELD, mode="w+", encoding="ascii") as kept:
            before = "[\n"
            for document, _ in parts:
                kept.write(before + indent(json.dumps(document, indent=2, ensure_ascii=True), "  "))
                before = ",\n"
            kept.write("[]\n" if before == "[\n" else "\n]\n")
            kept.seek(0)
            with written():
                copyfileobj(kept, sys.stdout)
                sys.stdout.flush()

    def write(self, result: str | bytes) -> None:
        """A result as it is, on standard output: what is read by a program must not be escaped for a terminal.

        Raises:
            OutputLostError: It cannot be written.
        """
        with written():
            if isinstance(result, str):
                sys.stdout.write(result)
            else:
                sys.stdout.flush()
                sys.stdout.buffer.write(result)
                sys.stdout.buffer.flush()
            sys.stdout.flush()

    def fail(self, error: BaseException) -> None:
        """An error: a document on standard output with `--json`, lines on standard error without."""
        if self.as_json:
            with suppress(OutputLostError):
                self.finish({"error": error_view(error)})
                return
        for line in str(error).split("\n"):
            self.note(f"error: {line}" if line and not line.startswith(" ") else line)
        if isinstance(error, TiplineError) and error.hint:
            self.note(f"hint: {error.hint}")


def _said(line: str) -> str:
    return in_words_of_host(line) if line.lstrip().startswith("hint: ") else line


def _with_hints_said(document: Any) -> Any:
    if isinstance(document, list | tuple):
        return [_with_hints_said(item) for item in document]
    if not isinstance(document, dict):
        return document
    return {
        name: in_words_of_host(value) if name == "hint" and isinstance(value, str) else _with_hints_said(value)
        for name, value in document.items()
    }
