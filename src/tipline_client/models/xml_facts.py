"""Facts about the wire that a field carries with it: attribute or element, flag, newer than the known schema.

They stand in `Annotated` metadata, so that one declaration serves typed Python, JSON, JSON Schema and XML. This module
only names the facts; `outline` reads them. It must not know how XML is written.
"""

from dataclasses import dataclass

__all__ = ["Attribute", "NewerThanSchema", "NotSent", "PresenceFlag", "Text"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """The field is an XML attribute of the element that its model stands for."""


@dataclass(frozen=True, slots=True)
class Text:
    """The field is the text between the tags of the element that its model stands for."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """The field is ours and never crosses the wire."""


@dataclass(frozen=True, slots=True)
class PresenceFlag:
    """The field is said by an empty element and unsaid by leaving it out; there is no way to deny it."""


@dataclass(frozen=True, slots=True)
class NewerThanSchema:
    """The element is documented but absent from the schema of November 2025.

    Attributes:
        owner: The schema's name of the type that holds it.
        evidence: How sure its form is.
    """

    owner: str
    evidence: str
