"""Says a libxml2 finding in the words of Xerces, because that is what a client of the real endpoint gets to read.

Only the finding's kind, and the names of attributes, types and facets, are taken from libxml2's text; values are read
from the document itself. Knows nothing of HTTP or of the rules beyond the schema.
"""

import re
from collections.abc import Callable, Sequence

from lxml import etree

__all__ = ["ends_at_start_tag", "phrase"]

_ATTRIBUTE = re.compile(r"^Element '[^']*', attribute '([^']*)'")
_NAMED_ATTRIBUTE = re.compile(r"The attribute '([^']*)'")
_TYPE = re.compile(r"type 'xs:(\w+)'\.$")
_PATTERN = re.compile(r"by the pattern '(.*)'\.$", re.DOTALL)
_INTEGERS = {"int": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}

_MISSING_CHILD = "Missing child element(s)"
_AT_START_TAG = frozenset(
    {
        "SCHEMAV_CVC_ELT_1",
        "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1",
        "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2",
        "SCHEMAV_CVC_COMPLEX_TYPE_4",
        "SCHEMAV_CVC_TYPE_3_1_1",
        "SCHEMAV_CVC_ELT_3_1",
    }
)


def ends_at_start_tag(*, kind: str, message: str) -> bool:
    """Whether a reader of the stream knows of the finding as soon as the element's start tag is read."""
    if kind == "SCHEMAV_ELEMENT_CONTENT":
        return _MISSING_CHILD not in message
    return kind in _AT_START_TAG or _ATTRIBUTE.match(message) is not None


def phrase(element: etree._Element, *, kind: str, message: str, expected: Sequence[str]) -> list[str]:
    """The finding as Xerces words it: one sentence, or two where Xerces reports the value and then its owner.

    Args:
        element: The element that the finding is about.
        kind: libxml2's name of the finding's type.
        message: libxml2's text.
        expected: The names that could have stood at this place; used by findings about content.
    """
    name = str(etree.QName(element).localname)
    if kind == "SCHEMAV_ELEMENT_CONTENT":
        return [_content(name, message=message, expected=expected)]
    on_attribute = _ATTRIBUTE.match(message) or _NAMED_ATTRIBUTE.search(message)
    attribute = on_attribute.group(1) if on_attribute else ""
    if (structural := _STRUCTURE.get(kind)) is not None:
        return [structural(name, attribute)]
    value = str(element.get(attribute, "")) if attribute else "".join(str(text) for text in element.itertext())
    return [_value(value, kind=kind, message=message), _owner(name, attribute=attribute, value=value)]


def _content(name: str, *, message: str, expected: Sequence[str]) -> str:
    listing = f"One of '{{{', '.join(expected)}}}' is expected."
    if _MISSING_CHILD in message:
        return f"cvc-complex-type.2.4.b: The content of element '{name}' is not complete. {listing}"
    if not expected:
        return (
            f"cvc-complex-type.2.4.d: Invalid content was found starting with element '{name}'. "
            "No child element is expected at this point."
        )
    return f"cvc-complex-type.2.4.a: Invalid content was found starting with element '{name}'. {listing}"


def _value(value: str, *, kind: str, message: str) -> str:
    if kind == "SCHEMAV_CVC_ENUMERATION_VALID":
        allowed = message[message.rindex("of the set {") + len("of the set {") : message.rindex("}")].replace("'", "")
        return (
            f"cvc-enumeration-valid: Value '{value}' is not facet-valid with respect to enumeration '[{allowed}]'. "
            "It must be a value from the enumeration."
        )
    if kind == "SCHEMAV_CVC_PATTERN_VALID":
        found = _PATTERN.search(message)
        return (
            f"cvc-pattern-valid: Value '{value}' is not facet-valid with respect to pattern "
            f"'{found.group(1) if found else ''}' for type '#AnonType'."
        )
    named = _TYPE.search(message)
    return _not_of_type(value, type_name=named.group(1) if named else "string")


def _not_of_type(value: str, *, type_name: str) -> str:
    if type_name in _INTEGERS and re.fullmatch(r"\s*[+-]?[0-9]+\s*", value):
        low, high = _INTEGERS[type_name]
        facet, limit = ("minInclusive", low) if value.strip().startswith("-") else ("maxInclusive", high)
        return (
            f"cvc-{facet}-valid: Value '{value.strip()}' is not facet-valid with respect to {facet} '{limit}' "
            f"for type '{type_name}'."
        )
    shown = "integer" if type_name in _INTEGERS else type_name
    return f"cvc-datatype-valid.1.2.1: '{value}' is not a valid value for '{shown}'."


def _owner(name: str, *, attribute: str, value: str) -> str:
    if attribute:
        return (
            f"cvc-attribute.3: The value '{value}' of attribute '{attribute}' on element '{name}' is not valid with "
            "respect to its type."
        )
    return f"cvc-type.3.1.3: The value '{value}' of element '{name}' is not valid."


def _unknown_attribute(name: str, attribute: str) -> str:
    return f"cvc-complex-type.3.2.2: Attribute '{attribute}' is not allowed to appear in element '{name}'."


def _attribute_on_simple_type(name: str, attribute: str) -> str:
    return f"cvc-type.3.1.1: Element '{name}' is a simple type, so it cannot have the attribute '{attribute}'."


_STRUCTURE: dict[str, Callable[[str, str], str]] = {
    "SCHEMAV_CVC_ELT_1": lambda name, _: f"cvc-elt.1.a: Cannot find the declaration of element '{name}'.",
    "SCHEMAV_CVC_ELT_3_1": lambda name, _: (
        f"cvc-elt.3.1: Attribute 'xsi:nil' must not appear on element '{name}', because it is not nillable."
    ),
    "SCHEMAV_CVC_ELT_5_2_2_2_2": lambda name, _: (
        f"cvc-elt.5.2.2.2.2: The value of element '{name}' does not match the fixed value 'true'."
    ),
    "SCHEMAV_CVC_COMPLEX_TYPE_2_1": lambda name, _: (
        f"cvc-complex-type.2.1: Element '{name}' must have no character or element information item [children], "
        "because the type's content type is empty."
    ),
    "SCHEMAV_CVC_COMPLEX_TYPE_2_2": lambda name, _: (
        f"cvc-complex-type.2.2: Element '{name}' must have no element [children], and the value must be valid."
    ),
    "SCHEMAV_CVC_COMPLEX_TYPE_2_3": lambda name, _: (
        f"cvc-complex-type.2.3: Element '{name}' cannot have character [children], because the type's content type "
        "is element-only."
    ),
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_1": _unknown_attribute,
    "SCHEMAV_CVC_COMPLEX_TYPE_3_2_2": _unknown_attribute,
    "SCHEMAV_CVC_COMPLEX_TYPE_4": lambda name, attribute: (
        f"cvc-complex-type.4: Attribute '{attribute}' must appear on element '{name}'."
    ),
    "SCHEMAV_CVC_TYPE_3_1_1": _attribute_on_simple_type,
    "SCHEMAV_CVC_TYPE_3_1_2": lambda name, _: (
        f"cvc-type.3.1.2: Element '{name}' is a simple type, so it must have no element information item [children]."
    ),
}
