"""Replies and findings as a hostile endpoint would word them: nothing foreign is believed, no value is shown."""

import pytest

from tipline_client.delivery.answers import Answer, AnswerKind
from tipline_client.delivery.steps import Step
from tipline_client.profiles import mock
from tipline_client.profiles.exchange import Reply
from tipline_client.profiles.findings import hide_values
from tipline_client.profiles.replies import read_answer

PROFILE = mock("http://127.0.0.1:9/ispws")
OURS = 7654321


def _read(code: str, inside: str = "", step: Step = Step.UPLOAD) -> Answer:
    body = f"<reportResponse><responseCode>{code}</responseCode>{inside}</reportResponse>"
    return read_answer(step, Reply(200, body.encode()), PROFILE, report_id=OURS)


@pytest.mark.parametrize("code", [1100, 1110, 1111, 1300, 3300, 4000, 4100, 4110, 4200])
def test_refusal_of_another_report(code: int) -> None:
    """A refusal that names another report must neither give ours up nor let a file be sent twice."""
    answer = _read(str(code), f"<reportId>{OURS + 1}</reportId>")

    assert (AnswerKind.UNUSABLE, code) == (answer.kind, answer.code)


@pytest.mark.parametrize(
    "ids",
    [
        f"<reportId>{OURS}</reportId><reportId>{OURS + 1}</reportId>",
        "<reportId>mug</reportId>",
        "<reportId>9223372036854775808</reportId>",
        "<reportId>123456789012345678901234567890</reportId>",
        f"<reportId><x>{OURS}</x></reportId>",
    ],
)
@pytest.mark.parametrize("code", [4100, 5001, 5101, 5102])
def test_state_of_a_report_that_cannot_be_told(code: int, ids: str) -> None:
    """A state proves something only when the report that it belongs to is ours or goes without saying."""
    assert AnswerKind.UNUSABLE == _read(str(code), ids, Step.FINISH).kind


@pytest.mark.parametrize("ids", ["", "<reportId/>", "<reportId> </reportId>", "<reportId>0</reportId>"])
def test_state_without_a_report_id(ids: str) -> None:
    """No id, or the blank and the zero that stand for none, leave the state to the call that it answers."""
    assert AnswerKind.FINISHED == _read("5102", ids, Step.FINISH).kind


@pytest.mark.parametrize("blank", ["\u00a0", "\u2003", "\u0085"])
def test_code_padded_with_what_xml_calls_no_space(blank: str) -> None:
    """Only the four characters that XML calls white space may surround a code."""
    answer = _read(f"{blank}0", f"<reportId>{OURS}</reportId>", Step.FINISH)

    assert (AnswerKind.UNUSABLE, None) == (answer.kind, answer.code)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "Element 'lastName': [facet 'pattern'] The value 'O'Mug coffee' is not accepted by the pattern '[A-Z]'.",
            "Element 'lastName': [facet 'pattern'] The value '…'.",
        ),
        (
            "Element 'email', attribute 'type': 'it's a mug' is not a valid value of the local atomic type.",
            "Element 'email', attribute 'type': '…' is not a valid value of the local atomic type.",
        ),
        (
            "Element 'lastName': [facet 'enumeration'] The value 'firstName' mug' is not an element of the set {'a'}.",
            "Element 'lastName': [facet 'enumeration'] The value '…'}.",
        ),
        (
            "Element 'city': [facet 'length'] The value has a length of '3'; this underruns the allowed length of '2'.",
            "Element 'city': [facet 'length'] The value has a length of '3'; this underruns the allowed length of '2'.",
        ),
        (
            "Element 'mug': This element is not expected. Expected is one of ( phone, email ).",
            "Element '…': This element is not expected. Expected is one of ( phone, email ).",
        ),
        ("Element 'mug': 'email' stands where 'coffee' was.", "Element '…': '…' was."),
        ("Opening 'quote that never closes", "Opening '…'"),
        ("Nothing quoted.", "Nothing quoted."),
    ],
)
def test_value_with_an_apostrophe(message: str, shown: str) -> None:
    """An apostrophe inside a value must not make what follows it look like the validator's own words."""
    assert shown == hide_values(message)
