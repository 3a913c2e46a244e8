"""The page that compares clients carries its date, and says nothing of anybody without naming where it is shown."""

import re
from datetime import date

import pytest

from tests.docs.pages import ROOT, links

PAGE = ROOT / "docs" / "comparison.md"
TEXT = PAGE.read_text(encoding="utf-8")
OURS = ("What this project does", "Where this project is the wrong choice")

_SECTION = re.compile(r"^#{2,3} (?P<title>.+)\n(?P<text>(?:(?!#{2,3} ).*\n)*)", re.MULTILINE)
_COMPARED = re.compile(r"^\| \[(?P<client>[^\]]+)\]\(#[^)]+\) \|", re.MULTILINE)
_FILE_AT_COMMIT = re.compile(r"`[\w./-]+\.\w+` at `[0-9a-f]{8}`")
_TEST = re.compile(r"`tests/[^`:]+\.py::\w+`")
_OWN_PATH = re.compile(r"`(?P<path>(?:benchmarks|docs|examples|src|tests)/[^`:\s]+)")

SECTIONS = {section["title"]: section["text"] for section in _SECTION.finditer(TEXT)}
CLIENTS = _COMPARED.findall(TEXT)


def test_date_of_the_page() -> None:
    """The page begins with the day on which it was checked, and names the same day where it says how."""
    stated = re.findall(r"^Checked on (\S+)\.$", TEXT, re.MULTILINE)

    [day] = [date.fromisoformat(text) for text in stated]

    assert TEXT.index("Checked on") < TEXT.index("## ")
    assert day.isoformat() in SECTIONS["How this was checked"]


@pytest.mark.parametrize("client", CLIENTS)
def test_client_without_evidence(client: str) -> None:
    """Each client of the table has a section, which names files and the commits at which they were read."""
    assert _FILE_AT_COMMIT.search(SECTIONS[client])


def test_clients_of_both_tables() -> None:
    """Both tables have the same clients in the same order, and each client is there once."""
    rows = re.findall(r"^\| (?!client |---)([^|]+?) \|", SECTIONS["Clients and what they do about it"], re.MULTILINE)
    names = [re.sub(r"\[([^\]]+)\].*", r"\1", row) for row in rows]
    half = len(names) // 2

    assert names[:half] == names[half:]
    assert ["this project", *CLIENTS] == names[:half]
    assert len(set(CLIENTS)) == len(CLIENTS) >= 10


def test_statement_of_ours_without_evidence() -> None:
    """Each row on this project names a test or a page."""
    rows = re.findall(r"^\| (?!statement |---).+\|$", SECTIONS[OURS[0]], re.MULTILINE)

    bare = [row for row in rows if not (_TEST.search(row) or links(row))]

    assert rows
    assert [] == bare


def test_path_of_ours_that_does_not_exist() -> None:
    """Every path of this project that the page names is there."""
    named = {path["path"] for title in OURS for path in _OWN_PATH.finditer(SECTIONS[title])}

    missing = {path for path in named if not (ROOT / path).exists()}

    assert named
    assert set() == missing
