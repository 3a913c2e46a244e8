"""What is printed in README and docs is true: code runs, commands end as stated, JSON parses, links lead somewhere."""

import json
import os
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.pages import PAGES, ROOT, Block, anchors, blocks, by_hand, links, name_of, prose
from tests.docs.running import commands, run_command, run_page
from tipline_client.cli import main
from tipline_client.mock import MockEndpoint

MOST_NOT_RUN = 6
LANGUAGES = {"console", "csv", "json", "python", "sh", "sql", "text", "toml"}

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


def blocks_of(page: Path) -> list[Block]:
    return blocks(page.read_text(encoding="utf-8"))


@every_page
def test_code_of_a_page(page: Path, workplace: Path, endpoint: MockEndpoint) -> None:
    """Every Python block and every command runs, in the order of the page, and ends as the page says."""
    address = urlsplit(endpoint.base_url).netloc
    if page.parent.name == "operations":
        # These pages are for who runs an outbox already.
        os.environ |= {"TIPLINE_ENDPOINT": endpoint.base_url, "TIPLINE_USERNAME": endpoint.username}
        os.environ["TIPLINE_PASSWORD"] = endpoint.password
        assert 0 == main(["init"])

    run_page(blocks_of(page), page=page, address=address)

    assert {"submission.json", "mug.png", "mug.jpg"} <= {path.name for path in workplace.iterdir()}


@pytest.mark.parametrize(
    "shown", ["home         coffee", "signing key  coffee", "done         home made\nhome         desk"]
)
def test_output_that_is_not_printed(shown: str, workplace: Path) -> None:
    """A page that shows another line than the command prints, or shows them in another order, is wrong."""
    [command] = commands(Block("console", f"$ tipline init --home desk\n{shown}\n", 1))

    with pytest.raises(AssertionError, match="did not print"):
        run_command(command, address="127.0.0.1:1")

    assert (workplace / "desk").exists()


@every_page
def test_data_of_a_page(page: Path) -> None:
    """Every JSON and TOML block parses."""
    readers = {"json": json.loads, "toml": tomllib.loads}
    shown = [block for block in blocks_of(page) if block.language in readers]

    parsed = [readers[block.language](block.code) for block in shown]

    assert len(shown) == len([value for value in parsed if value])


@every_page
def test_block_without_a_known_language(page: Path) -> None:
    """No block escapes the other tests by an unknown language, a fence that is not closed, or another form."""
    text = page.read_text(encoding="utf-8")

    languages = {block.language for block in blocks(text)}

    assert set() == languages - LANGUAGES
    assert "```" not in prose(text)
    assert [] == [line for line in prose(text).splitlines() if line.lstrip().startswith(("~~~", "<pre"))]


@every_page
def test_links_of_a_page(page: Path) -> None:
    """Every link to another page or heading leads to one that is there."""
    text = page.read_text(encoding="utf-8")
    local = [link for link in links(text) if not urlsplit(link).scheme]

    broken = []
    for link in local:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)

    assert [] == broken


@every_page
def test_sentences_of_a_page(page: Path) -> None:
    """One sentence a line, outside of tables, headings, generated parts, code, and the dates of decisions."""
    text = by_hand(page.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if not line.startswith(("|", "#", "<!--", "Date: "))]

    crowded = [line for line in lines if ". " in line.removeprefix("- ").lstrip("0123456789. ")]

    assert [] == crowded


def test_pages_without_a_link_to_them() -> None:
    """Every page of the documentation can be reached from the index."""
    reached: set[Path] = set()
    waiting = [ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        found = links(page.read_text(encoding="utf-8"))
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in found if not urlsplit(link).scheme]

    assert set() == set((ROOT / "docs").rglob("*.md")) - reached


def test_blocks_that_are_only_shown() -> None:
    """Few blocks are shown and not run, each with its reason."""
    shown = [block for page in PAGES for block in blocks_of(page) if block.not_run and block.part_of is None]

    assert MOST_NOT_RUN >= len(shown)


def test_quick_start_of_the_readme() -> None:
    """The first code that a newcomer sees has twenty lines or so."""
    quick_start = next(block for block in blocks_of(ROOT / "README.md") if block.language == "python")

    lines = [line for line in quick_start.code.splitlines() if line]

    assert len(lines) <= 24
