"""Are the documents still the same, byte for byte?"""

from pathlib import Path

import pytest
from lxml import etree

from tests.golden.pinned import DOCUMENTS, NAMES, written


@pytest.mark.parametrize("name", NAMES)
def test_pinned_document(name: str) -> None:
    """The JSON form becomes exactly the pinned bytes."""
    pinned = (DOCUMENTS / f"{name}.xml").read_bytes()

    assert pinned == written(name)


@pytest.mark.parametrize("name", NAMES)
def test_pinned_document_against_hotline_schema(name: str, hotline_xsd: Path) -> None:
    """The hotline's schema accepts the pinned bytes."""
    schema = etree.XMLSchema(etree.parse(hotline_xsd))

    is_valid = schema.validate(etree.fromstring((DOCUMENTS / f"{name}.xml").read_bytes()))

    assert is_valid, schema.error_log


def test_every_document_is_pinned() -> None:
    """No file lies about unused."""
    expected = {f"{name}.{ending}" for name in NAMES for ending in ("json", "xml")}

    assert expected == {file.name for file in DOCUMENTS.iterdir()}
