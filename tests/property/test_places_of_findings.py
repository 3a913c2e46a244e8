"""Does the position at which the mock's validator would complain lead back to the element that is meant?"""

from collections.abc import Iterator
from itertools import count
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tipline_client.mock.positions import Positions
from tipline_client.models import FileDetails, Report, WireModel
from tipline_client.models.outline import Kind, Place, outline
from tipline_client.profiles.encode import encode
from tipline_client.profiles.places import SentDocument, find_places
from tipline_client.testing.strategies import file_details, reports

pytestmark = pytest.mark.slow

NAMED = "cvc-complex-type.2.4.a: Invalid content was found starting with element '{}'. One of '{{phone}}' is expected."


@given(report=reports(valid=False), chance=st.randoms(use_true_random=False))
def test_any_element_of_a_report(report: Report, chance: Random) -> None:
    """Behind its start tag and behind its end tag, each element is found by its path; another one never."""
    check(SentDocument(encode(report, "report").xml, report, "report"), chance)


@given(details=file_details(valid=False), chance=st.randoms(use_true_random=False))
def test_any_element_of_file_details(details: FileDetails, chance: Random) -> None:
    """The same for the details of a file."""
    check(SentDocument(encode(details, "fileDetails").xml, details, "evidence[2].details"), chance)


def check(sent: SentDocument, chance: Random) -> None:
    """Ask for some elements of a document by the positions that the mock gives them."""
    root = etree.fromstring(sent.xml)
    positions = Positions(sent.xml, root=root)
    expected = list(paths(sent.model, sent.path))
    elements = list(root.iter("*"))
    assert len(expected) == len(elements)
    for index in chance.sample(range(len(elements)), min(4, len(elements))):
        element, path = elements[index], expected[index]
        for line, column in (positions.after_start_tag(element), positions.after_end_tag(element)):
            found = find_places(sent, f"Validation failed\n[{line},{column}] - {NAMED.format(element.tag)}")

            # Counted in another way, the position may fit another element of the name: then none is named.
            assert found == (path,) or (found == () and not sent.xml.isascii())


def paths(model: WireModel, path: str) -> Iterator[str]:
    """The path of every element that is written of `model`, in the order of the document."""
    yield path
    for field in outline(type(model)):
        value = getattr(model, field.name)
        if field.place is not Place.ELEMENT or value is None or (value is False and field.kind is Kind.FLAG):
            continue
        here = f"{path}.{field.wire}"
        items = zip(count(), value, strict=False) if field.is_repeated else [(None, value)]
        for index, item in items:
            place = here if index is None else f"{here}[{index}]"
            if isinstance(item, WireModel):
                if not is_left_out(item):
                    yield from paths(item, place)
            elif item != "" or (field.is_required and not field.is_repeated):
                yield place


def is_left_out(item: WireModel) -> bool:
    """Whether it is an element of marks none of which is set: the writer has nothing to say of it."""
    fields = outline(type(item))
    return all(field.kind is Kind.FLAG for field in fields) and not any(getattr(item, field.name) for field in fields)
