"""Are the models everything that the schemas hold: each element, attribute, occurrence, order and closed list?

Both the hotline's schema, where it is at hand, and the mock's own are walked and compared with the models' fields.
"""

from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from lxml import etree

from tipline_client import models
from tipline_client.models import FileDetails, Report, ReportDoneResponse, ReportResponse, WireModel
from tipline_client.models.geography import OneOf
from tipline_client.models.outline import FieldOutline, Kind, Place, outline

XS = "{http://www.w3.org/2001/XMLSchema}"
ROOTS: dict[str, type[WireModel]] = {
    "report": Report,
    "fileDetails": FileDetails,
    "reportResponse": ReportResponse,
    "reportDoneResponse": ReportDoneResponse,
}
BUILT_IN = {
    "xs:string": Kind.TEXT,
    "xs:token": Kind.TEXT,
    "xs:boolean": Kind.TRUTH,
    "xs:int": Kind.WHOLE,
    "xs:long": Kind.WHOLE,
    "xs:double": Kind.DEGREES,
    "xs:dateTime": Kind.INSTANT,
    "xs:date": Kind.DATE,
}
OURS: set[type[WireModel]] = {
    models.Submission,
    models.EvidenceItem,
    models.EvidenceDetails,
    models.WireModel,
    models.TextElement,
}


class Xsd:
    """A schema, read for comparison."""

    def __init__(self, source: bytes) -> None:
        self.root = etree.fromstring(source, etree.XMLParser(remove_comments=True))
        self.types = {
            node.get("name"): node for tag in ("complexType", "simpleType") for node in self.root.findall(XS + tag)
        }
        self.elements = {node.get("name"): node for node in self.root.findall(f"{XS}element")}
        self.compared: set[type[WireModel]] = set()

    def differences(self, node: etree._Element, model: type[WireModel], where: str) -> Iterator[str]:
        """Compare the type of an element with the class that stands for it."""
        self.compared.add(model)
        content = self._content(node)
        fields = [field for field in outline(model) if field.newer is None]
        attributes = [field for field in fields if field.place is Place.ATTRIBUTE]
        declared = [
            *content.findall(f"{XS}attribute"),
            *content.findall(f"{XS}simpleContent/{XS}extension/{XS}attribute"),
        ]
        if {field.wire for field in attributes} != {attribute.get("name") for attribute in declared}:
            yield f"{where}: attributes differ"
        for attribute in declared:
            yield from self._field(attribute, attributes, f"{where}@{attribute.get('name')}")
        extension = content.find(f"{XS}simpleContent/{XS}extension")
        if extension is not None:
            text = [field for field in fields if field.place is Place.TEXT]
            if [BUILT_IN[str(extension.get("base"))]] != [field.kind for field in text]:
                yield f"{where}: text differs"
            return
        children = [field for field in fields if field.place is Place.ELEMENT]
        named = [self._named(child) for child in self._particles(content)]
        if [field.wire for field in children] != [child.get("name") for _, child in named]:
            yield f"{where}: elements or their order differ"
        for particle, child in named:
            here = f"{where}/{child.get('name')}"
            yield from self._occurrence(particle, children, str(child.get("name")), here)
            yield from self._field(child, children, here)

    def _content(self, node: etree._Element) -> etree._Element:
        inner = node.find(f"{XS}complexType")
        return inner if inner is not None else self.types[node.get("type")]

    def _particles(self, content: etree._Element) -> Iterator[etree._Element]:
        """The elements directly inside, through sequences, choices and groups of any order."""
        for child in content:
            if child.tag == f"{XS}element":
                yield child
            elif child.tag in {f"{XS}sequence", f"{XS}choice", f"{XS}all"}:
                yield from self._particles(child)

    def _named(self, particle: etree._Element) -> tuple[etree._Element, etree._Element]:
        reference = particle.get("ref")
        return particle, self.elements[reference] if reference else particle

    def _occurrence(self, particle: etree._Element, fields: list[FieldOutline], name: str, where: str) -> Iterator[str]:
        parent = particle.getparent()
        in_choice = parent is not None and parent.tag == f"{XS}choice"
        for field in (one for one in fields if one.wire == name):
            if field.is_repeated != (particle.get("maxOccurs") == "unbounded"):
                yield f"{where}: may it repeat?"
            if field.is_required != (particle.get("minOccurs", "1") == "1" and not in_choice):
                yield f"{where}: is it required?"

    def _field(self, node: etree._Element, fields: list[FieldOutline], where: str) -> Iterator[str]:
        for field in (one for one in fields if one.wire == node.get("name")):
            if node.tag == f"{XS}attribute" and field.is_required != (node.get("use") == "required"):
                yield f"{where}: is it required?"
            if field.model is not None:
                yield from self.differences(node, field.model, where)
                continue
            kind, words = self._scalar(node)
            if kind is not field.kind:
                yield f"{where}: {kind} in the schema, {field.kind} in the model"
            if words != words_of(field):
                yield f"{where}: the closed lists differ"

    def _scalar(self, node: etree._Element) -> tuple[Kind, frozenset[str]]:
        if node.get("fixed") == "true":
            return Kind.FLAG, frozenset()
        name = node.get("type")
        if name in BUILT_IN:
            return BUILT_IN[name], frozenset()
        declared = node.find(f"{XS}simpleType") if name is None else self.types[name]
        assert declared is not None
        base = next(str(inner.get("base")) for inner in declared.iter(f"{XS}restriction", f"{XS}extension"))
        words = frozenset(str(word.get("value")) for word in declared.iter(f"{XS}enumeration"))
        # The two long lists, which admit the empty text, are checked text in the models and no `Literal`.
        return (Kind.WORD if words and "" not in words else BUILT_IN[base]), words


def words_of(field: FieldOutline) -> frozenset[str]:
    """The closed list of a field, short or long."""
    return frozenset(field.words).union(*(fact.codes for fact in field.facts if isinstance(fact, OneOf)))


@pytest.fixture(params=["hotline", "mock"])
def xsd(request: pytest.FixtureRequest) -> Xsd:
    """Each of the two schemas."""
    if request.param == "mock":
        return Xsd(resources.files("tipline_client.mock").joinpath("grammar.xsd").read_bytes())
    path: Path = request.getfixturevalue("hotline_xsd")
    return Xsd(path.read_bytes())


def test_models_beside_schema(xsd: Xsd) -> None:
    """Names, order, occurrence, kinds and closed lists are those of the schema, in all four documents."""
    found = [line for name, model in ROOTS.items() for line in xsd.differences(xsd.elements[name], model, name)]

    assert found == []


def test_every_model_stands_in_schema(xsd: Xsd) -> None:
    """No class of the models is left over, but those that are ours alone."""
    classes = {
        one for one in vars(models).values() if isinstance(one, type) and issubclass(one, WireModel) and one not in OURS
    }

    for name, model in ROOTS.items():
        list(xsd.differences(xsd.elements[name], model, name))

    assert classes == xsd.compared


@pytest.mark.parametrize(
    ("path", "change"),
    [
        (".//{*}element[@name='screenName']", {"name": "screenname"}),
        (".//{*}element[@name='displayName']", {"maxOccurs": "1"}),
        (".//{*}element[@name='ipAddress']", {"minOccurs": "0"}),
        (".//{*}attribute[@name='hashType']", {"use": "optional"}),
        (".//{*}enumeration[@value='Recovery']", {"value": "Retrieval"}),
        (".//{*}element[@name='port']", {"type": "xs:string"}),
    ],
)
def test_schema_that_differs(path: str, change: dict[str, str]) -> None:
    """The comparison notices one changed name, occurrence, use, word or type."""
    changed = Xsd(resources.files("tipline_client.mock").joinpath("grammar.xsd").read_bytes())
    node = changed.root.find(path)
    assert node is not None
    for name, value in change.items():
        node.set(name, value)

    found = [line for name, model in ROOTS.items() for line in changed.differences(changed.elements[name], model, name)]

    assert found != []
