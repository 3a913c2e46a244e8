"""Pen and paper of the drawings: boxes, arrows and words as SVG, in few colours that do on light and dark pages.

A drawing brings its own ground, so that it can be read whatever the page behind it has; where the reader's system is
dark, so is the drawing. It knows nothing of what is drawn.
"""

import textwrap
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

__all__ = ["Drawing"]

_STYLE = """
  svg { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
  .ground { fill: #fbfbfa; stroke: #d4d4d0; }
  .box { fill: #ffffff; stroke: #5b6670; stroke-width: 1.2; }
  .strong { fill: #e3eefb; stroke: #24609c; stroke-width: 1.6; }
  .end { fill: #e4f3e6; stroke: #2b7438; stroke-width: 1.6; }
  .given { fill: #fbeadf; stroke: #a3501b; stroke-width: 1.6; }
  .frame { fill: none; stroke: #7b868f; stroke-dasharray: 5 4; }
  .line { fill: none; stroke: #46515b; stroke-width: 1.3; }
  .lifeline { stroke: #a9b1b8; stroke-dasharray: 2 4; }
  .head { fill: #46515b; }
  text { fill: #1d242a; }
  .small { font-size: 11.5px; fill: #46515b; }
  .title { font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #171b1f; stroke: #3a434b; }
    .box { fill: #21282e; stroke: #93a0ab; }
    .strong { fill: #17344f; stroke: #74aee6; }
    .end { fill: #17381f; stroke: #6cbf7b; }
    .given { fill: #43260f; stroke: #e39a66; }
    .frame { stroke: #93a0ab; }
    .line { stroke: #bcc6ce; }
    .lifeline { stroke: #56616a; }
    .head { fill: #bcc6ce; }
    text { fill: #eef1f3; }
    .small { fill: #c3ccd3; }
  }
"""

_LINE = 16


class Drawing:
    """A drawing that grows by what is put on it.

    Args:
        width: In pixels.
        height: In pixels.
        title: What it shows, in a few words.
        description: The same in sentences, for whoever does not see it.
    """

    def __init__(self, width: int, height: int, *, title: str, description: str) -> None:
        self._parts: list[str] = []
        self._head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-labelledby="title description">\n'
            f'<title id="title">{escape(title)}</title>\n<desc id="description">{escape(description)}</desc>\n'
            f"<style>{_STYLE}</style>\n"
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            'orient="auto-start-reverse"><path class="head" d="M0 0 L8 4 L0 8 z"/></marker></defs>\n'
            f'<rect class="ground" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>\n'
        )

    def box(
        self, x: int, y: int, width: int, height: int, words: Sequence[str], *, kind: str = "box", bold: int = 1
    ) -> None:
        """A box with lines of words in its middle, the first ones of them in bold."""
        self._parts.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>')
        top = y + height / 2 - (len(words) - 1) * _LINE / 2 + 4.5
        for number, line in enumerate(words):
            look = "title" if number < bold else "small"
            self.words(x + width / 2, top + number * _LINE, line, anchor="middle", look=look)

    def frame(self, x: int, y: int, width: int, height: int, words: str) -> None:
        """A dashed frame around several boxes, with words in its upper left corner."""
        self._parts.append(f'<rect class="frame" x="{x}" y="{y}" width="{width}" height="{height}" rx="8"/>')
        if words:
            self.words(x + 10, y + 18, words, look="small")

    def words(self, x: float, y: float, line: str, *, anchor: str = "start", look: str = "") -> None:
        """A line of words that begins, ends or has its middle at a point."""
        self._parts.append(
            f'<text class={quoteattr(look)} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{_plain(line)}</text>'
        )

    def paragraph(self, x: float, y: float, text: str, *, letters: int, look: str = "small") -> None:
        """Words in lines of so many letters."""
        for number, line in enumerate(textwrap.wrap(text, letters)):
            self.words(x, y + number * (_LINE - 1), line, look=look)

    def arrow(self, *points: tuple[float, float]) -> None:
        """A line through points, with a head at its end."""
        self._parts.append(f'<path class="line" marker-end="url(#head)" d="{_path(points)}"/>')

    def line(self, *points: tuple[float, float], look: str = "line") -> None:
        """A line through points."""
        self._parts.append(f'<path class="{look}" d="{_path(points)}"/>')

    def __str__(self) -> str:
        return self._head + "\n".join(self._parts) + "\n</svg>\n"


def _plain(line: str) -> str:
    return escape(line.replace("`", ""))


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
