"""The documentation site: built as `make site` builds it, without a network, and read as a browser would read it.

The loopback guard watches the process that builds, and fails the test if it addresses anything at all.
"""

import os
import re
import subprocess
import sys
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from lxml import html

from tests.docs.pages import ROOT

SECONDS = 300
HOME = "docs/index.html"
WITHOUT_SOURCE = {"index.html", "search.html"}
"""The way to the home page, and the search, which runs in the browser."""

LOADED = {
    "script": ("src",),
    "link": ("href",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "audio": ("src",),
    "video": ("src", "poster"),
    "use": ("href", "{http://www.w3.org/1999/xlink}href"),
    "image": ("href", "{http://www.w3.org/1999/xlink}href"),
}
"""Element to the attributes that a browser fetches without being asked."""

_IN_STYLES = re.compile(r"""(?:url\(|@import)\s*['"]?([^'")\s;]+)""")
_COMMENT = re.compile(r"/\*.*?\*/|^\s*//.*?$", re.DOTALL | re.MULTILINE)
_FETCHED_BY_SCRIPT = re.compile(r"""(?:import|importScripts|fetch|open)\s*\(\s*(?:"GET",\s*)?["'`](?:https?:)?//""")


class Site:
    """What was built.

    Args:
        folder: Where it lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def pages(self) -> dict[str, html.HtmlElement]:
        """Address from the site's root to the page."""
        files = sorted(self.folder.rglob("*.html"))
        files = [file for file in files if "_static" not in file.parts]
        return {file.relative_to(self.folder).as_posix(): html.parse(str(file)).getroot() for file in files}

    def names(self, page: str) -> set[str]:
        """What can be linked to in a page."""
        return {str(name) for name in self.pages[page].xpath("//@id")}


def build(folder: Path, *, root: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """Let Sphinx build, with everything that it remarks on taken for an error."""
    command = [sys.executable, "-m", "sphinx", "--no-color", "-q", "-W", "--keep-going", "-n", "-c", str(root / "docs")]
    command += ["-d", str(folder / "doctrees"), str(root), str(folder / "site")]
    # None of this package runs in it, and a build that is measured takes twice as long.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("documentation")
    ended = build(folder)
    assert (0, "") == (ended.returncode, ended.stderr)
    return Site(folder / "site")


def test_pages_that_the_navigation_reaches(site: Site) -> None:
    """From the home page's navigation every page can be chosen, and there is one for every source."""
    chosen = site.pages[HOME].xpath("//*[contains(@class, 'sidebar-tree')]//a/@href")
    reached = {urlsplit(urljoin(HOME, str(target))).path for target in chosen}
    sources = [*(ROOT / "docs").rglob("*.md"), *(ROOT / f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING"))]

    assert set(site.pages) - WITHOUT_SOURCE == reached | {HOME}
    assert {source.relative_to(ROOT).with_suffix(".html").as_posix() for source in sources} <= set(site.pages)


def test_front_of_the_site(site: Site) -> None:
    """Whoever opens the folder comes to the home page."""
    [refresh] = site.pages["index.html"].xpath("//meta[@http-equiv='refresh']/@content")

    assert f"0; url={HOME}" == refresh


def test_links_of_the_site(site: Site) -> None:
    """Every link inside the site leads to a page and to a place in it."""
    names = {page: site.names(page) for page in site.pages}
    broken = []
    for page, document in site.pages.items():
        for target in document.xpath("//a/@href"):
            address = urlsplit(urljoin(page, str(target)))
            if address.scheme:
                continue
            path = unquote(address.path)
            if path not in site.pages or (address.fragment and unquote(address.fragment) not in names[path]):
                broken.append((page, str(target)))

    assert [] == broken


def test_what_a_browser_loads(site: Site) -> None:
    """No page, style or script loads anything from elsewhere, and everything that is loaded is there."""
    loaded = [(page, target) for page, document in site.pages.items() for target in _loaded(document)]
    for style in site.folder.rglob("*.css"):
        found = _IN_STYLES.findall(_COMMENT.sub("", style.read_text(encoding="utf-8")))
        loaded += [(style.relative_to(site.folder).as_posix(), target) for target in found]
    inside = [(page, urlsplit(urljoin(page, target))) for page, target in loaded if not target.startswith("data:")]

    elsewhere = [(page, address.geturl()) for page, address in inside if address.scheme or address.netloc]
    missing = [(page, address.path) for page, address in inside if not (site.folder / address.path).is_file()]

    assert len(site.pages) < len(inside)
    assert ([], []) == (elsewhere, missing)
    for script in site.folder.rglob("*.js"):
        assert _FETCHED_BY_SCRIPT.search(_COMMENT.sub("", script.read_text(encoding="utf-8"))) is None, script


def _loaded(document: html.HtmlElement) -> list[str]:
    found = [str(text) for style in document.xpath("//style/text() | //@style") for text in _IN_STYLES.findall(style)]
    for element in document.iter(*LOADED):
        # A link without one of these relations is for the reader to follow, or says where the search is.
        if element.tag == "link" and element.get("rel") in {"index", "search", "next", "prev", "author", "canonical"}:
            continue
        values = [value for name in LOADED[str(element.tag)] if (value := element.get(name))]
        found += [part.split()[0] for value in values for part in value.split(",") if not value.startswith("data:")]
    return found


def test_pictures_for_who_does_not_see_them(site: Site) -> None:
    """Every picture has a text in its place, and every page says its language and has one title."""
    pictures = [picture.get("alt", "") for document in site.pages.values() for picture in document.iter("img")]
    titles = {page: len(site.pages[page].xpath("//h1")) for page in set(site.pages) - WITHOUT_SOURCE}

    assert [] == [text for text in pictures if len(text) < 20]
    assert {"en"} == {document.get("lang") for document in site.pages.values()}
    assert {1} == set(titles.values())


def test_page_with_mistakes(tmp_path: Path) -> None:
    """A link that leads nowhere, a place that is not there, and a page in no list each end the build."""
    for name in ("docs/conf.py", "docs/static/site.css", "src/tipline_client/_version.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    page = "# Mugs\n\n- [a page](missing.md)\n- [a place](other.md#missing)\n\n## List\n\n- [Other](other.md)\n"
    (tmp_path / "docs" / "index.md").write_text(page, encoding="utf-8")
    for name in ("other", "unlisted"):
        (tmp_path / "docs" / f"{name}.md").write_text(f"# {name}\n", encoding="utf-8")

    ended = build(tmp_path, root=tmp_path)

    assert 0 != ended.returncode
    complained = sorted(line.rpartition(" ")[2] for line in ended.stderr.splitlines() if "WARNING" in line)
    assert ["[myst.xref_missing]", "[myst.xref_missing]", "[toc.not_included]"] == complained
