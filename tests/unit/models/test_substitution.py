"""Which characters cannot be sent, and where they are looked for."""

import pytest

from tests.unit.models.samples import report_form
from tipline_client.models import Submission, Substitution, find_substitutions, unsendable
from tipline_client.models.substitution import replace_unsendable


@pytest.mark.parametrize("code_point", [0x0, 0x8, 0xB, 0xC, 0xE, 0x1F, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xFFFE, 0xFFFF])
def test_character_that_cannot_be_sent(code_point: int) -> None:
    """It is counted by its number and visibly replaced, one for one."""
    text = f"a{chr(code_point)}b{chr(code_point)}"

    assert {code_point: 2} == unsendable(text)
    assert replace_unsendable(text) == "a\ufffdb\ufffd"


@pytest.mark.parametrize(
    "code_point", [0x9, 0xA, 0xD, 0x20, 0x7F, 0x85, 0xD7FF, 0xE000, 0xFFFD, 0x10000, 0x1FFFE, 0x10FFFF]
)
def test_character_that_can_be_sent(code_point: int) -> None:
    """It is left alone."""
    text = chr(code_point)

    assert {} == unsendable(text)
    assert text == replace_unsendable(text)


def test_characters_in_document_order() -> None:
    """Places come in the order of the document, within one the lowest number first; what is not sent is passed over."""
    submission = Submission.model_validate(
        {
            "idempotencyKey": "key\x00",
            "report": report_form(additionalInfo="\x02\x01\x02"),
            "evidence": [
                {"path": "mug\x00.jpg"},
                {"details": {"originalFileHash": [{"value": "00", "hashType": "MD5\x03"}], "additionalInfo": "\x04"}},
            ],
        }
    )

    assert find_substitutions(submission) == (
        Substitution("report.additionalInfo", 1, 1),
        Substitution("report.additionalInfo", 2, 2),
        Substitution("evidence[1].details.originalFileHash[0].hashType", 3, 1),
        Substitution("evidence[1].details.additionalInfo[0]", 4, 1),
    )
