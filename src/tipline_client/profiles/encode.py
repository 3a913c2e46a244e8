"""How a model becomes the bytes of an XML document.

One writer per class, compiled on first use from the facts on its fields. What an endpoint accepts beyond the schema of
November 2025 is an argument; this module must not know any element by name, nor anything of HTTP.
"""

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tipline_client.errors import Issue, ReportInvalidError, Severity
from tipline_client.models.base import WireModel
from tipline_client.models.newer import find_newer
from tipline_client.models.outline import FieldOutline, Kind, Place, is_marks_only, outline
from tipline_client.models.scalars import write_instant
from tipline_client.models.substitution import REPLACEMENT, Substitution, find_substitutions, replace_unsendable
from tipline_client.validation import rules_text

__all__ = ["Encoded", "encode"]

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

# Characters that need care, and any that XML cannot carry; most texts hold none and pass untouched.
_CAREFUL = re.compile("[^\t\n\x20-\x25\x27-\x3b\x3d\x3f-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CAREFUL_IN_ATTRIBUTE = re.compile("[^\x20\x21\x23-\x25\x27-\x3b\x3d\x3f-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# A parser turns CR into LF, and in attributes any white space into a space, unless they are references.
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE = _IN_TEXT | str.maketrans({'"': "&quot;", "\t": "&#9;", "\n": "&#10;"})

Write = Callable[[Any, str, list[str]], None]
WriteField = Callable[[Mapping[str, Any], list[str]], None]
Format = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Encoded:
    """An XML document, and what had to be replaced in it.

    Attributes:
        xml: UTF-8 without byte-order mark, with the XML declaration; no white space between elements.
        substitutions: Characters that XML cannot carry, each replaced by U+FFFD; paths start below the root.
    """

    xml: bytes = field(repr=False)
    substitutions: tuple[Substitution, ...]


def encode(model: WireModel, root: str, *, newer: Container[tuple[str, str]] = frozenset()) -> Encoded:
    """Write `model` as a document.

    Optional texts that are empty are left out, and so are annotations that assert nothing; everything else is written
    as it was given, even when it is empty.

    Args:
        model: A report, file details, or any other element.
        root: Name of the root element: `report`, `fileDetails`.
        newer: Elements beyond the schema of November 2025 that the endpoint is known to have, as (owner, name).

    Returns:
        The bytes, and the substitutions made.

    Raises:
        ReportInvalidError: The model says something that the endpoint's schema cannot hold. A fact is never dropped
            in silence.
    """
    refused = [element for element in find_newer(model) if (element.owner, element.name) not in newer]
    if refused:
        raise ReportInvalidError([_issue(f"{root}.{element.path}") for element in refused])
    out = [_DECLARATION]
    _writer(type(model))(model, root, out)
    document = "".join(out)
    # The replacement character may also have been there from the start, so its presence is only a reason to look.
    substitutions = find_substitutions(model) if REPLACEMENT in document else ()
    return Encoded(document.encode(), substitutions)


def _issue(path: str) -> Issue:
    return Issue(
        path=path,
        rule=rules_text.NEWER.id,
        severity=Severity.ERROR,
        message=(
            "the endpoint's schema is not known to have this element; fetch it with `tipline schema fetch`, "
            "or leave the element out and say the fact in additionalInfo"
        ),
        source=rules_text.NEWER.source,
    )


@cache
def _writer(model: type[WireModel]) -> Write:
    fields = outline(model)
    attributes = tuple(_attribute(field) for field in fields if field.place is Place.ATTRIBUTE)
    text = [field for field in fields if field.place is Place.TEXT]
    if text:
        return _write_text_element(attributes, text[0].name, _FORMATS[text[0].kind])
    return _write_complex(attributes, tuple(_child(field) for field in fields if field.place is Place.ELEMENT))


def _write_text_element(attributes: tuple[WriteField, ...], name: str, written: Format) -> Write:
    def write(model: WireModel, tag: str, out: list[str]) -> None:
        values = model.__dict__
        out.append(f"<{tag}")
        for attribute in attributes:
            attribute(values, out)
        out.append(f">{written(values[name])}</{tag}>")

    return write


def _write_complex(attributes: tuple[WriteField, ...], children: tuple[WriteField, ...]) -> Write:
    def write(model: WireModel, tag: str, out: list[str]) -> None:
        values = model.__dict__
        out.append(f"<{tag}")
        for attribute in attributes:
            attribute(values, out)
        out.append(">")
        before = len(out)
        for child in children:
            child(values, out)
        if len(out) == before:
            out[-1] = "/>"
        else:
            out.append(f"</{tag}>")

    return write


def _attribute(field: FieldOutline) -> WriteField:
    name, opening, is_required = field.name, f' {field.wire}="', field.is_required
    written = _escape_attribute if field.kind is Kind.TEXT else _FORMATS[field.kind]

    def write(values: Mapping[str, Any], out: list[str]) -> None:
        value = values[name]
        if value is not None and (is_required or value != ""):
            out.append(f'{opening}{written(value)}"')

    return write


def _child(field: FieldOutline) -> WriteField:
    if field.kind is Kind.FLAG:
        return _write_flag(field.name, f"<{field.wire}/>")
    if field.model is None:
        return _write_scalar(field, _FORMATS[field.kind])
    return _write_model(field, field.model)


def _write_flag(name: str, element: str) -> WriteField:
    def write(values: Mapping[str, Any], out: list[str]) -> None:
        if values[name]:
            out.append(element)

    return write


def _write_scalar(field: FieldOutline, written: Format) -> WriteField:
    name, opening, closing, is_required = field.name, f"<{field.wire}>", f"</{field.wire}>", field.is_required

    def write(values: Mapping[str, Any], out: list[str]) -> None:
        value = values[name]
        if value is not None and (is_required or value != ""):
            out.append(f"{opening}{written(value)}{closing}")

    def write_each(values: Mapping[str, Any], out: list[str]) -> None:
        out.extend(f"{opening}{written(value)}{closing}" for value in values[name] if value != "")

    return write_each if field.is_repeated else write


def _write_model(field: FieldOutline, model: type[WireModel]) -> WriteField:
    name, tag, write_one = field.name, field.wire, _writer(model)
    flags = tuple(mark.name for mark in outline(model)) if is_marks_only(model) else ()

    def write(values: Mapping[str, Any], out: list[str]) -> None:
        value = values[name]
        if value is not None:
            write_one(value, tag, out)

    def write_marks(values: Mapping[str, Any], out: list[str]) -> None:
        value = values[name]
        if value is not None and any(getattr(value, flag) for flag in flags):
            write_one(value, tag, out)

    def write_each(values: Mapping[str, Any], out: list[str]) -> None:
        for value in values[name]:
            write_one(value, tag, out)

    if flags:
        return write_marks
    return write_each if field.is_repeated else write


def _escape(text: str) -> str:
    return replace_unsendable(text).translate(_IN_TEXT) if _CAREFUL.search(text) else text


def _escape_attribute(text: str) -> str:
    return replace_unsendable(text).translate(_IN_ATTRIBUTE) if _CAREFUL_IN_ATTRIBUTE.search(text) else text


def _truth(value: bool) -> str:
    return "true" if value else "false"


_FORMATS: Mapping[Kind, Format] = {
    Kind.TEXT: _escape,
    Kind.WORD: _escape,
    Kind.TRUTH: _truth,
    Kind.WHOLE: str,
    Kind.DEGREES: repr,
    Kind.INSTANT: write_instant,
    Kind.DATE: str,
}
