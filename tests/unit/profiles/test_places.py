"""From a validator's line and column to the path of what was handed in, or to none."""

from typing import Any

import pytest

from tipline_client.models import FileDetails, Report
from tipline_client.profiles.encode import encode
from tipline_client.profiles.places import SentDocument, find_places

URL = "report.internetDetails[0].webPageIncident.url"
VALUE = "cvc-type.3.1.3: The value '{}' of element '{}' is not valid."


def sent(*urls: str, **changes: Any) -> SentDocument:
    """A report with these addresses, as it is sent."""
    report = Report.model_validate(
        {
            "incidentSummary": {"incidentType": "Misleading Domain Name", "incidentDateTime": "2026-01-05T08:30:00Z"},
            "internetDetails": [{"webPageIncident": {"url": list(urls)}}],
            "reporter": {
                "reportingPerson": {
                    "firstName": "Zoë",
                    "email": ["a@example.com", {"value": "b@example.com", "type": "Work"}],
                }
            },
            **changes,
        }
    )
    return SentDocument(encode(report, "report").xml, report, "report")


def behind(document: SentDocument, tag: str, *, count: int = 1, unit: str = "utf-16-le", width: int = 2) -> str:
    """The position behind the `count`th `tag`, as `[line,column]`; columns in what `unit` has, `width` bytes each."""
    text = document.xml.decode()
    end = 0
    for _ in range(count):
        end = text.index(tag, end) + len(tag)
    before = text[:end]
    return f"[{before.count(chr(10)) + 1},{len(before.rpartition(chr(10))[2].encode(unit)) // width + 1}]"


def test_item_of_a_list() -> None:
    """The second of three addresses is the one that ends there."""
    document = sent("one", "two", "three")
    position = behind(document, "</url>", count=2)

    found = find_places(document, f"Validation failed\n{position} - {VALUE.format('two', 'url')}")

    assert (f"{URL}[1]",) == found


def test_several_findings_in_one_message() -> None:
    """Each is found, in the order of the message; what two lines say of one element is one path."""
    document = sent("one", "two")
    second, first = behind(document, "</url>", count=2), behind(document, "</url>")

    found = find_places(
        document,
        f"Validation failed\n{second} - {VALUE.format('two', 'url')}\n{first} - {VALUE.format('one', 'url')}\n"
        f"{first} - {VALUE.format('one', 'url')}",
    )

    assert (f"{URL}[1]", f"{URL}[0]") == found


def test_unexpected_and_incomplete_element() -> None:
    """One is known behind its start tag, the other behind its end tag."""
    document = sent("one")
    started, ended = behind(document, "<email>"), behind(document, "</reportingPerson>")

    found = find_places(
        document,
        f"Validation failed\n{started} - cvc-complex-type.2.4.a: Invalid content was found starting with element "
        f"'{{email}}'. One of '{{phone, address}}' is expected.\n{ended} - cvc-complex-type.2.4.b: The content of "
        "element 'reportingPerson' is not complete. One of '{age}' is expected.",
    )

    assert ("report.reporter.reportingPerson.email[0]", "report.reporter.reportingPerson") == found


@pytest.mark.parametrize(
    "text",
    [
        "cvc-attribute.3: The value 'Work' of attribute 'type' on element 'email' is not valid as to its type.",
        "cvc-complex-type.3.2.2: Attribute 'type' is not allowed to appear in element 'email'.",
        "cvc-complex-type.4: Attribute 'type' must appear on element 'email'.",
        "cvc-type.3.1.1: Element 'email' is a simple type: no attributes but 'nil'. The attribute, 'type' was found.",
    ],
)
def test_attribute(text: str) -> None:
    """An attribute that the finding is about is the end of the path."""
    document = sent("one")
    position = behind(document, '<email type="Work">')

    found = find_places(document, f"{position} - {text}")

    assert ("report.reporter.reportingPerson.email[1].type",) == found


def test_value_that_speaks_of_attributes_and_elements() -> None:
    """What stands in a value names nothing: the validator's own words come last."""
    value = "attribute 'extension' on element 'report'"
    person = {"phone": [value], "email": ["a@example.com"]}
    document = sent("one", reporter={"reportingPerson": person})

    found = find_places(document, f"{behind(document, '</phone>')} - {VALUE.format(value, 'phone')}")

    assert ("report.reporter.reportingPerson.phone[0]",) == found


def test_behind_text_of_several_lines() -> None:
    """Lines of a text are lines of the document; a return character is none, since it is sent as a reference."""
    text = "first\nsecond\r\nthird & last"
    document = sent("one", additionalInfo=text)
    position = behind(document, "</additionalInfo>")

    found = find_places(document, f"{position} - {VALUE.format(text, 'additionalInfo')}")

    assert position.startswith("[3,")
    assert ("report.additionalInfo",) == found


@pytest.mark.parametrize("text", ["é", "汉字", "☕🏺", "\U0010ffff", "\ud83d", "e\u0301\u202e"])
def test_behind_text_beyond_ascii(text: str) -> None:
    """Columns are UTF-16 units: one beyond the basic plane is two wide, a lone half is sent as one character."""
    document = sent(text, "two")

    found = find_places(document, f"{behind(document, '</url>', count=2)} - {VALUE.format('two', 'url')}")

    assert (f"{URL}[1]",) == found


@pytest.mark.parametrize(("unit", "width"), [("utf-32-le", 4), ("utf-8", 1)])
def test_columns_counted_in_another_unit(unit: str, width: int) -> None:
    """In characters or in bytes the position fits no tag, so nothing is named."""
    document = sent("汉🏺", "two")
    position = behind(document, "</url>", count=2, unit=unit, width=width)

    found = find_places(document, f"{position} - {VALUE.format('two', 'url')}")

    assert () == found


def test_position_that_two_could_mean() -> None:
    """Counted in characters the third address would be meant, in UTF-16 units the second: none is named."""
    # `<url>x</url>` is twelve wide, so twelve characters beyond the basic plane shift by exactly one address.
    document = sent("🏺" * 12, "x", "x")
    position = behind(document, "</url>", count=2)
    assert position == behind(document, "</url>", count=3, unit="utf-32-le", width=4)

    found = find_places(document, f"{position} - {VALUE.format('x', 'url')}")

    assert () == found


@pytest.mark.parametrize(
    "description",
    [
        "",
        "Validation failed",
        "Malformed (xml) report submittal - cvc-complex-type.2.4.a: found starting with element 'url'.",
        "[1,1] - cvc-elt.1: Cannot find the declaration of element 'report'.",
        "[99999,3] - cvc-type.3.1.3: The value 'x' of element 'url' is not valid.",
        "{url} - cvc-type.3.1.3: The value 'x' of element 'email' is not valid.",
        "{url} - cvc-datatype-valid.1.2.1: 'url' is not a valid value for 'anyURI'.",
        "{url} - The document is refused.",
        "{url}",
    ],
)
def test_nothing_certain(description: str) -> None:
    """Without a position, with one that fits no tag, or with the name of another element or of none: no path."""
    document = sent("one")

    assert () == find_places(document, description.replace("{url}", behind(document, "</url>")))


def test_rule_beyond_the_schema() -> None:
    """A finding in words of its own is placed too, if it names the element that stands there."""
    document = sent("one two")

    found = find_places(document, f"{behind(document, '</url>')} - The value of element 'url' contains whitespace.")

    assert (f"{URL}[0]",) == found


def test_report_that_quotes_a_finding() -> None:
    """A finding whose beginning the report itself holds may be a quotation of it, and names nothing."""
    planted = behind(sent("one"), "</url>")
    value = f"?\n{planted}  -  {VALUE.format('x', 'url')}"
    document = sent("one", additionalInfo=value)
    quoted = value.replace("  ", " ")

    found = find_places(
        document, f"{behind(document, '</additionalInfo>')} - cvc-pattern-valid: Value '{quoted}' is not facet-valid."
    )

    assert planted == behind(document, "</url>")
    assert () == found


def test_items_that_are_left_out() -> None:
    """An empty text is not sent; the index is still the one of what was handed in."""
    document = sent("", "one", "", "two")

    found = find_places(document, f"{behind(document, '</url>', count=2)} - {VALUE.format('two', 'url')}")

    assert (f"{URL}[3]",) == found


def test_mark_in_a_list_of_marks() -> None:
    """An empty tag begins and ends at one place."""
    summary = {
        "incidentType": "Misleading Domain Name",
        "incidentDateTime": "2026-01-05T08:30:00Z",
        "reportAnnotations": {"spam": True, "sextortion": True},
    }
    document = sent("one", incidentSummary=summary)

    text = "cvc-complex-type.2.4.a: starting with element 'spam'."

    found = find_places(document, f"{behind(document, '<spam/>')} - {text}")
    behind_it = find_places(document, f"{behind(document, '</reportAnnotations>')} - {text}")

    assert (("report.incidentSummary.reportAnnotations.spam",), ()) == (found, behind_it)


def test_details_of_a_file() -> None:
    """They are evidence in a submission, and their path says which."""
    details = FileDetails.model_validate(
        {
            "reportId": 4711,
            "fileId": "abc",
            "originalFileHash": [{"value": "0" * 32, "hashType": "MD5"}, {"value": "1" * 32, "hashType": "MD5"}],
        }
    )
    document = SentDocument(encode(details, "fileDetails").xml, details, "evidence[3].details")

    found = find_places(
        document,
        f"{behind(document, '</originalFileHash>', count=2)} - " + VALUE.format("1" * 32, "originalFileHash"),
    )

    assert ("evidence[3].details.originalFileHash[1]",) == found


def test_at_most_twenty() -> None:
    """A message without end is read as far as the findings that are shown."""
    document = sent(*"abcdefghijklmnopqrstuvwxyz")
    lines = [f"{behind(document, '</url>', count=number + 1)} - {VALUE.format('x', 'url')}" for number in range(26)]

    assert 20 == len(find_places(document, "\n".join(lines)))


def test_repr_shows_no_content() -> None:
    """Neither bytes nor model."""
    assert "one" not in repr(sent("one"))
