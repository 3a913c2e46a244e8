"""The input as a tree that can be pruned and still knows where everything stood.

Arrays remember the positions that their items had, so that a path always means the input as it was handed in. What is
taken away, and what stands in for something required, is remembered as touched: nothing can be concluded from it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tipline_client.models import Reporter, Submission, WireModel
from tipline_client.models.outline import FieldOutline
from tipline_client.validation import type_rules as rules
from tipline_client.validation.json_text import BAD_NUMBER, RepeatedNames, Unread
from tipline_client.validation.refusals import Refusal, is_showable
from tipline_client.validation.rule import Finding
from tipline_client.validation.shape import Loc, join, parse_path, shape_of

__all__ = ["Found", "Tree", "wrap_bare_report"]

MAX_DEPTH = 64
"""Deeper than any submission, whose deepest element stands at level 12 or so."""

# Only to let the other rules run; an instance that holds one of these is never handed out.
_STAND_INS: Mapping[str, Any] = {
    "report": {},
    "report.incidentSummary": {},
    "report.incidentSummary.incidentType": "Misleading Domain Name",
    "report.incidentSummary.incidentDateTime": "2000-01-02T03:04:05Z",
    "report.reporter": {},
    "report.reporter.reportingPerson": {},
}

_GONE = object()
_JOINT = re.compile(r"[.\[]")


class _Items(list[Any]):
    """An array that remembers the position of each item in the input."""

    origins: list[int]


@dataclass(frozen=True, slots=True)
class _Node:
    """A value of the tree: what holds it, under which key, and where that was in the input."""

    container: Any
    key: str | int
    path: str


@dataclass(frozen=True, slots=True)
class Found:
    """A place that a type refused.

    Attributes:
        path: Where it stood in the input, in wire names.
        field: The field of the schema, if it is known.
        value: What stands there; for something missing, what it is missing from.
        node: The deepest value that exists on the way there; `None` for the root.
        is_item: Whether it is one item of an array.
    """

    path: str
    field: FieldOutline | None
    value: Any
    node: _Node | None
    is_item: bool


def wrap_bare_report(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A submission of a report that was handed in alone, or `None` if it was not."""
    if "report" in data or not {"incidentSummary", "incident_summary"} & data.keys():
        return None
    ours = shape_of(Submission).fields.keys()
    report = RepeatedNames((name, value) for name, value in data.items() if name not in ours)
    report.repeated = data.repeated if isinstance(data, RepeatedNames) else frozenset()
    return {"report": report} | {name: value for name, value in data.items() if name in ours}


class Tree:
    """A mutable copy of the input.

    Attributes:
        root: The copy; what no report can hold is already taken away.
        findings: Why it was.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.findings: list[Finding] = []
        self._touched: set[str] = set()
        self._above_touched: set[str] = set()
        self._pending: list[_Node] = []
        self._changed = False
        self.root: dict[str, Any] = self._copy_object(data, "", Submission, 0)

    def add_reporter(self, reporter: object) -> None:
        """Let a reporter stand in a report that names none."""
        report = self.root.get("report")
        if isinstance(report, dict) and "reporter" not in report and "report.reporter" not in self._touched:
            # Copied like the rest: what is refused of it is taken out of the copy, and the next report is read anew.
            kept = self._copy(reporter, "report.reporter", Reporter, 1)
            if kept is not _GONE:
                report["reporter"] = kept

    def locate(self, loc: Loc) -> Found:
        """The place that segments lead to: names in either spelling, positions of this tree."""
        kind: type[WireModel] | None = Submission
        field: FieldOutline | None = None
        node: _Node | None = None
        path = ""
        value: Any = self.root
        is_item = is_missing = False
        for segment in loc:
            if isinstance(segment, int):
                is_item = True
                if isinstance(value, _Items) and segment < len(value):
                    path = join(path, value.origins[segment])
                    node, value = _Node(value, segment, path), value[segment]
                else:
                    path = join(path, segment)  # one item alone, given for an array
                continue
            known = None if kind is None else shape_of(kind).fields.get(segment)
            if kind is None or known is None:
                continue  # a tag of the type's own, not a place
            field, is_item = known, False
            path += shape_of(kind).endings[known.name] if path else known.wire
            kind = known.model
            if is_missing or not isinstance(value, dict):
                continue  # below something missing, or the bare text of an element
            key = next((key for key in (segment, known.wire, known.name) if key in value), None)
            is_missing = key is None
            if key is not None:
                node, value = _Node(value, key, path), value[key]
        return Found(path, field, value, node, is_item)

    def doom(self, place: Found, refusal: Refusal) -> None:
        """Note what has to go, or to stand in, so that the rest can be read."""
        if refusal.kind == "unknown_name":
            # What was probably meant is not known to be missing, unless it stands beside it.
            near = {str(name) for name in refusal.context["nearest"] if name} - self._given(place)
            for name in near:
                self._touch(join(place.path, name))
            self._pending += [_Node(place.value, name, "") for name in refusal.context["names"]]
        elif refusal.kind == "name_given_twice":
            fields = {field.wire: field.name for field in self._fields_at(place).values()}
            for wire in refusal.context["names"]:
                self._pending.append(_Node(place.value, fields.get(wire, wire), join(place.path, wire)))
        elif refusal.kind == "meme_marked_twice":
            path = join(place.path, "potentialMeme")
            self._pending += [_Node(place.value, name, path) for name in ("potentialMeme", "potential_meme")]
        elif refusal.kind == "exactly_one_child" and refusal.context.get("given", 0) > 1:
            given = [name for name, child in place.value.items() if child is not None]
            self._pending += [_Node(place.value, name, join(place.path, name)) for name in given[1:]]
        elif refusal.kind == "missing" and place.path in _STAND_INS and isinstance(place.value, dict):
            stand_in = _STAND_INS[place.path]
            place.value[place.path.rpartition(".")[2]] = dict(stand_in) if isinstance(stand_in, dict) else stand_in
            self._pending.append(_Node(None, "", place.path))
            self._changed = True
        elif place.node is not None:
            self._pending.append(place.node)

    def prune(self) -> bool:
        """Take away what is doomed; whether the tree changed."""
        doomed: dict[int, tuple[Any, set[Any]]] = {}
        for node in self._pending:
            if node.path:
                self._touch(node.path)
            if node.container is not None:
                doomed.setdefault(id(node.container), (node.container, set()))[1].add(node.key)
        for container, keys in doomed.values():
            self._changed |= _take_away(container, keys)
        changed, self._changed = self._changed, False
        self._pending.clear()
        return changed

    def is_touched(self, path: str, *, below: bool = False) -> bool:
        """Whether the place, or one that holds it, was taken away or filled in; with `below`, or any part of it."""
        if path in self._touched or (below and path in self._above_touched):
            return True
        return any(above in self._touched for above in _places_above(path))

    def supports(self, finding: Finding) -> bool:
        """Whether what the finding rests on stands as it was handed in."""
        return not self.is_touched(finding.path) and not any(
            self.is_touched(path, below=True) for path in finding.reads
        )

    def restored(self, finding: Finding) -> Finding:
        """The finding with paths of the input instead of paths of what was left of it."""
        places = {path: self.locate(parse_path(path)).path for path in (finding.path, *finding.reads)}
        facts = tuple((name, places.get(fact, fact) if isinstance(fact, str) else fact) for name, fact in finding.facts)
        reads = tuple(places[path] for path in finding.reads)
        return replace(finding, path=places[finding.path], reads=reads, facts=facts)

    def _given(self, place: Found) -> set[str]:
        fields = self._fields_at(place)
        return {fields[name].wire for name in place.value if name in fields}

    def _touch(self, path: str) -> None:
        self._touched.add(path)
        self._above_touched.update(_places_above(path))

    def _fields_at(self, place: Found) -> Mapping[str, FieldOutline]:
        kind = Submission if place.field is None else place.field.model
        return {} if kind is None else shape_of(kind).fields

    def _refuse(self, finding: Finding) -> object:
        self.findings.append(finding)
        self._touch(finding.path)
        return _GONE

    def _copy(self, value: Any, path: str, kind: type[WireModel] | None, depth: int) -> Any:
        if value is BAD_NUMBER:
            return self._refuse(rules.BAD_NUMBER.at(path))
        if isinstance(value, Unread):
            return self._refuse(replace(value.finding, path=path))
        if not isinstance(value, (Mapping, list, tuple)):
            return value
        if depth > MAX_DEPTH:
            return self._refuse(rules.TOO_DEEP.at(path))
        if isinstance(value, Mapping):
            return self._copy_object(value, path, kind, depth)
        copies = [(index, self._copy(item, f"{path}[{index}]", kind, depth + 1)) for index, item in enumerate(value)]
        items = _Items(copy for _, copy in copies if copy is not _GONE)
        items.origins = [index for index, copy in copies if copy is not _GONE]
        return items

    def _copy_object(self, value: Mapping[Any, Any], path: str, kind: type[WireModel] | None, depth: int) -> Any:
        fields = {} if kind is None else shape_of(kind).fields
        repeated = value.repeated if isinstance(value, RepeatedNames) else frozenset()
        copy: dict[str, Any] = {}
        for name, item in value.items():
            if not isinstance(name, str):
                self.findings.append(rules.UNKNOWN_NAME.at(path or "submission", hint="Names are text."))
                continue
            field = fields.get(name)
            shown = field.wire if field is not None else name
            place = join(path, shown) if field is not None or is_showable(name) else path or "submission"
            if name in repeated:
                self._refuse(rules.GIVEN_TWICE.at(place))
                continue
            # One item alone is the first of an array that was not written.
            if field is not None and field.is_repeated and not isinstance(item, (list, tuple)):
                place = join(place, 0)
            kept = self._copy(item, place, None if field is None else field.model, depth + 1)
            if kept is not _GONE:
                copy[name] = kept
        return copy


def _places_above(path: str) -> Iterator[str]:
    """Every place that holds this one: `a.b[0].c` is held by `a.b[0]`, `a.b` and `a`."""
    return (path[: mark.start()] for mark in _JOINT.finditer(path))


def _take_away(container: Any, keys: set[Any]) -> bool:
    if isinstance(container, _Items):
        for index in sorted(keys, reverse=True):
            del container[index]
            del container.origins[index]
        return bool(keys)
    present = keys & container.keys()
    for key in present:
        del container[key]
    return bool(present)
