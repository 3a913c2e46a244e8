"""Where in the bytes an element begins and ends, as a validator on the other side would print it.

libxml2 knows lines but not columns, so the offsets come from a second, expat pass over a document that is already known
to be well-formed; it is made only when something must be reported. A position is 1-based and points at the character
behind the tag's `>`, which is where Xerces stands when it complains. This module knows nothing of schemas.
"""

import functools
from xml.parsers import expat

from lxml import etree

__all__ = ["Positions"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Positions:
    """The positions of every element of one document."""

    def __init__(self, document: bytes, *, root: etree._Element) -> None:
        self._document = document
        self._root = root

    def after_start_tag(self, element: etree._Element) -> tuple[int, int]:
        """Line and column behind the start tag of `element`, both counted from 1."""
        start, _ = self._offsets[self._ordinals[element]]
        return self._line_and_column(self._tag_end(start))

    def after_end_tag(self, element: etree._Element) -> tuple[int, int]:
        """Line and column behind the end tag of `element`, both counted from 1."""
        _, end = self._offsets[self._ordinals[element]]
        return self._line_and_column(self._tag_end(end))

    @functools.cached_property
    def _ordinals(self) -> dict[etree._Element, int]:
        return {element: ordinal for ordinal, element in enumerate(self._root.iter("*"))}

    @functools.cached_property
    def _offsets(self) -> list[tuple[int, int]]:
        starts: list[int] = []
        ends: dict[int, int] = {}
        open_elements: list[int] = []
        parser = expat.ParserCreate()

        def start(_name: str, _attributes: dict[str, str]) -> None:
            open_elements.append(len(starts))
            starts.append(parser.CurrentByteIndex)

        def end(_name: str) -> None:
            ordinal = open_elements.pop()
            offset = parser.CurrentByteIndex
            # The end of an empty tag is told of where the tag itself has ended, though no other tag begins there.
            is_empty_tag = self._document.endswith(b"/>", 0, offset) and self._tag_end(starts[ordinal]) == offset
            ends[ordinal] = starts[ordinal] if is_empty_tag else offset

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.Parse(self._document, True)
        return [(offset, ends[ordinal]) for ordinal, offset in enumerate(starts)]

    def _tag_end(self, offset: int) -> int:
        """The offset behind the `>` that closes the tag at `offset`; a `>` inside a quoted value does not count."""
        quote = 0
        for index in range(offset, len(self._document)):
            byte = self._document[index]
            if quote:
                quote = 0 if byte == quote else quote
            elif byte in b"\"'":
                quote = byte
            elif byte == ord(">"):
                return index + 1
        return len(self._document)

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        before = self._document[:offset].removeprefix(_BYTE_ORDER_MARK).decode("utf-8")
        before = before.replace("\r\n", "\n").replace("\r", "\n")
        # Java counts UTF-16 units, so a character beyond the basic plane is two columns wide.
        last_line = before.rpartition("\n")[2]
        return before.count("\n") + 1, len(last_line.encode("utf-16-le")) // 2 + 1
