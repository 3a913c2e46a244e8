"""Which report comes closest to the one that was sought, and in what they differ.

Works on documents alone. The values shown are those that the test itself has made, cut to a line.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from lxml import etree

__all__ = ["closest", "differences", "fields", "file_differences", "is_same"]

_LONGEST = 70
_MOST_LINES = 12

Fields = Counter[tuple[str, str]]


def fields(document: bytes) -> Fields:
    """Every text and attribute of a document under its path below the root, counted."""
    # What stands in a report is data: nothing in it may reach for a file or a host.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    return Counter(_walk(etree.fromstring(document, parser), ""))


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two documents say the same, however they are laid out."""
    return one == other or fields(one) == fields(other)


def closest(sought: bytes, documents: Sequence[bytes]) -> int | None:
    """The index of the document that has most in common with the one sought; None where there is none at all."""
    wanted = fields(sought)
    likeness = [(_likeness(wanted, fields(document)), index) for index, document in enumerate(documents)]
    return max(likeness, key=lambda pair: (pair[0], -pair[1]))[1] if likeness else None


def differences(sought: bytes, found: bytes) -> list[str]:
    """A line for each field in which the documents differ."""
    wanted, there = fields(sought), fields(found)
    missing, surplus = wanted - there, there - wanted
    paths = dict.fromkeys(path for path, _ in (*missing.elements(), *surplus.elements()))
    lines = []
    for path in paths:
        pairs = zip_longest(_texts(missing, path), _texts(surplus, path))
        lines += [f"{path}: {_shown(expected)} expected, {_shown(actual)} there" for expected, actual in pairs]
    return _cut(lines)


def file_differences(sought: Iterable[tuple[str, str]], found: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each file that is missing or surplus, or there too often; files are pairs of SHA-256 and name."""
    sought, found = list(sought), list(found)
    wanted, there = Counter(digest for digest, _ in sought), Counter(digest for digest, _ in found)
    names = dict(found) | dict(sought)
    lines = [f"file {names[digest]}: missing" for digest in (wanted - there).elements()]
    lines += [
        f"file {names[digest]}: {'a second copy' if wanted[digest] else 'not expected'}"
        for digest in (there - wanted).elements()
    ]
    return _cut(lines)


def _walk(element: etree._Element, path: str) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        yield f"{path}/@{name!s}".lstrip("/"), str(value)
    children = list(element)
    text = element.text or ""
    if not children or text.strip():
        yield path or ".", text
    for child in children:
        yield from _walk(child, f"{path}/{child.tag}".lstrip("/"))


def _likeness(one: Fields, other: Fields) -> float:
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def _texts(fields: Fields, path: str) -> list[str]:
    return [text for place, text in fields.elements() if place == path]


def _shown(text: str | None) -> str:
    if text is None:
        return "nothing"
    return repr(text) if len(text) <= _LONGEST else f"{text[:_LONGEST]!r}..."


def _cut(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST_LINES
    return lines if more <= 0 else [*lines[:_MOST_LINES], f"and {more} more"]
