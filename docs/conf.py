"""How Sphinx makes the documentation site: from the pages as they are, without a network, with warnings as errors.

The sources are plain Markdown that a code host shows as well, so no page holds a directive. The navigation is read from
the lists of links in each `index.md`; a page that stands in none of them is a warning, and so ends the build. The
folder of the sources is the project's root, so that the changelog beside `docs` is part of the site.
"""

import re
from pathlib import Path

from pygments.lexers.special import TextLexer  # type: ignore[import-untyped]  # bears no types
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent

project = "tipline-client"
author = "The tipline-client authors"
copyright = author  # noqa: A001 - Sphinx gives the name
[release] = re.findall(r'__version__ = "(.+)"', (ROOT / "src/tipline_client/_version.py").read_text(encoding="utf-8"))
version = release

extensions = ["myst_parser"]
include_patterns = ["docs/**.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]
exclude_patterns = [".*", "build", "dist", "src", "tests", "examples", "benchmarks", "requirements"]
root_doc = "docs/index"
# The deepest heading that a page links to.
myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_use_index = False
html_show_sphinx = False
html_show_copyright = False

FRONT = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={root_doc}.html">
<title>{project}</title>
<p><a href="{root_doc}.html">The documentation of {project}</a></p>
</html>
"""

_SECTION = re.compile(r"^## (?P<title>.+)\n(?P<body>(?:(?!## ).*\n?)*)", re.MULTILINE)
_ENTRY = re.compile(r"^- \[[^\]]+\]\((?P<page>[^)#:]+)\.md\)", re.MULTILINE)


def navigation(text: str) -> str:
    """What Sphinx takes for its navigation: of each section of an index the pages that its list begins lines with."""
    lists = {
        section["title"]: [entry["page"] for entry in _ENTRY.finditer(section["body"])]
        for section in _SECTION.finditer(text)
    }
    return "".join(
        "\n".join(("", "```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```", ""))
        for title, pages in lists.items()
        if pages
    )


def _add_navigation(_app: Sphinx, name: str, source: list[str]) -> None:
    if name.rpartition("/")[2] == "index":
        source[0] += navigation(source[0])


def _write_front(app: Sphinx, failure: Exception | None) -> None:
    if failure is None and app.builder.format == "html":
        (Path(app.outdir) / "index.html").write_text(FRONT, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    # Pygments has no words for a table of commas.
    app.add_lexer("csv", TextLexer)
    app.connect("source-read", _add_navigation)
    app.connect("build-finished", _write_front)
