"""Which element of a document that was sent a validator's finding is about, as a path that validation would give it.

A validator of the endpoint's family stands behind the `>` of the tag at which a finding became certain, and counts
lines and columns from 1, columns in UTF-16 units. So a position belongs to a tag or to none. It is believed only if the
finding also names the element that stands there, and if nobody who counts in characters or in bytes could mean another.
What the report itself may have put into the endpoint's message is never believed: better no path than a wrong one.
"""

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from tipline_client.models import WireModel
from tipline_client.models.outline import FieldOutline, Kind, Place, outline
from tipline_client.profiles.findings import MAX_FINDINGS, RULE
from tipline_client.validation.shape import join, shape_of

__all__ = ["SentDocument", "find_places"]

_log = logging.getLogger("tipline_client.profiles")

_FINDING = re.compile(r"\[(\d{1,9}),\s?(\d{1,9})\] - ")
_RULE = re.compile(rf"{RULE}: ")
_ELEMENT = re.compile(r"[Ee]lement '\{?([A-Za-z0-9]{1,64})\}?'")
_ATTRIBUTE = re.compile(r"[Aa]ttribute,? '([A-Za-z0-9]{1,64})'")
_QUOTED_NAME = re.compile(r"'([A-Za-z0-9]{1,64})'")
# Only these rules are about an attribute; in the message of another one, a value might speak of attributes.
_ABOUT_ATTRIBUTES = ("cvc-attribute.", "cvc-complex-type.3.", "cvc-complex-type.4:", "cvc-type.3.1.1:", "cvc-au:")

_Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SentDocument:
    """A document as it was sent, and what it was written from.

    Attributes:
        xml: The bytes, without a byte-order mark; every carriage return in them is a reference.
        model: What they say.
        path: What it is in the submission: `report`, `evidence[0].details`.
    """

    xml: bytes = field(repr=False)
    model: WireModel = field(repr=False)
    path: str


@dataclass(frozen=True, slots=True, eq=False)
class _Element:
    """An element that was sent."""

    name: str
    path: str | None
    """`None` where the models do not know the way."""
    kind: type[WireModel] | None
    value: WireModel | None
    written: Counter[str]
    """How many children of a name have begun so far."""


def find_places(sent: SentDocument, description: str) -> tuple[str, ...]:
    """Where in the submission the findings of a refusal are, as far as that is certain.

    Args:
        sent: The document that was refused.
        description: The raw `responseDescription`. Content.

    Returns:
        Paths such as `report.internetDetails[0].webPageIncident.url[1]`, an attribute's with its name at the end, in
        the order of the findings; no value of the document. None of them rather than an error: that nobody knows where
        a refusal points to must not keep it from being recorded.
    """
    try:
        return _found(sent, description)
    except Exception as error:
        # Without its text, which may quote what was sent.
        _log.error("no field was found for a refusal, because of %s", type(error).__name__)
        return ()


def _found(sent: SentDocument, description: str) -> tuple[str, ...]:
    beginnings = list(_FINDING.finditer(description))[:MAX_FINDINGS]
    if not beginnings:
        return ()
    reading = _Reading(sent)
    ends = [*(beginning.start() for beginning in beginnings[1:]), len(description)]
    found: dict[str | None, None] = {}
    for beginning, end in zip(beginnings, ends, strict=True):
        if not reading.says(beginning.group()):
            position = int(beginning.group(1)), int(beginning.group(2))
            found[_place(reading, position, description[beginning.end() : end])] = None
    return tuple(path for path in found if path is not None)


def _place(reading: "_Reading", position: _Position, text: str) -> str | None:
    is_rule = _RULE.match(text) is not None
    # A value is quoted before the names, so of several the last one is the validator's. Without a rule, any may be.
    names = _ELEMENT.findall(text)[-1:] if is_rule else _QUOTED_NAME.findall(text)
    element = reading.element_at(position, names=frozenset(names))
    if element is None or element.path is None:
        return None
    attributes = _ATTRIBUTE.findall(text)[-1:] if text.startswith(_ABOUT_ATTRIBUTES) else []
    for name in attributes:
        if (known := _field(element.kind, name, Place.ATTRIBUTE)) is not None:
            return join(element.path, known.wire)
    return element.path


class _Reading:
    """One pass over a document: its elements by the position behind each of their tags, and its texts."""

    def __init__(self, sent: SentDocument) -> None:
        self._sent = sent
        self._parser = expat.ParserCreate()
        self._open: list[_Element] = []
        self._tags: list[tuple[int, _Element]] = []
        self._ends: list[int] = []
        self._texts: list[str] = []
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.Parse(sent.xml, True)
        # Where one token begins the one before has ended, and an empty element is one token that begins and ends it.
        self._ends.append(len(sent.xml))
        self._at: dict[_Position, list[_Element]] = defaultdict(list)
        self._otherwise_at: dict[_Position, list[_Element]] = defaultdict(list)
        self._count_positions()
        self._said = _squeezed("".join(self._texts))

    def says(self, beginning: str) -> bool:
        """Whether the document itself holds the beginning of a finding, so that the endpoint may only quote it."""
        return _squeezed(beginning) in self._said

    def element_at(self, position: _Position, *, names: frozenset[str]) -> _Element | None:
        """The one element with such a name that has a tag ending at `position`."""
        here = [element for element in self._at.get(position, ()) if element.name in names]
        otherwise = [element for element in self._otherwise_at.get(position, ()) if element.name in names]
        one = here[0] if here else None
        return one if all(element is one for element in (*here, *otherwise)) else None

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._see_token()
        element = self._child(self._open[-1], name) if self._open else self._root(name)
        self._open.append(element)
        self._tags.append((self._parser.CurrentByteIndex, element))
        self._texts += (f"\0{value}\0" for value in attributes.values())

    def _end(self, _name: str) -> None:
        self._see_token()
        offset, element = self._parser.CurrentByteIndex, self._open.pop()
        # The end of an empty tag is told of where the tag has ended; it was counted where it began.
        is_empty_tag = self._tags[-1][1] is element and self._sent.xml.endswith(b"/>", 0, offset)
        if not is_empty_tag:
            self._tags.append((offset, element))
        self._texts.append("\0")

    def _text(self, data: str) -> None:
        self._see_token()
        self._texts.append(data)

    def _see_token(self) -> None:
        offset = self._parser.CurrentByteIndex
        if not self._ends or offset > self._ends[-1]:
            self._ends.append(offset)

    def _root(self, name: str) -> _Element:
        return _Element(name, self._sent.path, type(self._sent.model), self._sent.model, Counter())

    @staticmethod
    def _child(parent: _Element, name: str) -> _Element:
        ordinal = parent.written[name]
        parent.written[name] += 1
        known = _field(parent.kind, name, Place.ELEMENT)
        if parent.path is None or known is None or parent.value is None:
            return _Element(name, None, None, None, Counter())
        path = join(parent.path, known.wire)
        value = getattr(parent.value, known.name)
        if known.is_repeated:
            # The writer leaves out texts that are empty, so an ordinal of the document may lie behind its index here.
            indices = [index for index, item in enumerate(value) if item != ""]
            if ordinal >= len(indices):
                return _Element(name, None, None, None, Counter())
            path, value = join(path, indices[ordinal]), value[indices[ordinal]]
        return _Element(name, path, known.model, value if known.kind is Kind.MODEL else None, Counter())

    def _count_positions(self) -> None:
        """Give every tag the position behind it."""
        behind = dict(zip(self._ends, self._positions(), strict=True))
        token_end = dict(zip(self._ends, self._ends[1:], strict=False))
        for offset, element in self._tags:
            units, *others = behind[token_end[offset]]
            self._at[units].append(element)
            for position in others:
                self._otherwise_at[position].append(element)

    def _positions(self) -> Iterator[tuple[_Position, ...]]:
        """Line and column of each token's beginning: counted in UTF-16 units, in characters and in bytes."""
        line, columns, before = 1, (1, 1, 1), 0
        for offset in self._ends:
            passed = self._sent.xml[before:offset].decode()
            if "\n" in passed:
                # No other line end is there to count: the writer makes every carriage return a reference.
                line, columns = line + passed.count("\n"), (1, 1, 1)
                passed = passed.rpartition("\n")[2]
            sizes = len(passed.encode("utf-16-le")) // 2, len(passed), len(passed.encode())
            columns = columns[0] + sizes[0], columns[1] + sizes[1], columns[2] + sizes[2]
            before = offset
            yield tuple((line, column) for column in columns)


def _field(kind: type[WireModel] | None, wire: str, place: Place) -> FieldOutline | None:
    if kind is None or wire not in shape_of(kind).positions:
        return None
    return next((field for field in outline(kind) if field.wire == wire and field.place is place), None)


def _squeezed(text: str) -> str:
    """Without white space, since a validator may have collapsed it in what it quotes."""
    return "".join(text.split())
