"""The tests on the page on testing are run as the tests that they are, in a suite of their own."""

import re

import pytest

from tests.docs.pages import ROOT, blocks
from tests.support.elsewhere import Elsewhere

pytest_plugins = ("pytester",)

pytestmark = pytest.mark.slow

BLOCKS = blocks((ROOT / "docs" / "testing.md").read_text(encoding="utf-8"))
FAILS = "def test_that_fails"


@pytest.fixture
def elsewhere(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    return Elsewhere(pytester, monkeypatch)


def source(*, failing: bool) -> str:
    """The page's tests, one block after the other as the page has them; with or without the one that fails."""
    shown = [block.code for block in BLOCKS if "python" == block.language and "with MockEndpoint" not in block.code]
    return "\n\n".join(code for code in shown if failing or FAILS not in code)


def test_tests_of_the_page(elsewhere: Elsewhere) -> None:
    """Each of them passes."""
    text = source(failing=False)

    ran = elsewhere.run(text)

    once = len(re.findall(r"^def test_", text, re.MULTILINE)) - 1
    assert 8 <= once
    ran.assert_outcomes(passed=once + 20)


def test_failure_on_the_page(elsewhere: Elsewhere) -> None:
    """The one that fails says what the page shows, but for the numbers."""
    [shown] = [block.code for block in BLOCKS if block.code.startswith("AssertionError")]

    ran = elsewhere.run(source(failing=True), "-k", "test_that_fails")

    ran.assert_outcomes(failed=1, deselected=31)
    said = re.sub(r"\d{6,}|page/\d", "N", ran.stdout.str())
    for line in re.sub(r"\d{6,}|page/\d", "N", shown).splitlines():
        assert f"E       {line}" in said
