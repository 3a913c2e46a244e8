"""Which report comes closest to the one that was sought, and in what they differ.

Works on documents alone. The values shown are those that the test itself has made, cut to a line.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from dataclasses import field as field_of
from itertools import zip_longest

from lxml import etree

__all__ = ["File", "closest", "differences", "fields", "file_differences", "file_of", "is_same"]

_LONGEST = 70
_MOST_LINES = 12
_DIGITS = 12

Fields = Counter[tuple[str, str]]
_IDS = ("reportId", "fileId")
"""What a file is told by at the endpoint, which gives both."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent, or as it arrived.

    Attributes:
        sha256: Of its bytes, in lower-case hexadecimal.
        name: As it stands in the upload.
        said: What its details say, but for the ids; empty without details.
    """

    sha256: str
    name: str
    said: frozenset[tuple[str, str]] = field_of(default=frozenset(), repr=False)


def file_of(sha256: str, name: str, details: bytes | None) -> File:
    """A file with its details document, if it has one."""
    said = () if details is None else fields(details)
    return File(sha256, name, frozenset(pair for pair in said if pair[0] not in _IDS))


def fields(document: bytes) -> Fields:
    """Every text and attribute of a document under its path below the root, counted.

    A repeated element has its place among those of its name in the path from the second on, as `email[2]`: so the
    fields of two documents are equal only if the documents are, but for layout and the order of unlike elements.
    """
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
    return _cut(_lines(fields(sought), fields(found)))


def file_differences(sought: Iterable[File], found: Iterable[File]) -> list[str]:
    """A line for each file that is missing, surplus or there too often, and for each fact in which two differ.

    What is missing is compared with what has the same bytes, and else with what has the same name.
    """
    wanted, there = Counter(sought), Counter(found)
    missing, surplus = list((wanted - there).elements()), list((there - wanted).elements())
    known = {file.sha256 for file in wanted}
    # All by their bytes before any by its name: of two files that bear one name, each finds its own.
    counterparts = _taken_out(surplus, missing, lambda file: file.sha256)
    rest = [file for file, other in zip(missing, counterparts, strict=True) if other is None]
    namesakes = iter(_taken_out(surplus, rest, lambda file: file.name))
    lines = []
    for file, counterpart in zip(missing, counterparts, strict=True):
        other = counterpart or next(namesakes)
        lines += [f"file {file.name}: missing"] if other is None else _facts(file, other)
    lines += [f"file {file.name}: {'a second copy' if file.sha256 in known else 'not expected'}" for file in surplus]
    return _cut(lines)


def _lines(wanted: Fields, there: Fields) -> list[str]:
    missing, surplus = wanted - there, there - wanted
    paths = dict.fromkeys(path for path, _ in (*missing.elements(), *surplus.elements()))
    lines = []
    for path in paths:
        pairs = zip_longest(_texts(missing, path), _texts(surplus, path))
        lines += [f"{path}: {_shown(expected)} expected, {_shown(actual)} there" for expected, actual in pairs]
    return lines


def _taken_out(surplus: list[File], missing: Iterable[File], trait: Callable[[File], str]) -> list[File | None]:
    """For each missing file the first one with the same trait that is left, which is taken out; None if none is."""
    taken = []
    for file in missing:
        other = next((other for other in surplus if trait(other) == trait(file)), None)
        if other is not None:
            surplus.remove(other)
        taken.append(other)
    return taken


def _facts(sought: File, found: File) -> list[str]:
    lines = [] if sought.name == found.name else [f"name: {_shown(sought.name)} expected, {_shown(found.name)} there"]
    if sought.sha256 != found.sha256:
        one, other = sought.sha256[:_DIGITS], found.sha256[:_DIGITS]
        lines.append(f"filed with other content: SHA-256 {one}... expected, {other}... there")
    return [
        f"file {sought.name}: {line}"
        for line in (*lines, *_lines(Counter(sorted(sought.said)), Counter(sorted(found.said))))
    ]


def _walk(element: etree._Element, path: str) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        yield f"{path}/@{name!s}".lstrip("/"), str(value)
    children = list(element)
    text = element.text or ""
    if not children or text.strip():
        yield path or ".", text
    seen: Counter[str] = Counter()
    for child in children:
        tag = str(child.tag)
        seen[tag] += 1
        place = f"[{seen[tag]}]" if seen[tag] > 1 else ""
        yield from _walk(child, f"{path}/{tag}{place}".lstrip("/"))


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
