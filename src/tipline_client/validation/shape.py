"""Which wire name stands where: the map between spellings of names, places in the input and paths.

Read once per class from the outline of the models. It answers what may stand at a place and where that lies in the
document; it must not know a rule or a value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tipline_client.models import WireModel
from tipline_client.models.outline import FieldOutline, Place, outline

__all__ = ["Loc", "Shape", "document_order", "join", "parse_path", "shape_of"]

Loc = tuple[str | int, ...]
"""A place as segments: names and positions in arrays."""

_SEGMENT = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
_BEHIND_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of one model class.

    Attributes:
        fields: Every accepted spelling of a name, with its field.
        positions: Wire name to its place in the sequence.
        endings: Python name to what the field adds to the path of its element; nothing for the element's own text.
        text: The field that is the element's own text, if it has one.
    """

    fields: Mapping[str, FieldOutline]
    positions: Mapping[str, int]
    endings: Mapping[str, str]
    text: FieldOutline | None


@cache
def shape_of(kind: type[WireModel]) -> Shape:
    """The shape of a model class."""
    fields = outline(kind)
    return Shape(
        fields={spelling: field for field in fields for spelling in (field.name, field.wire)},
        positions={field.wire: position for position, field in enumerate(fields)},
        endings={field.name: "" if field.place is Place.TEXT else f".{field.wire}" for field in fields},
        text=next((field for field in fields if field.place is Place.TEXT), None),
    )


def join(path: str, segment: str | int) -> str:
    """`path` with one more segment."""
    if isinstance(segment, int):
        return f"{path}[{segment}]"
    return f"{path}.{segment}" if path else segment


def parse_path(path: str) -> Loc:
    """The segments of a written path."""
    return tuple(int(index) if index else name for index, name in _SEGMENT.findall(path))


def document_order(path: str, root: type[WireModel]) -> tuple[tuple[int, int], ...]:
    """A sort key: paths in the order in which the document has them, a parent before its children."""
    key: list[tuple[int, int]] = []
    kind: type[WireModel] | None = root
    for segment in parse_path(path):
        if isinstance(segment, int):
            if key:
                key[-1] = (key[-1][0], segment)
            continue
        field = None if kind is None else shape_of(kind).fields.get(segment)
        if kind is None or field is None:
            key.append((_BEHIND_ALL, -1))
            kind = None
        else:
            key.append((shape_of(kind).positions[field.wire], -1))
            kind = field.model
    return tuple(key)
