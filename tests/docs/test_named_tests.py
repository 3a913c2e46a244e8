"""The pages that name tests in their text name only tests that are there."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.docs.test_situations import cases_of

_NAMED = re.compile(r"`(?P<file>tests/[^`:]+\.py)::(?P<test>\w+)`")
PAGES = [ROOT / "docs" / name for name in ("comparison.md", "nist-csf.md", "threat-model.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_test_that_does_not_exist(page: Path) -> None:
    """Every test that the page names is in the file that it names, and the page names some."""
    named = {(name["file"], name["test"]) for name in _NAMED.finditer(page.read_text(encoding="utf-8"))}

    missing = {(file, test) for file, test in named if test not in cases_of(ROOT / file)}

    assert named
    assert set() == missing
