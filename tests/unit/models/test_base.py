"""Names: unknown ones, both spellings, and what a repr or an error may show."""

import pickle
from copy import deepcopy

import pytest
from pydantic import ValidationError

from tests.unit.models.samples import CONTENT, file_form, report_form
from tipline_client.models import Address, Email, EvidenceDetails, FileDetails, Person, PersonOrUserReported, Report


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("fileVeiwedByEsp", "fileViewedByEsp"),
        ("viewedByEsp", "fileViewedByEsp"),
        ("file_viewed_by_ESP", "fileViewedByEsp"),
        ("originalHash", "originalFileHash"),
        ("additionalinfo", "additionalInfo"),
    ],
)
def test_unknown_name_near_a_known_one(written: str, meant: str) -> None:
    """An unknown name is refused and the nearest right one is named."""
    with pytest.raises(ValidationError, match=f"did you mean '{meant}'") as caught:
        EvidenceDetails.model_validate({written: True})

    (error,) = caught.value.errors()
    assert error["type"] == "unknown_name"
    assert error["ctx"]["nearest"] == [meant]


def test_unknown_name_near_nothing() -> None:
    """An unknown name that resembles none is refused without a guess."""
    with pytest.raises(ValidationError) as caught:
        EvidenceDetails.model_validate({"qqqqqqqq": 1})

    assert caught.value.errors()[0]["ctx"]["nearest"] == [None]


def test_unknown_name_beside_other_faults() -> None:
    """An unknown name does not hide what else is wrong, there and below."""
    form = file_form(fileVeiwedByEsp=True, fileId=7, ipCaptureEvent={"prot": 1, "port": 0})

    with pytest.raises(ValidationError) as caught:
        FileDetails.model_validate(form)

    found = [(error["type"], error["loc"]) for error in caught.value.errors()]
    assert found == [
        ("unknown_name", ()),
        ("text_expected", ("fileId",)),
        ("unknown_name", ("ipCaptureEvent",)),
        ("missing", ("ipCaptureEvent", "ipAddress")),
        ("greater_than_equal", ("ipCaptureEvent", "port")),
    ]


def test_unknown_name_with_braces() -> None:
    """Braces in a wrong name are no template for the message."""
    with pytest.raises(ValidationError) as caught:
        PersonOrUserReported.model_validate({"x": 1, "estimatedLocation": {"{limit}": 1}})

    assert caught.value.error_count() == 2


def test_both_spellings_of_names() -> None:
    """Python's and the wire's spelling of a name mean the same field, even mixed."""
    wire = Person.model_validate({"firstName": "Zoë", "dateOfBirth": "2000-01-31"})

    python = Person(first_name="Zoë", date_of_birth="2000-01-31")
    mixed = Person.model_validate({"first_name": "Zoë", "dateOfBirth": "2000-01-31"})

    assert wire == python == mixed


def test_one_field_in_both_spellings() -> None:
    """The same field twice is refused rather than decided."""
    with pytest.raises(ValidationError, match="both spellings") as caught:
        Person.model_validate({"firstName": "Zoë", "first_name": "Ana"})

    assert caught.value.errors()[0]["type"] == "name_given_twice"


def test_change_of_an_instance() -> None:
    """An instance cannot be changed."""
    person = Person(first_name="Zoë")

    with pytest.raises(ValidationError, match="frozen"):
        setattr(person, "first_name", "Ana")  # noqa: B010 - a type checker refuses the plain form

    assert person.first_name == "Zoë"


def test_repr_of_a_report() -> None:
    """A repr shows counts and no content, at any depth and under any way of printing."""
    report = Report.model_validate(report_form(additionalInfo=CONTENT, personOrUserReported={"screenName": CONTENT}))

    shown = [repr(report), str(report), f"{report}", repr([report.person_or_user_reported]), repr(report.reporter)]

    assert [] == [text for text in shown if CONTENT in text or "example.com" in text]
    assert repr(report) == "Report(fields_set=4)"


def test_error_text_of_wrong_content() -> None:
    """The text of a validation error names places and limits, never what stands there."""
    form = report_form(
        additionalInfo=[CONTENT],
        personOrUserReported={
            "screenName": CONTENT * 20,
            "personOrUserReportedPerson": {"age": CONTENT, "dateOfBirth": CONTENT, "address": {"country": CONTENT}},
            "ipCaptureEvent": {"eventName": CONTENT, "dateTime": CONTENT, "ipAddress": {CONTENT * 4: CONTENT}},
            "accountPermanentlyDisabled": CONTENT,
            "priorCTReports": CONTENT,
        },
        batchedReport={"reason": CONTENT},
    )

    with pytest.raises(ValidationError) as caught:
        Report.model_validate(form)

    assert caught.value.error_count() == 11
    assert CONTENT not in str(caught.value)
    assert CONTENT not in repr(caught.value)


def test_error_text_of_wrong_country() -> None:
    """A wrong country is named by its place and kind, without printing hundreds of codes."""
    with pytest.raises(ValidationError) as caught:
        Address(country="Germany", state="il")

    assert [error["loc"] for error in caught.value.errors()] == [("state",), ("country",)]
    assert "ZW" not in str(caught.value)


def test_bare_text_for_an_element_with_attributes() -> None:
    """A bare text stands for an element of which nothing else is said."""
    bare = Person.model_validate({"email": ["a@example.com"]})

    full = Person.model_validate({"email": [{"value": "a@example.com"}]})

    assert full == bare
    assert Email.of("a@example.com", type="Work") == Email(value="a@example.com", type="Work")


def test_bare_text_where_an_attribute_is_required() -> None:
    """A hash without its type is refused by the name of the attribute."""
    with pytest.raises(ValidationError) as caught:
        EvidenceDetails.model_validate({"originalFileHash": "d41d8cd98f00b204e9800998ecf8427e"})

    assert [error["loc"] for error in caught.value.errors()] == [("originalFileHash", 0, "hashType")]


def test_copies_of_a_report() -> None:
    """Pickled and copied reports equal the report and hash alike."""
    report = Report.model_validate(report_form(victim={"victimPerson": {}}))

    copies = [pickle.loads(pickle.dumps(report)), deepcopy(report)]  # noqa: S301 - our own bytes

    assert copies == [report, report]
    assert {hash(report)} == {hash(copy) for copy in copies}
