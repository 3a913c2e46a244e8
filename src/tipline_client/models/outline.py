"""What a model class looks like on the wire: its fields in order, with place, kind and occurrence.

Read once per class from annotations and their facts, for whoever writes, walks or checks models. This module must not
know a single element, nor how any of this is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from tipline_client.models.base import WireModel
from tipline_client.models.xml_facts import Attribute, NewerThanSchema, NotSent, PresenceFlag, Text

__all__ = ["FieldOutline", "Kind", "Place", "is_marks_only", "outline"]


class Kind(Enum):
    """What a field holds."""

    MODEL = "model"
    TEXT = "text"
    WORD = "word"
    """Text from a closed list."""
    TRUTH = "truth"
    FLAG = "flag"
    WHOLE = "whole"
    DEGREES = "degrees"
    INSTANT = "instant"
    DATE = "date"


class Place(Enum):
    """Where a field stands in XML."""

    ELEMENT = "element"
    ATTRIBUTE = "attribute"
    TEXT = "text"
    NOWHERE = "nowhere"


_SCALARS = {
    str: Kind.TEXT,
    bool: Kind.TRUTH,
    int: Kind.WHOLE,
    float: Kind.DEGREES,
    datetime: Kind.INSTANT,
    date: Kind.DATE,
}


@dataclass(frozen=True, slots=True)
class FieldOutline:
    """One field of a model class.

    Attributes:
        name: The Python name.
        wire: The wire's name.
        kind: What it holds; for a repeated field, what each item is.
        place: Where it stands.
        is_repeated: Whether it holds a tuple of items.
        is_required: Whether it must be given: at least once, if it is repeated.
        newer: Set when the schema of November 2025 lacks it.
        model: The class of its items, when they are models.
        words: The closed list, when it is a short one.
        facts: Every fact on the field and on its items: limits, patterns, ranges.
    """

    name: str
    wire: str
    kind: Kind
    place: Place
    is_repeated: bool
    is_required: bool
    newer: NewerThanSchema | None
    model: type[WireModel] | None
    words: tuple[str, ...]
    facts: tuple[object, ...]


@cache
def outline(model: type[WireModel]) -> tuple[FieldOutline, ...]:
    """The fields of `model` in the order of the wire."""
    return tuple(_describe(name, field) for name, field in model.model_fields.items())


def is_marks_only(model: type[WireModel]) -> bool:
    """Whether the element holds presence flags and nothing else, so that without any it says nothing."""
    return all(field.kind is Kind.FLAG for field in outline(model))


def _describe(name: str, field: FieldInfo) -> FieldOutline:
    item, is_repeated, inner = _item(field.annotation)
    facts = (*field.metadata, *inner)
    kind, model, words = _kind(item)
    newer = [fact for fact in facts if isinstance(fact, NewerThanSchema)]
    return FieldOutline(
        name=name,
        wire=field.alias or name,
        kind=Kind.FLAG if any(isinstance(fact, PresenceFlag) for fact in facts) else kind,
        place=_place(facts),
        is_repeated=is_repeated,
        is_required=field.is_required(),
        newer=newer[0] if newer else None,
        model=model,
        words=words,
        facts=facts,
    )


def _place(facts: Sequence[Any]) -> Place:
    places = {Attribute: Place.ATTRIBUTE, Text: Place.TEXT, NotSent: Place.NOWHERE}
    return next((places[type(fact)] for fact in facts if type(fact) in places), Place.ELEMENT)


def _item(annotation: Any) -> tuple[Any, bool, tuple[object, ...]]:
    """The type of one value without `None`, whether there may be many, and the facts met on the way."""
    origin = get_origin(annotation)
    if origin is Annotated:
        annotated, *facts = get_args(annotation)
        item, is_repeated, inner = _item(annotated)
        return item, is_repeated, (*facts, *inner)
    if origin in (Union, UnionType):
        (inner_type,) = (argument for argument in get_args(annotation) if argument is not NoneType)
        return _item(inner_type)
    if origin is Sequence:
        item, _, inner = _item(get_args(annotation)[0])
        return item, True, inner
    return annotation, False, ()


def _kind(item: Any) -> tuple[Kind, type[WireModel] | None, tuple[str, ...]]:
    if get_origin(item) is Literal:
        return Kind.WORD, None, get_args(item)
    if issubclass(item, WireModel):
        return Kind.MODEL, item, ()
    return _SCALARS[item], None, ()
