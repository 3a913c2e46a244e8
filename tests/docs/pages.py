"""What stands in a page: its code blocks, links and headings. Nothing is run here."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)

_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE)
_NOT_RUN = re.compile(r"<!-- not run: (?P<reason>\S[^>]*) -->\s*$")
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_GENERATED = re.compile(r"<!-- generated: .*?<!-- end of generated -->", re.DOTALL)
_HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block of code.

    Attributes:
        language: What stands behind the opening fence.
        code: What stands between the fences.
        line: Number of the first line of code, counted from 1.
        not_run: Why it is only shown; empty when it is run.
    """

    language: str
    code: str
    line: int
    not_run: str = ""

    @property
    def part_of(self) -> Path | None:
        """The file that it is shown from, which is run instead of it."""
        start = "part of "
        return ROOT / self.not_run.removeprefix(start) if self.not_run.startswith(start) else None


def blocks(text: str) -> list[Block]:
    """Every fenced block of a page, in order."""
    found = []
    for fence in _FENCE.finditer(text):
        before = text[: fence.start()]
        reason = _NOT_RUN.search(before)
        line = before.count("\n") + 2
        found.append(Block(fence["language"], fence["code"], line, reason["reason"] if reason else ""))
    return found


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", text)


def by_hand(text: str) -> str:
    """The prose of a page without what `docs/generate.py` wrote."""
    return _GENERATED.sub("", prose(text))


def links(text: str) -> list[str]:
    """Where the links of a page lead, outside of code."""
    return [link["target"] for link in _LINK.finditer(re.sub(r"`[^`\n]*`", "", prose(text)))]


def anchors(text: str) -> set[str]:
    """The names by which the headings of a page can be linked to."""
    titles = (heading["title"] for heading in _HEADING.finditer(prose(text)))
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def name_of(page: Path) -> str:
    """A page's path from the root, for test ids."""
    return page.relative_to(ROOT).as_posix()
