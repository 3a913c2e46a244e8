"""The drawings say what the code says, are shown, can be read without being seen, and are legible on any page."""

import re
from itertools import product

import pytest
from lxml import etree

from docs import draw
from tests.docs.pages import PAGES, ROOT
from tipline_client.delivery.states import State
from tipline_client.delivery.steps import Step

FOLDER = ROOT / "docs" / "drawings"
SVG = "{http://www.w3.org/2000/svg}"
LEAST_CONTRAST = 4.5
"""Of words to what is behind them, as WCAG 2.2 asks for (1.4.3)."""

each_drawing = pytest.mark.parametrize("name", sorted(draw.DRAWINGS))


@each_drawing
def test_drawing_out_of_date(name: str) -> None:
    """A drawing equals what `make generate` would write."""
    written = (FOLDER / f"{name}.svg").read_text(encoding="utf-8")

    assert draw.DRAWINGS[name]() == written, "run `make generate`"


def test_drawings_in_pages() -> None:
    """Every file of a drawing is drawn by the code, and shown by one page with words in its place."""
    shown = re.compile(r"^!\[(?P<words>[^\]]+)\]\((?:docs/)?drawings/(?P<name>\w+)\.svg\)$", re.MULTILINE)
    found = [match for page in PAGES for match in shown.finditer(page.read_text(encoding="utf-8"))]

    assert {file.stem for file in FOLDER.iterdir()} == set(draw.DRAWINGS)
    assert sorted(draw.DRAWINGS) == sorted(match["name"] for match in found)
    assert [] == [match["name"] for match in found if len(match["words"]) < 40]


@each_drawing
def test_drawing_without_being_seen(name: str) -> None:
    """It has a title and sentences, refers to them, and loads nothing."""
    root = etree.fromstring((FOLDER / f"{name}.svg").read_bytes())

    assert "img" == root.get("role")
    assert ["title", "description"] == str(root.get("aria-labelledby")).split()
    assert root.findtext(f"{SVG}title")
    assert len(str(root.findtext(f"{SVG}desc"))) > 60
    assert set() == {node.tag for node in root.iter()} & {f"{SVG}image", f"{SVG}script", f"{SVG}use"}
    assert "@import" not in str(root.findtext(f"{SVG}style"))


def test_drawing_of_what_the_table_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A move that is drawn and no longer there, or there and not drawn, is an error and not a wrong picture."""
    known = draw.moves_of_entries()
    monkeypatch.setattr(draw, "moves_of_entries", lambda: known - {(State.LEASED, State.ACKNOWLEDGED)})
    with pytest.raises(ValueError, match="no such move"):
        draw.states()

    monkeypatch.setattr(draw, "moves_of_entries", lambda: known | {(State.ACKNOWLEDGED, State.HELD)})
    with pytest.raises(KeyError):
        draw.states()


def test_what_the_drawings_show() -> None:
    """States, steps and rooms are all there, by name."""
    words = {name: set(re.findall(r"<text[^>]*>([^<]+)<", draw.DRAWINGS[name]())) for name in draw.DRAWINGS}
    rooms = {path.stem for path in (ROOT / "src" / "tipline_client").iterdir() if not path.name.startswith("__")}

    assert {str(state) for state in State} <= words["states"]
    assert {str(step) for step in (Step.SUBMIT, Step.UPLOAD, Step.FILEINFO, Step.FINISH)} <= words["protocol"]
    assert rooms - {"py"} <= words["rooms"]


@pytest.mark.parametrize(
    ("mode", "ground"), list(product(("light", "dark"), ("ground", "box", "strong", "end", "given")))
)
def test_words_on_their_ground(mode: str, ground: str) -> None:
    """Words stand out from what is behind them, by day and by night."""
    style = re.findall(r"<style>(.*?)</style>", draw.DRAWINGS["keys"](), re.DOTALL)[0]
    by_day, _, by_night = style.partition("@media (prefers-color-scheme: dark)")
    rules = by_day if mode == "light" else by_night
    fills = dict(re.findall(r"([.\w]+) \{[^}]*?fill: (#[0-9a-f]{6})", rules))

    contrasts = [contrast(fills[words], fills[f".{ground}"]) for words in ("text", ".small")]

    assert [] == [each for each in contrasts if each < LEAST_CONTRAST]


def contrast(one: str, other: str) -> float:
    """The ratio of the luminances of two colours (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
