"""The page on situations names tests that exist, and each test of whole processes that was written for one."""

import ast
import re
from pathlib import Path

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "situations.md"
_ROW = re.compile(r"^\| (?P<situation>[^|]+) \| `(?P<file>[^`:]+)::(?P<test>\w+)` \|$", re.MULTILINE)


def named() -> set[tuple[str, str]]:
    """File and name of every test on the page."""
    return {(row["file"], row["test"]) for row in _ROW.finditer(PAGE.read_text(encoding="utf-8"))}


def cases_of(file: Path) -> set[str]:
    """The names of the tests in a file."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    functions = (node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def test_test_that_does_not_exist() -> None:
    """Every row of a table names a test, and the test is there."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    situations = [row for row in rows if row not in {"| situation | test |", "| --- | --- |"}]

    missing = {(file, test) for file, test in named() if test not in cases_of(ROOT / file)}

    assert set() == missing
    assert len(situations) == len(_ROW.findall(PAGE.read_text(encoding="utf-8")))


def test_test_that_the_page_leaves_out() -> None:
    """A file of whole processes that is there for these situations alone has no test that the page does not name."""
    named_files = {file for file, _ in named() if file.startswith("tests/acceptance/")}
    files = {file for file in named_files if not file.startswith("tests/acceptance/test_cli_")}

    left_out = {(file, test) for file in files for test in cases_of(ROOT / file)} - named()

    assert set() == left_out
