"""Is this document one that the hotline's grammar admits, and if not, where and why?

The schema is the project's own writing (`grammar.xsd`), with the structure that CyberTipline documents for November
2025; the elements that newer documentation adds are put in on request. It never looks at the client's models or its
encoder: a mistake that both shared would pass every test. State, HTTP and the rules beyond the schema live elsewhere.
"""

import codecs
import functools
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import cast

from lxml import etree

from tipline_client.mock import wording
from tipline_client.mock.positions import Positions

__all__ = ["DocumentRefusedError", "Grammar", "Problem", "compiled"]

_XS = "{http://www.w3.org/2001/XMLSchema}"
_UTF8 = "utf-8"

# Where the newer elements go: (complex type, element behind which they stand or None for the end, name, is a flag).
_NEWER = (
    ("reportAnnotations", None, "informational", True),
    ("reportAnnotations", None, "potentialAggravatingFactors", True),
    ("reportAnnotations", None, "instrumentalUse", True),
    ("person", "age", "ageAssertionDiscrepancy", False),
    ("associatedAccount", "approximateAge", "ageAssertionDiscrepancy", False),
)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One finding, at a 1-based position behind the tag that made it certain."""

    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"[{self.line},{self.column}] - {self.text}"


class DocumentRefusedError(Exception):
    """A document is malformed (code 4110) or breaks the schema or a rule (code 4100).

    The exception's own text counts; what the findings say may quote the document and is only for the reply.
    """

    def __init__(self, code: int, problems: Iterable[Problem]) -> None:
        self.code = code
        self.problems = tuple(problems)
        super().__init__(f"document refused with code {code}: {len(self.problems)} problem(s)")


class Grammar:
    """The compiled schema. One instance serves every request of a process.

    Attributes:
        schema: The schema's text, as served at `/xsd`.
    """

    def __init__(self, *, newer_elements: bool = False) -> None:
        source = resources.files("tipline_client.mock").joinpath("grammar.xsd").read_bytes()
        self._tree = etree.fromstring(source)
        self._types = {str(node.get("name")): node for node in self._tree.iter(f"{_XS}complexType") if node.get("name")}
        if newer_elements:
            self._add_newer_elements()
        self.schema = etree.tostring(self._tree, xml_declaration=True, encoding="UTF-8") if newer_elements else source
        self._schema = etree.XMLSchema(self._tree)

    def read(self, document: bytes, *, root: str) -> etree._Element:
        """The document's tree, once it is well-formed, has the right root and obeys the schema.

        Args:
            document: The bytes as they arrived.
            root: The name that the call expects, `report` or `fileDetails`.

        Raises:
            DocumentRefusedError: Code 4110 for what is not well-formed UTF-8 XML without DOCTYPE, else 4100.
        """
        tree = _parse(document)
        if tree.tag != root:
            text = wording.phrase(tree, kind="SCHEMAV_CVC_ELT_1", message="", expected=())[0]
            raise DocumentRefusedError(4100, [self._problem(Positions(document, root=tree), tree, text, at_start=True)])
        if not self._schema.validate(tree):
            raise DocumentRefusedError(4100, self._problems(document, tree))
        return tree

    def _problems(self, document: bytes, tree: etree._Element) -> list[Problem]:
        positions = Positions(document, root=tree)
        problems = []
        for entry in cast("Iterable[etree._LogEntry]", self._schema.error_log):
            element = _find(tree, path=entry.path)
            at_start = wording.ends_at_start_tag(kind=entry.type_name, message=entry.message)
            expected: tuple[str, ...] = ()
            if entry.type_name == "SCHEMAV_ELEMENT_CONTENT":
                parent = element.getparent() if at_start else element
                before = _names_before(element) if at_start else [str(child.tag) for child in element.iterchildren("*")]
                expected = self._expected(tree if parent is None else parent, before)
            for text in wording.phrase(element, kind=entry.type_name, message=entry.message, expected=expected):
                problems.append(self._problem(positions, element, text, at_start=at_start))  # noqa: PERF401 - two loops
        return sorted(problems, key=lambda problem: (problem.line, problem.column))

    @staticmethod
    def _problem(positions: Positions, element: etree._Element, text: str, *, at_start: bool) -> Problem:
        line, column = positions.after_start_tag(element) if at_start else positions.after_end_tag(element)
        return Problem(line, column, text)

    def _expected(self, parent: etree._Element, before: list[str]) -> tuple[str, ...]:
        """Every name that may follow `before` inside `parent`; libxml2 itself stops listing after ten."""
        group = self._group_of(parent)
        if group is None:
            return ()
        slots = [_Slot.of(node) for node in group]
        if group.tag == f"{_XS}all":
            return tuple(name for slot in slots for name in slot.names if name not in before)
        if group.tag == f"{_XS}choice":
            return () if before else tuple(name for slot in slots for name in slot.names)
        return _following(slots, before)

    def _group_of(self, element: etree._Element) -> etree._Element | None:
        declaration = self._declaration_of(element)
        if declaration is None:
            return None
        inline = declaration.find(f"{_XS}complexType")
        kind = inline if inline is not None else self._types.get(str(declaration.get("type")))
        groups = [] if kind is None else [child for child in kind if child.tag in _GROUPS]
        return groups[0] if groups else None

    def _declaration_of(self, element: etree._Element) -> etree._Element | None:
        parent = element.getparent()
        scope = self._tree if parent is None else self._group_of(parent)
        if scope is None:
            return None
        names = (node for node in scope.iter(f"{_XS}element") if node.get("name") == element.tag)
        return next(names, None)

    def _add_newer_elements(self) -> None:
        for type_name, behind, name, is_flag in _NEWER:
            group = next(child for child in self._types[type_name] if child.tag in _GROUPS)
            new = etree.Element(f"{_XS}element", name=name, type="xs:boolean", minOccurs="0")
            if is_flag:
                new.set("fixed", "true")
            neighbours = [child for child in group if behind is None or child.get("name") == behind]
            neighbours[-1].addnext(new)


_GROUPS = frozenset({f"{_XS}sequence", f"{_XS}all", f"{_XS}choice"})


@dataclass(frozen=True, slots=True)
class _Slot:
    """One place of a sequence: the names that may stand there, whether one must, and whether it may repeat."""

    names: tuple[str, ...]
    is_required: bool
    is_repeatable: bool

    @classmethod
    def of(cls, node: etree._Element) -> "_Slot":
        elements = [node] if node.tag == f"{_XS}element" else list(node.iter(f"{_XS}element"))
        return cls(
            names=tuple(str(element.get("name")) for element in elements),
            is_required=all(element.get("minOccurs") != "0" for element in elements),
            is_repeatable=node.get("maxOccurs") == "unbounded",
        )


def _following(slots: list[_Slot], before: list[str]) -> tuple[str, ...]:
    position = -1
    for name in before:
        places = (index for index, slot in enumerate(slots) if index >= position and name in slot.names)
        position = next(places, position)
    expected: list[str] = []
    if position >= 0 and slots[position].is_repeatable:
        expected.extend(slots[position].names)
    for slot in slots[position + 1 :]:
        expected.extend(slot.names)
        if slot.is_required:
            break
    return tuple(expected)


def _parse(document: bytes) -> etree._Element:
    try:
        document.decode(_UTF8)
    except UnicodeDecodeError as error:
        line = document.count(b"\n", 0, error.start) + 1
        column = error.start - document.rfind(b"\n", 0, error.start)
        raise DocumentRefusedError(4110, [Problem(line, column, "Invalid byte in a UTF-8 sequence.")]) from None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise DocumentRefusedError(4110, [Problem(max(line, 1), max(column, 1), _malformed(document))]) from None
    info = tree.getroottree().docinfo
    if info.internalDTD is not None:
        raise DocumentRefusedError(4110, [Problem(1, 1, _DOCTYPE)])
    if codecs.lookup(info.encoding or _UTF8).name not in {_UTF8, "ascii"}:
        raise DocumentRefusedError(4110, [Problem(1, 1, "The encoding declared is not UTF-8.")])
    return tree


_DOCTYPE = "DOCTYPE is disallowed."


def _malformed(document: bytes) -> str:
    if not document.strip():
        return "Premature end of file."
    return "The document is not well-formed: every element must be closed, every '<' and '&' in text escaped."


def _find(tree: etree._Element, *, path: str | None) -> etree._Element:
    """The element of a libxml2 path; the root where XPath cannot follow it."""
    try:
        found = tree.getroottree().xpath(path or "/*", namespaces=_prefixes(tree))
    except etree.XPathEvalError:
        found = []
    match found:
        case [etree._Element() as element, *_]:
            return element
    return tree


def _names_before(element: etree._Element) -> list[str]:
    return [str(sibling.tag) for sibling in element.itersiblings("*", preceding=True)][::-1]


def _prefixes(tree: etree._Element) -> dict[str, str]:
    return {prefix: uri for element in tree.iter("*") for prefix, uri in element.nsmap.items() if prefix}


@functools.cache
def compiled(*, newer_elements: bool = False) -> Grammar:
    """The grammar, compiled once a process for each of its two forms."""
    return Grammar(newer_elements=newer_elements)
