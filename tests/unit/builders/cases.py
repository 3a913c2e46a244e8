"""What the tests of the builders have in common: an endpoint that is not there, an incident, persons, messages."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tipline_client.builders import Message, Role
from tipline_client.delivery.environment import Environment
from tipline_client.errors import Issue, ReportInvalidError
from tipline_client.models import (
    ChatImIncident,
    IncidentSummary,
    InternetDetails,
    Person,
    PersonOrUserReported,
    Reporter,
    Victim,
)

NOW = datetime(2026, 1, 20, 12, 0, tzinfo=UTC)
BEGIN = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)


@dataclass(frozen=True)
class AnyEndpoint:
    """What the rules need to know of an endpoint."""

    environment: Environment = Environment.MOCK
    newer_elements: frozenset[tuple[str, str]] = frozenset()


ENDPOINT = AnyEndpoint()
INCIDENT = IncidentSummary(incident_type="Misleading Domain Name", incident_date_time=BEGIN)
REPORTER = Reporter(reporting_person=Person(first_name="Zoë", email=["safety@example.com"]))
REPORTED = PersonOrUserReported(esp_identifier="user-1001", screen_name="sample_user")
VICTIM = Victim(victim_person=Person(age=12), esp_identifier="user-2002")
CHAT = InternetDetails(chat_im_incident=ChatImIncident(chat_client="Example Chat"))


def message(number: int, text: str = "see you at the mug shop", role: Role = Role.REPORTED) -> Message:
    """The message of this number, a minute after the one before it."""
    senders = {Role.REPORTED: "user-1001", Role.VICTIM: "user-2002"}
    moment = BEGIN + timedelta(minutes=number)
    return Message(id=f"m-{number:03}", sent_at=moment, role=role, text=text, sender=senders.get(role))


def rules(issues: tuple[Issue, ...]) -> list[tuple[str, str]]:
    """Path and rule of each issue."""
    return [(issue.path, issue.rule) for issue in issues]


def refused(raised: pytest.ExceptionInfo[ReportInvalidError]) -> list[str]:
    """The arguments that were refused."""
    return [issue.path for issue in raised.value.issues]
