"""Members of enumerations of strings, as backends keep them: their text is what counts, never their name."""

from enum import Enum

import pytest

from tipline_client.models import Address, Report
from tipline_client.profiles.encode import encode

SUMMARY = {"incidentType": "Misleading Domain Name", "incidentDateTime": "2026-01-05T08:30:00Z"}
REPORTER = {"reportingPerson": {"email": ["safety@example.com"]}}


class Platform(str, Enum):  # noqa: UP042 - what backends still have
    """An everyday enumeration: before `StrEnum`, its `str` was the name of the member."""

    CHAT = "Example Chat"


class Country(str, Enum):  # noqa: UP042
    US = "US"


class Shouting(str):
    """Text with a will of its own."""

    __slots__ = ()

    def __str__(self) -> str:
        return self.upper()

    def __format__(self, spec: str) -> str:
        return self.upper()


@pytest.mark.parametrize("given", [Platform.CHAT, Shouting("Example Chat")])
def test_text_of_a_subclass(given: str) -> None:
    """What is signed and what is sent is the text itself."""
    report = Report.model_validate({"incidentSummary": {**SUMMARY, "platform": given}, "reporter": REPORTER})

    assert type(report.incident_summary.platform) is str
    assert "Example Chat" == report.to_json_dict()["incidentSummary"]["platform"]
    assert b"<platform>Example Chat</platform>" in encode(report, "report").xml


def test_form_of_a_subclass() -> None:
    """A form is that of the text."""
    assert "US" == f"{Address.model_validate({'country': Country.US}).country}"
