"""The grammar: what it refuses, in which words and at which place."""

import pytest

from tests.unit.mock.samples import MINIMAL_REPORT, file_details, report_with
from tipline_client.mock.grammar import DocumentRefusedError, Grammar, compiled


def problems_of(document: bytes, *, root: str = "report", grammar: Grammar | None = None) -> list[str]:
    with pytest.raises(DocumentRefusedError) as caught:
        (grammar or compiled()).read(document, root=root)
    return [str(problem) for problem in caught.value.problems]


def test_minimal_report() -> None:
    """The smallest documented report is admitted."""
    tree = compiled().read(MINIMAL_REPORT, root="report")

    assert tree.tag == "report"


def test_email_before_phone() -> None:
    """An element out of order is named with what may follow, behind its own start tag."""
    document = report_with("<phone>1</phone>\n", before="</reportingPerson>")

    found = problems_of(document)

    assert found == [
        (
            "[12,12] - cvc-complex-type.2.4.a: Invalid content was found starting with element 'phone'. "
            "One of '{email, address, age, dateOfBirth}' is expected."
        )
    ]


def test_position_of_an_unknown_element() -> None:
    """Line and column count from one and stand behind the start tag."""
    document = b"<report>\n  <zo\xc3\xab/>\n</report>"

    found = problems_of(document)

    assert found == [
        (
            "[2,9] - cvc-complex-type.2.4.a: Invalid content was found starting with element 'zo\u00eb'. "
            "One of '{batchedReport, incidentSummary}' is expected."
        )
    ]


def test_position_behind_a_character_beyond_the_basic_plane() -> None:
    """A character outside the basic plane is two columns wide, as for a Java reader."""
    document = "<report><!--\U0001f600--><x/></report>".encode()

    found = problems_of(document)

    assert found[0].startswith("[1,22] - ")


def test_more_than_ten_names_expected() -> None:
    """The list of expected names is complete however long it is."""
    document = report_with("<personOrUserReported><zzz/></personOrUserReported>", before="</report>")

    found = problems_of(document)

    assert "personOrUserReportedPerson, vehicleDescription" in found[0]
    assert found[0].endswith("allEmailsReported, associatedAccount, additionalInfo}' is expected.")


def test_incomplete_content() -> None:
    """A missing element is reported behind the end tag of its parent."""
    found = problems_of(b"<report>\n</report>")

    assert found == [
        (
            "[2,10] - cvc-complex-type.2.4.b: The content of element 'report' is not complete. "
            "One of '{batchedReport, incidentSummary}' is expected."
        )
    ]


@pytest.mark.parametrize(
    ("addition", "before", "wording"),
    [
        ('<internetDetails><webPageIncident foo="1"/></internetDetails>', "<reporter>", "cvc-complex-type.3.2.2: "),
        ("<batchedReport/>", "<incidentSummary>", "cvc-complex-type.4: "),
        ('<batchedReport reason="x"/>', "<incidentSummary>", "cvc-enumeration-valid: "),
        ('<phone countryCallingCode="1">2</phone>', "<email>", "cvc-pattern-valid: "),
        (
            "<age>young</age>",
            "</reportingPerson>",
            "cvc-datatype-valid.1.2.1: 'young' is not a valid value for 'integer'.",
        ),
        ("<age>99999999999</age>", "</reportingPerson>", "cvc-maxInclusive-valid: "),
        ("<internetDetails/>", "<reporter>", "cvc-complex-type.2.4.b: "),
        ("text", "<reporter>", "cvc-complex-type.2.3: "),
    ],
)
def test_wording_of_a_finding(addition: str, before: str, wording: str) -> None:
    """Each kind of finding carries the rule's name that Xerces gives it."""
    found = problems_of(report_with(addition, before=before))

    assert wording in "\n".join(found)


@pytest.mark.parametrize("flag", ["<viral/>", "<viral>true</viral>", "<viral></viral>"])
def test_flag_that_asserts(flag: str) -> None:
    """A presence flag is empty or says true."""
    document = file_details(1, "a", rest=f"<fileAnnotations>{flag}</fileAnnotations>")

    tree = compiled().read(document, root="fileDetails")

    assert tree.tag == "fileDetails"


@pytest.mark.parametrize("text", ["false", "\n  ", "no", "0"])
def test_flag_that_denies(text: str) -> None:
    """A presence flag cannot deny, and white space is no assertion."""
    document = file_details(1, "a", rest=f"<fileAnnotations><viral>{text}</viral></fileAnnotations>")

    found = problems_of(document, root="fileDetails")

    assert found != []


@pytest.mark.parametrize(
    "document",
    [b"", b"<report>", b"<report></reporter>", b"\xff\xfe", b'<!DOCTYPE report [<!ENTITY a "b">]><report>&a;</report>'],
    ids=["empty", "unclosed", "mismatched", "not utf-8", "doctype"],
)
def test_malformed_document(document: bytes) -> None:
    """What is no plain UTF-8 XML document is code 4110, and the exception quotes nothing."""
    with pytest.raises(DocumentRefusedError) as caught:
        compiled().read(document, root="report")

    assert caught.value.code == 4110
    assert str(caught.value) == "document refused with code 4110: 1 problem(s)"


@pytest.mark.parametrize("document", [b"<fileDetails/>", b'<report xmlns="urn:x"/>', b"<incidentSummary/>"])
def test_wrong_root(document: bytes) -> None:
    """Only the call's own root is admitted, without a namespace."""
    found = problems_of(document)

    assert "cvc-elt.1.a: Cannot find the declaration of element" in found[0]


NEWER = report_with(
    "<reportAnnotations><informational/><potentialAggravatingFactors/><instrumentalUse/></reportAnnotations>",
    before="<incidentDateTime>",
).replace(
    b"</reportingPerson>", b"<age>40</age><ageAssertionDiscrepancy>true</ageAssertionDiscrepancy></reportingPerson>"
)


def test_newer_elements_in_the_older_grammar() -> None:
    """Elements that the November 2025 schema lacks are refused by default."""
    found = problems_of(NEWER)

    assert "'informational'" in found[0]


def test_newer_elements_in_the_newer_grammar() -> None:
    """The newer grammar admits them, and its served text declares them."""
    grammar = Grammar(newer_elements=True)

    tree = grammar.read(NEWER, root="report")

    assert tree.tag == "report"
    assert grammar.schema.count(b"ageAssertionDiscrepancy") == 2


def test_position_of_an_empty_element() -> None:
    """An empty tag is its own end: what is found there is not told behind the next tag."""
    document = b"<report><incidentSummary/><reporter/></report>"

    found = problems_of(document)

    assert found[0].startswith("[1,27] - cvc-complex-type.2.4.b: The content of element 'incidentSummary'")
