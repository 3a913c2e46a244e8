"""The endpoint's own XSD, as the user fetched it: what it has beyond the schema we know, and whether a document fits.

The schema is the endpoint's to publish, not ours: it is never shipped, only read from where the user saved it.
"""

import itertools
from collections.abc import Iterable
from threading import Lock
from typing import Self, cast

from lxml import etree

from tipline_client.errors import ConfigurationError, Issue
from tipline_client.profiles.findings import hide_values
from tipline_client.validation import rules_outside

__all__ = ["EndpointSchema"]

_XS = "{http://www.w3.org/2001/XMLSchema}"
_MAX_FINDINGS = 50
_MAX_SCHEMA_BYTES = 8 * 1024 * 1024

CANDIDATES = frozenset(
    {
        ("reportAnnotations", "informational"),
        ("reportAnnotations", "potentialAggravatingFactors"),
        ("reportAnnotations", "instrumentalUse"),
        ("person", "ageAssertionDiscrepancy"),
        ("associatedAccount", "ageAssertionDiscrepancy"),
    }
)
"""Documented elements that the schema of November 2025 lacks, as (owner, element)."""


class EndpointSchema:
    """One fetched XSD, compiled.

    Attributes:
        text: The bytes as fetched.
        newer_elements: Which of the newer elements it has.
    """

    def __init__(self, text: bytes) -> None:
        """Compile a schema.

        Raises:
            ConfigurationError: The bytes are no XSD that declares `report` and `fileDetails`.
        """
        hint = "Fetch it again with `tipline schema fetch`."
        if len(text) > _MAX_SCHEMA_BYTES:
            raise ConfigurationError("the endpoint's schema is too large to be one", hint=hint)
        try:
            root = etree.fromstring(text, _parser())
            if root.getroottree().docinfo.internalDTD is not None:
                raise ConfigurationError("the endpoint's schema has a DOCTYPE, which is refused", hint=hint)
            if any(root.iter(f"{_XS}include", f"{_XS}import", f"{_XS}redefine")):
                raise ConfigurationError("the endpoint's schema points to other files, which is refused", hint=hint)
            self._schema = etree.XMLSchema(root)
        except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
            raise ConfigurationError("the saved schema of the endpoint cannot be read as an XSD", hint=hint) from error
        declared = {element.get("name") for element in root.findall(f"{_XS}element")}
        if not {"report", "fileDetails"} <= declared:
            raise ConfigurationError("the saved schema declares no report and fileDetails", hint=hint)
        self._lock = Lock()
        self.text = text
        self.newer_elements = frozenset((owner, name) for owner, name in CANDIDATES if name in _members(root, owner))

    def __reduce__(self) -> tuple[type[Self], tuple[bytes]]:
        """By its text: another process compiles it again."""
        return type(self), (self.text,)

    def __repr__(self) -> str:
        return f"EndpointSchema({len(self.text)} bytes, newer_elements={len(self.newer_elements)})"

    def check(self, document: bytes, *, path: str) -> tuple[Issue, ...]:
        """Check an XML document against the schema.

        Args:
            document: The bytes that would be sent.
            path: What it is in the submission: `report`, `evidence[0].details`.

        Returns:
            One issue per finding; the text names elements of the schema, never values of the document.
        """
        # Our own writing, so its size is no attack; the reading side's caps would refuse a long text.
        tree = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        # The compiled schema keeps the log of its last validation, so two threads must not share one.
        with self._lock:
            if self._schema.validate(tree):
                return ()
            # lxml's stubs do not say that the log can be walked.
            log = cast("Iterable[etree._LogEntry]", self._schema.error_log)
            messages = [found.message for found in itertools.islice(log, _MAX_FINDINGS)]
        return tuple(
            rules_outside.ENDPOINT_SCHEMA.at(path, finding=hide_values(message)).as_issue() for message in messages
        )


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _members(root: etree._Element, owner: str) -> set[str | None]:
    """Names of the elements declared directly in the type called `owner`, or in an element of that name."""
    return {
        member.get("name")
        for kind in ("complexType", "element")
        for holder in root.iter(f"{_XS}{kind}")
        if holder.get("name") == owner
        for member in holder.iter(f"{_XS}element")
    }
