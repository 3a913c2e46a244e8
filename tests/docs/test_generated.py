"""What the code knows and the pages repeat stays the same in both."""

import ast
import re
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from docs import generate
from tests.docs.pages import ROOT, name_of
from tipline_client import errors, validation
from tipline_client.cli.app import build
from tipline_client.cli.exit_codes import ExitCode
from tipline_client.delivery.events import Happening
from tipline_client.delivery.outcomes import FAILURE_KINDS
from tipline_client.dispatch.table import MOVES
from tipline_client.models import EvidenceDetails
from tipline_client.models.outline import outline
from tipline_client.outbox.rows import UNREADABLE

DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", generate.pages(), ids=name_of)
def test_generated_part_out_of_date(page: Path) -> None:
    """A page equals what `make generate` would write."""
    written = page.read_text(encoding="utf-8")

    expected = generate.rewrite(written)

    assert expected == written, "run `make generate`"


def test_part_that_no_page_shows() -> None:
    """Every generated part stands in exactly one page."""
    marks = re.compile(r"<!-- generated: ([a-z-]+) -->")

    shown = [name for page in generate.pages() for name in marks.findall(page.read_text(encoding="utf-8"))]

    assert sorted(generate.PARTS) == sorted(shown)


def test_hand_changed_part() -> None:
    """Generation replaces what was written into a part by hand, and nothing around it."""
    page = "before\n<!-- generated: alarms -->\nby hand\n<!-- end of generated -->\nafter\n"

    written = generate.rewrite(page)

    assert "by hand" not in written
    assert "file_set_differs" in written
    assert ("before\n", "after\n") == (written[:7], written[-6:])


def test_unknown_part() -> None:
    """A part that nothing writes is an error, not an empty place."""
    page = "<!-- generated: nothing -->\n<!-- end of generated -->\n"

    with pytest.raises(KeyError, match="nothing"):
        generate.rewrite(page)


def test_sections_of_errors() -> None:
    """Every exception that a caller meets has a section of its own, and nothing else has."""
    exceptions = {name for name in errors.__all__ if issubclass(getattr(errors, name), errors.TiplineError)}
    page = (DOCS / "errors.md").read_text(encoding="utf-8")

    sections = {title for title in re.findall(r"^#+ (\w+)$", page, re.MULTILINE) if title.endswith("Error")}

    assert exceptions == sections


def test_exit_codes_of_the_command_line() -> None:
    """The page on the command line lists every exit code with its number and nothing else."""
    page = (DOCS / "cli.md").read_text(encoding="utf-8")

    listed = {(int(code), name) for code, name in re.findall(r"^\| (\d+) \| ([A-Z_]+) \|", page, re.MULTILINE)}

    assert {(code.value, code.name) for code in ExitCode} == listed


def test_sections_of_verbs() -> None:
    """Every verb of the command line has a section of its own, and nothing else has."""
    page = (DOCS / "cli.md").read_text(encoding="utf-8")

    sections = re.findall(r"^### (\S+)$", page, re.MULTILINE)

    verbs = {name for command in build() if not (name := str(command)).startswith("-")}
    assert sorted(verbs) == sorted(sections)


def test_every_event_that_a_hook_is_told() -> None:
    """The page on hooks names every kind of event in its table, and none that there is not."""
    page = (DOCS / "hooks.md").read_text(encoding="utf-8")
    table = page.partition("## What there is to be told")[2].partition("\n## ")[0]

    named = re.findall(r"`([A-Z]\w+)`", table)

    assert sorted(kind.__name__ for kind in get_args(Happening)) == sorted(named)


def test_rules_that_issues_can_name() -> None:
    """Every rule that the code makes is in the reference, with one meaning, and no issue is made past the rules."""
    made, literal = Counter[str](), list[str]()
    for file in (ROOT / "src").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            if call.func.id in {"error", "warning"} and "validation" in file.parts:
                made += Counter(str(word.value) for word in call.args[:1] if isinstance(word, ast.Constant))
            if call.func.id == "Issue":
                given = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "rule")]
                literal += [str(word.value) for word in given if isinstance(word, ast.Constant)]
    page = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")

    listed = re.findall(r"^\| `([a-z0-9-]+)` \| (?:error|warning) \|", page, re.MULTILINE)

    assert (sorted(made.elements()), []) == (sorted(listed), literal)


def test_kinds_of_failures() -> None:
    """Every kind that this program gives a failure by itself can be asked for by name."""
    literal = re.compile(r'(?<!class )Failure\(\s*(?:kind=)?"(\w+)"|\b(?:kind =|return) "(\w+)" if .* else "(\w+)"')
    made = {
        word
        for file in (ROOT / "src" / "tipline_client" / "dispatch").glob("*.py")
        for words in literal.findall(file.read_text(encoding="utf-8"))
        for word in words
        if word
    }

    assert {"evidence_changed", "withdrawn"} <= made
    assert set() == {*made, UNREADABLE} - set(FAILURE_KINDS)


def test_rules_and_fields_in_the_reference() -> None:
    """The reference names every rule and every field that a caller can say of a file."""
    rules_page = (DOCS / "reference" / "rules.md").read_text(encoding="utf-8")
    fields_page = (DOCS / "reference" / "fields.md").read_text(encoding="utf-8")

    rules = [rule.id for rule in validation.rules_reference() if f"| `{rule.id}` |" not in rules_page]
    fields = [field.wire for field in outline(EvidenceDetails) if f"| `{field.wire}`" not in fields_page]

    assert ([], []) == (rules, fields)


def test_every_answer_in_the_table_of_moves() -> None:
    """The page on the guarantees says what follows every answer to every step."""
    page = (DOCS / "guarantees.md").read_text(encoding="utf-8")

    missing = {(step, move) for step, answers in MOVES.items() for move in answers.values() if str(move) not in page}

    assert set() == missing
