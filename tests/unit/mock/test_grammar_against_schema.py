"""The mock's grammar has the structure of the hotline's own schema, and judges documents alike."""

from pathlib import Path

import pytest
from lxml import etree

from tests.unit.mock.samples import MINIMAL_REPORT, file_details, report_with
from tipline_client.mock.grammar import compiled

XS = "{http://www.w3.org/2001/XMLSchema}"
ROOTS = ("report", "fileDetails", "reportResponse", "reportDoneResponse")
Form = tuple[object, ...]


class Walker:
    """Turns a schema into nested tuples, following every reference and type, so that names of types do not matter."""

    def __init__(self, source: bytes) -> None:
        self.root = etree.fromstring(source)

    def top(self, tag: str, name: str) -> etree._Element:
        return next(node for node in self.root.iterchildren(XS + tag) if node.get("name") == name)

    def element(self, node: etree._Element) -> Form:
        occurs = (node.get("minOccurs", "1"), node.get("maxOccurs", "1"))
        reference = node.get("ref")
        target = node if reference is None else self.top("element", reference)
        return (
            "element",
            target.get("name"),
            *occurs,
            target.get("fixed"),
            target.get("nillable"),
            self.type_of(target),
        )

    def type_of(self, node: etree._Element) -> Form:
        name = node.get("type")
        if name is None:
            inline = next(child for child in node if child.tag in {XS + "complexType", XS + "simpleType"})
            return self.type_node(inline)
        if name.startswith("xs:"):
            return ("builtin", name)
        return self.type_node(
            next(child for child in self.root if child.get("name") == name and "Type" in str(child.tag))
        )

    def type_node(self, node: etree._Element) -> Form:
        if node.tag == XS + "simpleType":
            return self.restriction(next(iter(node.iterchildren(XS + "restriction"))))
        extension = node.find(f"{XS}simpleContent/{XS}extension")
        holder = node if extension is None else extension
        attributes = sorted(self.attribute(child) for child in holder.iterchildren(XS + "attribute"))
        groups = [self.group(child) for child in node if child.tag in {XS + "sequence", XS + "all", XS + "choice"}]
        base = None if extension is None else extension.get("base")
        return ("complex", node.get("mixed"), base, tuple(groups), tuple(attributes))

    def restriction(self, node: etree._Element) -> Form:
        values = frozenset(child.get("value") for child in node.iterchildren(XS + "enumeration"))
        patterns = tuple(child.get("value") for child in node.iterchildren(XS + "pattern"))
        return ("simple", node.get("base"), values, patterns)

    def attribute(self, node: etree._Element) -> tuple[str, str, str]:
        return (str(node.get("name")), node.get("use", "optional"), str(self.type_of(node)[:2]) + self.values(node))

    def values(self, node: etree._Element) -> str:
        form = self.type_of(node)
        return str(sorted(str(value) for part in form if isinstance(part, frozenset | tuple) for value in part))

    def group(self, node: etree._Element) -> Form:
        inner: list[Form] = []
        for child in node:
            if child.tag == XS + "element":
                inner.append(self.element(child))
            elif child.tag in {XS + "sequence", XS + "all", XS + "choice"}:
                inner.append(self.group(child))
        content: object = frozenset(inner) if node.tag != XS + "sequence" else tuple(inner)
        return (str(node.tag), node.get("minOccurs", "1"), node.get("maxOccurs", "1"), content)


@pytest.mark.parametrize("name", ROOTS)
def test_structure_of_a_root(name: str, hotline_xsd: Path) -> None:
    """Names, order, occurrence, types, values and attributes agree down to the leaves."""
    theirs = Walker(hotline_xsd.read_bytes())
    ours = Walker(compiled().schema)

    form = ours.element(ours.top("element", name))

    assert theirs.element(theirs.top("element", name)) == form


def details(rest: str) -> bytes:
    return file_details(1, "a", rest=rest)


DOCUMENTS = {
    "minimal": MINIMAL_REPORT,
    "no time": MINIMAL_REPORT.replace(b"<incidentDateTime>2026-01-15T09:30:00Z</incidentDateTime>", b""),
    "empty reporting person": MINIMAL_REPORT.replace(b"<email>safety@example.com</email>", b""),
    "padded type": MINIMAL_REPORT.replace(b"Misleading Domain Name", b" Misleading Domain Name "),
    "space in time": MINIMAL_REPORT.replace(b"15T09", b"15 09"),
    "no zone": MINIMAL_REPORT.replace(b"00Z", b"00"),
    "phone after email": report_with("<phone>1</phone>", before="</reportingPerson>"),
    "empty details": report_with("<internetDetails/>"),
    "empty page": report_with("<internetDetails><webPageIncident/></internetDetails>"),
    "two kinds": report_with("<internetDetails><webPageIncident/><emailIncident/></internetDetails>"),
    "not a number": report_with(
        "<internetDetails><cellPhoneIncident><latitude>NaN</latitude></cellPhoneIncident></internetDetails>"
    ),
    "empty state": report_with("<address><state></state></address>", before="</reportingPerson>"),
    "unknown state": report_with("<address><state>AS</state></address>", before="</reportingPerson>"),
    "country by name": report_with("<address><country>France</country></address>", before="</reportingPerson>"),
    "extra country": report_with("<address><country>XK</country></address>", before="</reportingPerson>"),
    "victim without person": report_with("<victim/>", before="</report>"),
    "account without type": report_with(
        "<personOrUserReported><associatedAccount/></personOrUserReported>", before="</report>"
    ),
    "empty account state": report_with(
        "<personOrUserReported><accountPermanentlyDisabled/></personOrUserReported>", before="</report>"
    ),
    "legal url in small": report_with("<legalUrl>https://example.com</legalUrl>", before="</reporter>"),
    "legal URL": report_with("<legalURL>https://example.com</legalURL>", before="</reporter>"),
    "flag": details("<fileAnnotations><viral/></fileAnnotations>"),
    "flag true": details("<fileAnnotations><infant>true</infant></fileAnnotations>"),
    "flag false": details("<fileAnnotations><viral>false</viral></fileAnnotations>"),
    "flag blank": details("<fileAnnotations><viral>\n</viral></fileAnnotations>"),
    "flag twice": details("<fileAnnotations><viral/><viral/></fileAnnotations>"),
    "no flags": details("<fileAnnotations/>"),
    "both memes": details("<potentialMeme>true</potentialMeme><fileAnnotations/>"),
    "old meme": details("<potentialMeme>false</potentialMeme>"),
    "two ip events": details("<ipCaptureEvent><ipAddress>192.0.2.1</ipAddress></ipCaptureEvent>" * 2),
    "hash without type": details("<originalFileHash>00</originalFileHash>"),
    "empty metadata": details("<details/>"),
    "type on the pair": details('<details><nameValuePair type="EXIF"><name>a</name><value/></nameValuePair></details>'),
    "type on the details": details(
        '<details type="EXIF"><nameValuePair><name>a</name><value/></nameValuePair></details>'
    ),
    "swapped order": details(
        "<originalFileHash hashType='MD5'>0</originalFileHash><industryClassification>A1</industryClassification>"
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_verdict_on_a_document(name: str, hotline_xsd: Path) -> None:
    """The same documents are admitted and refused."""
    tree = etree.fromstring(DOCUMENTS[name])
    theirs = etree.XMLSchema(etree.parse(hotline_xsd))

    verdict = etree.XMLSchema(etree.fromstring(compiled().schema)).validate(tree)

    assert theirs.validate(tree) == verdict


def test_table_has_both_verdicts() -> None:
    """The table of documents holds admitted and refused ones, so that agreement says something."""
    schema = etree.XMLSchema(etree.fromstring(compiled().schema))

    verdicts = {schema.validate(etree.fromstring(document)) for document in DOCUMENTS.values()}

    assert verdicts == {True, False}


def test_walker_sees_a_difference() -> None:
    """The comparison is not blind: one value, one attribute or one occurrence less makes another form."""
    schema = compiled().schema
    whole = Walker(schema)
    altered = [
        Walker(schema.replace(b'<xs:enumeration value="Fax"/>', b"")),
        Walker(schema.replace(b'<xs:attribute name="thirdPartyHostedContent" type="xs:boolean"/>', b"")),
        Walker(schema.replace(b'type="victim" minOccurs="0"', b'type="victim"')),
        Walker(schema.replace(b'name="fleaCountry" type="country"', b'name="fleaCountry" type="state"')),
    ]

    forms = [walker.element(walker.top("element", "report")) for walker in altered]

    assert whole.element(whole.top("element", "report")) not in forms
