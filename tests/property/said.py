"""What a model says and what a document says, each as plain lists, so that a test can compare the two.

The document is read by lxml; the model by its fields. Nothing here uses the writer or its escaping.
"""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

from lxml import etree

from tipline_client.models import WireModel
from tipline_client.models.outline import FieldOutline, Kind, Place, outline

Saying = tuple[str, str]


def said_by_document(element: etree._Element, path: str = "") -> Iterator[Saying]:
    """Every attribute and every element without children, as (path without indexes, text)."""
    here = f"{path}/{element.tag!s}"
    for name, value in element.attrib.items():
        yield f"{here}@{name!s}", str(value)
    if len(element):
        for child in element:
            yield from said_by_document(child, here)
    else:
        yield here, element.text or ""


def said_by_model(model: WireModel, path: str) -> Iterator[Saying]:
    """The same list, from the model, as the document ought to say it."""
    fields = outline(type(model))
    for field in fields:
        value = getattr(model, field.name)
        if field.place is Place.ATTRIBUTE and value is not None and (value != "" or field.is_required):
            yield f"{path}@{field.wire}", _as_text(field, value)
    text = [field for field in fields if field.place is Place.TEXT]
    children = [
        saying for field in fields if field.place is Place.ELEMENT for saying in _said_by_child(model, field, path)
    ]
    if text:
        yield path, _as_text(text[0], getattr(model, text[0].name))
    elif children:
        yield from children
    else:
        yield path, ""


def _said_by_child(model: WireModel, field: FieldOutline, path: str) -> Iterator[Saying]:
    value = getattr(model, field.name)
    here = f"{path}/{field.wire}"
    for item in value if field.is_repeated else [] if value is None else [value]:
        if field.kind is Kind.FLAG:
            if item:
                yield here, ""
        elif field.model is None:
            if item != "" or field.is_required:
                yield here, _as_text(field, item)
        elif field.wire not in {"reportAnnotations", "fileAnnotations"} or any(dict(item).values()):
            yield from said_by_model(item, here)


def _as_text(field: FieldOutline, value: Any) -> str:
    if field.kind is Kind.INSTANT:
        precision = "milliseconds" if value.microsecond else "seconds"
        return str(value.astimezone(UTC).isoformat(timespec=precision)).replace("+00:00", "Z")
    if field.kind is Kind.TRUTH:
        return "true" if value else "false"
    return "".join(character if is_sendable(character) else "\ufffd" for character in str(value))


def is_sendable(character: str) -> bool:
    """Whether XML 1.0, section 2.2, has this character."""
    point = ord(character)
    return (
        point in (0x9, 0xA, 0xD) or 0x20 <= point <= 0xD7FF or 0xE000 <= point <= 0xFFFD or 0x10000 <= point <= 0x10FFFF
    )
