"""Does every instance become a document that the hotline's schema and the mock's grammar accept, saying the same?"""

from pathlib import Path

import pytest
from hypothesis import given
from lxml import etree

from tests.property.said import is_sendable, said_by_document, said_by_model
from tipline_client.mock.grammar import Grammar
from tipline_client.models import FileDetails, Report, WireModel
from tipline_client.profiles.encode import encode
from tipline_client.testing.strategies import file_details, reports

pytestmark = pytest.mark.slow

NEWER = frozenset(
    {
        ("reportAnnotations", "informational"),
        ("reportAnnotations", "potentialAggravatingFactors"),
        ("reportAnnotations", "instrumentalUse"),
        ("person", "ageAssertionDiscrepancy"),
        ("associatedAccount", "ageAssertionDiscrepancy"),
    }
)


@pytest.fixture(scope="module")
def hotline(hotline_xsd: Path) -> etree.XMLSchema:
    """The hotline's schema, compiled."""
    return etree.XMLSchema(etree.parse(hotline_xsd))


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    """The mock's own grammar, compiled."""
    return Grammar()


@pytest.fixture(scope="module")
def newer_grammar() -> Grammar:
    """The mock's own grammar with the elements that newer documentation adds."""
    return Grammar(newer_elements=True)


def problems(schema: etree.XMLSchema, xml: bytes) -> str:
    """What the schema finds wrong with a document; empty when nothing is."""
    return "" if schema.validate(etree.fromstring(xml)) else str(schema.error_log)


@given(report=reports(valid=False))
def test_any_report_against_hotline_schema(hotline: etree.XMLSchema, report: Report) -> None:
    """Whatever the report says, the hotline's schema accepts the document."""
    xml = encode(report, "report").xml

    assert "" == problems(hotline, xml)


@given(details=file_details(valid=False))
def test_any_file_details_against_hotline_schema(hotline: etree.XMLSchema, details: FileDetails) -> None:
    """Whatever is said of a file, the hotline's schema accepts the document."""
    xml = encode(details, "fileDetails").xml

    assert "" == problems(hotline, xml)


@given(report=reports(valid=True))
def test_valid_report_against_mock_grammar(grammar: Grammar, report: Report) -> None:
    """A report without validation errors is accepted by the mock's own grammar, written apart from ours."""
    xml = encode(report, "report").xml

    assert "report" == grammar.read(xml, root="report").tag


@given(details=file_details(valid=True))
def test_valid_file_details_against_mock_grammar(grammar: Grammar, details: FileDetails) -> None:
    """File details without validation errors are accepted by the mock's own grammar."""
    xml = encode(details, "fileDetails").xml

    assert "fileDetails" == grammar.read(xml, root="fileDetails").tag


@given(report=reports(valid=True, newer=True))
def test_newer_elements_against_newer_mock_grammar(newer_grammar: Grammar, report: Report) -> None:
    """Elements that newer documentation adds are accepted in their places by a grammar that has them."""
    xml = encode(report, "report", newer=NEWER).xml

    assert "report" == newer_grammar.read(xml, root="report").tag


@given(report=reports(valid=False, newer=True))
def test_report_says_the_same_in_xml(report: Report) -> None:
    """Every text, attribute and flag comes back from the document, but for characters that XML cannot carry."""
    document = etree.fromstring(encode(report, "report", newer=NEWER).xml)

    assert list(said_by_model(report, "/report")) == list(said_by_document(document))


@given(details=file_details(valid=False))
def test_file_details_say_the_same_in_xml(details: FileDetails) -> None:
    """The same for file details."""
    document = etree.fromstring(encode(details, "fileDetails").xml)

    assert list(said_by_model(details, "/fileDetails")) == list(said_by_document(document))


@given(report=reports(valid=False, newer=True))
def test_every_substitution_is_on_record(report: Report) -> None:
    """The substitutions name each character that XML cannot carry, as often as the report holds it."""
    encoded = encode(report, "report", newer=NEWER)

    expected = sum(not is_sendable(character) for text in texts(report) for character in text)
    assert expected == sum(one.count for one in encoded.substitutions)


def texts(value: object) -> list[str]:
    """Every text inside a value, whatever holds it."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, WireModel):
        return [text for _, held in value for text in texts(held)]
    return [text for held in value for text in texts(held)] if isinstance(value, tuple) else []
