"""What a mapping says of one object, a report or a file: its columns and constants, and what a record makes of them.

An element of an array is there for a record or not: this is where that is decided, and where its cells stand then.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tipline_client.bulk.cells import CellError, value_of
from tipline_client.bulk.dates import DateForm
from tipline_client.bulk.places import Target, write
from tipline_client.models import WireModel
from tipline_client.models.outline import outline
from tipline_client.validation import Unread, rules_outside
from tipline_client.validation.shape import Loc, join, shape_of

__all__ = ["Column", "Part"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column at one place.

    Attributes:
        name: As the header has it.
        target: The place.
        form: How its dates are written.
    """

    name: str
    target: Target
    form: DateForm | None = None


@dataclass(frozen=True, slots=True)
class _Element:
    """An element of an array that goes with its constants, where all its cells are empty.

    Attributes:
        at: Its place as the mapping has it.
        names: Its columns.
    """

    at: Loc
    names: tuple[str, ...]


@dataclass(frozen=True)
class Part:
    """The columns and constants of one object.

    Attributes:
        root: What it is.
        columns: Where cells stand.
        constants: Values that are the same in every record.
    """

    root: type[WireModel]
    columns: tuple[Column, ...]
    constants: tuple[tuple[Target, Any], ...]

    def cells(self, record: Mapping[str, str], prefix: str) -> dict[str, Any]:
        """The values of the cells that are not empty, with `Unread` for one that is none of its place.

        Args:
            record: Cells by their columns.
            prefix: What stands before each path of an issue.
        """
        tree: dict[str, Any] = {}
        for column in self.columns:
            cell = record[column.name]
            if not cell.strip():
                continue
            value: object
            try:
                value = value_of(cell, column.target.kind, column.form)
            except CellError as error:
                at = prefix + column.target.path
                value = Unread(rules_outside.BAD_CELL.at(at, column=repr(column.name), reason=str(error)))
            write(tree, column.target, value)
        return tree

    def complete(self, tree: dict[str, Any], record: Mapping[str, str]) -> None:
        """Put the constants beside the cells, other than those of elements that the record has not."""
        gone = [each.at for each in self._elements if not any(record[name].strip() for name in each.names)]
        for target, value in self.constants:
            if not any(_is_in(target, at) for at in gone):
                write(tree, target, value)

    def places(self, tree: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
        """Which column stands at which path, where positions have closed up; an empty cell beside what is there.

        Args:
            tree: What the record makes, with its positions as the mapping has them.
            prefix: What stands before each path.
        """
        for column in self.columns:
            path = _closed_up(tree, column.target.segments)
            if path:
                yield prefix + path, column.name
                yield prefix + path.removesuffix(".value"), column.name

    @cached_property
    def _elements(self) -> tuple[_Element, ...]:
        """The elements that cannot be without one of their cells, the inner ones first."""
        columns = [(column.target, column.name) for column in self.columns]
        fixed = [target for target, _ in self.constants]
        found: list[_Element] = []
        for at in sorted({at for target in fixed for at in _elements_around(target)}, key=len, reverse=True):
            kind = _kind_of(at, self.root)
            names = tuple(name for target, name in columns if _is_in(target, at))
            if kind is None or not names:
                continue
            alone = [target for target in fixed if not any(_is_in(target, each.at) for each in found)]
            if not _is_whole(_tree(at, alone), kind) and _is_whole(
                _tree(at, [*fixed, *(target for target, _ in columns)]), kind
            ):
                found.append(_Element(at, names))
        return tuple(found)


def _elements_around(target: Target) -> Iterator[Loc]:
    return (target.segments[: at + 1] for at, segment in enumerate(target.segments) if isinstance(segment, int))


def _is_in(target: Target, at: Loc) -> bool:
    return target.segments[: len(at)] == at


def _tree(at: Loc, targets: Iterable[Target]) -> dict[Any, Any]:
    """What stands at a place, as a tree of the names and positions below it."""
    tree: dict[Any, Any] = {}
    for target in targets:
        node = tree
        for segment in target.segments[len(at) :] if _is_in(target, at) else ():
            node = node.setdefault(segment, {})
    return tree


def _kind_of(segments: Loc, root: type[WireModel]) -> type[WireModel] | None:
    kind: type[WireModel] | None = root
    for segment in segments:
        if isinstance(segment, str) and kind is not None:
            kind = shape_of(kind).fields[segment].model
    return kind


def _is_whole(tree: dict[Any, Any], kind: type[WireModel]) -> bool:
    """Whether all is there that an object, and what there is in it, must have."""
    for field in outline(kind):
        if field.wire not in tree:
            if field.is_required:
                return False
            continue
        below = tree[field.wire]
        inner = below.values() if field.is_repeated else [below]
        if field.model is not None and not all(_is_whole(each, field.model) for each in inner):
            return False
    return True


def _closed_up(tree: Any, segments: Loc) -> str:
    """The path of a place of the mapping in what a record makes; empty if something else stands at that path."""
    path = ""
    for segment in segments:
        below = tree if isinstance(tree, dict) else {}
        if isinstance(segment, str):
            path = join(path, segment)
        elif segment in below:
            path = join(path, sorted(below).index(segment))
        elif segment < len(below):
            return ""
        else:
            path = join(path, segment)
        tree = below.get(segment)
    return path
