"""How values become XML: what is escaped, replaced, left out, kept empty and refused."""

from typing import Any

import pytest
from lxml import etree

from tests.unit.models.samples import CONTENT, file_form, report_form
from tipline_client.errors import ReportInvalidError
from tipline_client.models import (
    CellPhoneIncident,
    Details,
    Email,
    FileDetails,
    IncidentSummary,
    InternetDetails,
    LawEnforcement,
    OriginalFileHash,
    Person,
    PersonOrUserReported,
    Report,
    Substitution,
    WireModel,
)
from tipline_client.profiles.encode import encode

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def written(model: WireModel, root: str = "x") -> str:
    """The document without its declaration."""
    return encode(model, root).xml.decode().removeprefix(DECLARATION)


def test_document_of_smallest_report() -> None:
    """A document is a declaration and elements in the order of the schema, with nothing between them."""
    encoded = encode(Report.model_validate(report_form()), "report")

    assert encoded.xml == (
        b'<?xml version="1.0" encoding="UTF-8"?><report><incidentSummary><incidentType>Misleading Domain Name'
        b"</incidentType><incidentDateTime>2026-01-15T09:30:00Z</incidentDateTime></incidentSummary><reporter>"
        b"<reportingPerson><email>safety@example.com</email></reportingPerson></reporter></report>"
    )
    assert encoded.substitutions == ()


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("A & B <c>", "A &amp; B &lt;c&gt;"),
        ("]]>", "]]&gt;"),
        ("\"mug\" 'cup'", "\"mug\" 'cup'"),
        ("one\r\ntwo\rthree\tfour", "one&#13;\ntwo&#13;three\tfour"),
        ("007", "007"),
        ("1e5", "1e5"),
        ("true", "true"),
        (" padded ", " padded "),
        ("\u202eleft", "\u202eleft"),
        ("🏺\U0010ffff", "🏺\U0010ffff"),
        ("\x00\x08\x0b\x0c\x0e\x1f", "\ufffd" * 6),
        ("\ud83d \udfff", "\ufffd \ufffd"),
        ("\ufffe\uffff", "\ufffd\ufffd"),
        ("\ufffd", "\ufffd"),
        ("\x7f\x85\u2028\ue000", "\x7f\x85\u2028\ue000"),
    ],
)
def test_text_in_an_element(text: str, inside: str) -> None:
    """Markup and CR are written so that a parser gives them back; what XML cannot carry is visibly replaced."""
    person = PersonOrUserReported(screen_name=text)

    document = written(person)

    assert f"<x><screenName>{inside}</screenName></x>" == document


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ('"&<>', "&quot;&amp;&lt;&gt;"),
        ("a\tb\nc\rd", "a&#9;b&#10;c&#13;d"),
        ("\x01", "\ufffd"),
        ("", ""),
    ],
)
def test_text_in_an_attribute(text: str, inside: str) -> None:
    """In attributes quotes and all white space but the space are written as references."""
    digest = OriginalFileHash(value="00", hash_type=text)

    document = written(digest)

    assert f'<x hashType="{inside}">00</x>' == document


def test_substitutions_by_place() -> None:
    """Each replaced character is recorded with its place, number and count."""
    report = Report.model_validate(
        report_form(
            personOrUserReported={
                "displayName": ["fine", "a\x00b\x00c\x1f"],
                "personOrUserReportedPerson": {"email": ["a@example.com", {"value": "\ud800", "type": "Work"}]},
            },
            additionalInfo="\ufffd was there before \uffff",
        )
    )

    encoded = encode(report, "report")

    assert encoded.substitutions == (
        Substitution("personOrUserReported[0].personOrUserReportedPerson.email[1].value", 0xD800, 1),
        Substitution("personOrUserReported[0].displayName[1]", 0, 2),
        Substitution("personOrUserReported[0].displayName[1]", 0x1F, 1),
        Substitution("additionalInfo", 0xFFFF, 1),
    )


def test_replacement_character_from_the_start() -> None:
    """A text that already holds the replacement character is no substitution."""
    encoded = encode(PersonOrUserReported(screen_name="\ufffd"), "x")

    assert encoded.substitutions == ()


@pytest.mark.parametrize(
    ("model", "document"),
    [
        (PersonOrUserReported(screen_name="", display_name=["", "a"]), "<x><displayName>a</displayName></x>"),
        (
            Person(address={"state": "", "country": "", "city": "Springfield"}),
            "<x><address><city>Springfield</city></address></x>",
        ),
        (LawEnforcement(agency_name=""), "<x><agencyName></agencyName></x>"),
        (
            LawEnforcement(agency_name="A", served_legal_process_international={"value": False, "fleaCountry": ""}),
            "<x><agencyName>A</agencyName><servedLegalProcessInternational>false</servedLegalProcessInternational></x>",
        ),
        (Person(email=[Email(value="", verified=False)]), '<x><email verified="false"></email></x>'),
        (Person(address=[{}]), "<x><address/></x>"),
        (InternetDetails(web_page_incident={}), "<x><webPageIncident/></x>"),
        (
            InternetDetails(web_page_incident={"thirdPartyHostedContent": True}),
            '<x><webPageIncident thirdPartyHostedContent="true"/></x>',
        ),
        (
            Details(name_value_pair={"name": "", "value": ""}),
            "<x><nameValuePair><name></name><value></value></nameValuePair></x>",
        ),
    ],
)
def test_empty_values(model: WireModel, document: str) -> None:
    """Optional texts that are empty are left out, required ones and empty elements are written as given."""
    assert document == written(model)


@pytest.mark.parametrize("marks", [None, {}, {"sextortion": False}])
def test_annotations_that_assert_nothing(marks: dict[str, Any] | None) -> None:
    """Annotations without a flag are left out."""
    summary = IncidentSummary(
        incident_type="Misleading Domain Name", incident_date_time="2026-01-15T09:30:00Z", report_annotations=marks
    )

    assert "reportAnnotations" not in written(summary)


def test_annotations_with_flags() -> None:
    """Flags are empty elements in the order of the fields, whatever order they were given in."""
    details = FileDetails.model_validate(
        file_form(fileAnnotations={"generativeAi": True, "infant": False, "viral": True})
    )

    assert "<fileAnnotations><viral/><generativeAi/></fileAnnotations>" in written(details)


@pytest.mark.parametrize(
    ("value", "inside"),
    [(1e-7, "1e-07"), (90, "90.0"), (-0.0, "-0.0"), (12.345678901234567, "12.345678901234567"), (5e-324, "5e-324")],
)
def test_degrees(value: float, inside: str) -> None:
    """Degrees are written so that reading them gives the same number."""
    document = written(CellPhoneIncident(latitude=value))

    assert f"<x><latitude>{inside}</latitude></x>" == document
    assert float(value) == float(inside)


def test_booleans_dates_and_numbers() -> None:
    """Three-valued booleans, dates and ids are written in their schema form."""
    person = PersonOrUserReported(
        compromised_account=False,
        third_party_user_reported=True,
        prior_ct_reports=[2**63 - 1],
        person_or_user_reported_person={"age": 0, "dateOfBirth": "0099-01-31"},
        account_temporarily_disabled={"value": False, "reenabledDate": "2026-01-15T09:30:00.007+01:00"},
    )

    assert written(person) == (
        "<x><personOrUserReportedPerson><age>0</age><dateOfBirth>0099-01-31</dateOfBirth>"
        "</personOrUserReportedPerson><compromisedAccount>false</compromisedAccount>"
        "<thirdPartyUserReported>true</thirdPartyUserReported><priorCTReports>9223372036854775807</priorCTReports>"
        '<accountTemporarilyDisabled reenabledDate="2026-01-15T08:30:00.007Z">false</accountTemporarilyDisabled></x>'
    )


def test_newer_elements_unknown_to_endpoint() -> None:
    """Every element that the endpoint's schema is not known to have is refused by its path; none is dropped."""
    report = Report.model_validate(
        report_form(
            victim=[{"victimPerson": {"firstName": CONTENT, "ageAssertionDiscrepancy": False}}],
            personOrUserReported={"associatedAccount": {"type": "Linked", "ageAssertionDiscrepancy": True}},
        )
    )

    with pytest.raises(ReportInvalidError) as caught:
        encode(report, "report", newer={("reportAnnotations", "informational")})

    assert [issue.path for issue in caught.value.issues] == [
        "report.personOrUserReported[0].associatedAccount[0].ageAssertionDiscrepancy",
        "report.victim[0].victimPerson.ageAssertionDiscrepancy",
    ]
    assert CONTENT not in str(caught.value)


def test_newer_elements_known_to_endpoint() -> None:
    """Known to the endpoint, each is written in its documented place; flags that are not asserted stay out."""
    summary = IncidentSummary(
        incident_type="Misleading Domain Name",
        incident_date_time="2026-01-15T09:30:00Z",
        report_annotations={"spam": True, "informational": True, "instrumentalUse": False},
    )
    person = Person(age=30, age_assertion_discrepancy=True, date_of_birth="2000-01-31")

    annotated = encode(summary, "x", newer={("reportAnnotations", "informational")}).xml.decode()
    aged = encode(person, "x", newer={("person", "ageAssertionDiscrepancy")}).xml.decode()

    assert "<reportAnnotations><spam/><informational/></reportAnnotations>" in annotated
    assert "<age>30</age><ageAssertionDiscrepancy>true</ageAssertionDiscrepancy><dateOfBirth>" in aged


def test_elements_handed_in_in_another_order() -> None:
    """The schema's order is the writer's business: a telephone number goes before an address, whichever came first."""
    person = PersonOrUserReported.model_validate(
        {"personOrUserReportedPerson": {"email": ["a@example.com"], "phone": ["555-0100"], "lastName": "Mug"}}
    )

    assert written(person) == (
        "<x><personOrUserReportedPerson><lastName>Mug</lastName><phone>555-0100</phone><email>a@example.com</email>"
        "</personOrUserReportedPerson></x>"
    )


def test_nothing_is_invented() -> None:
    """No kind of address, no claim about a file, no 'all addresses', no time that nobody gave."""
    person = PersonOrUserReported.model_validate({"personOrUserReportedPerson": {"email": ["a@example.com"]}})
    details = FileDetails.model_validate({"reportId": 1, "fileId": "a", "ipCaptureEvent": {"ipAddress": "192.0.2.1"}})

    assert written(person) == (
        "<x><personOrUserReportedPerson><email>a@example.com</email></personOrUserReportedPerson></x>"
    )
    assert written(details) == (
        "<x><reportId>1</reportId><fileId>a</fileId><ipCaptureEvent><ipAddress>192.0.2.1</ipAddress></ipCaptureEvent>"
        "</x>"
    )


def test_ids_of_file_details_come_first() -> None:
    """The two ids open the element, and a parser reads them back as they were."""
    document = etree.fromstring(encode(FileDetails.model_validate(file_form(fileId="1e5")), "fileDetails").xml)

    assert [("reportId", "4564654"), ("fileId", "1e5")] == [(child.tag, child.text) for child in document]


def test_repr_of_substitutions() -> None:
    """A substitution shows the place and the character's number, never the text around it."""
    encoded = encode(PersonOrUserReported(screen_name=f"{CONTENT}\x00"), "x")

    assert CONTENT not in repr(encoded.substitutions)
    assert CONTENT not in repr(encoded)
