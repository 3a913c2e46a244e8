"""The draft of each builder, enqueued and filed at the mock endpoint over real HTTP, exactly once."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tipline_client import Evidence, TiplineClient, builders
from tipline_client.mock import MockEndpoint
from tipline_client.models import (
    ChatImIncident,
    IncidentSummary,
    InternetDetails,
    Person,
    PersonOrUserReported,
    Reporter,
    Victim,
)
from tipline_client.profiles import EndpointProfile

BEGIN = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)
INCIDENT = IncidentSummary(incident_type="Misleading Domain Name", incident_date_time=BEGIN)
REPORTER = Reporter(reporting_person=Person(first_name="Zoë", email=["safety@example.com"]))
REPORTED = PersonOrUserReported(esp_identifier="user-1001")


def mug() -> Evidence:
    return Evidence.from_bytes(b"one coffee mug, in bytes " * 40, name="mug.jpg")


def matched(profile: EndpointProfile) -> builders.Draft:
    match = builders.HashMatch(algorithm="MD5", digest="0123456789abcdef" * 2, hash_list="Example & <list>")
    return builders.hash_match(
        INCIDENT,
        files=builders.MatchedFile(mug(), match),
        reporter=REPORTER,
        reported=REPORTED,
        profile=profile,
    )


def flagged(profile: EndpointProfile) -> builders.Draft:
    said = builders.UserReport(reported_at=BEGIN, category="Child safety", words="A & B <c> \x00")
    return builders.user_report(
        INCIDENT, pictures=mug(), said=said, reporter=REPORTER, reported=REPORTED, profile=profile
    )


def enticed(profile: EndpointProfile) -> builders.Draft:
    messages = [
        builders.Message(
            id=f"m-{number}",
            sent_at=BEGIN.replace(second=number),
            role=role,
            text="=see you at the mug shop \ud83d",
            attachments=["a1"],
        )
        for number, role in enumerate(builders.Role)
    ]
    return builders.chat_enticement(
        INCIDENT,
        conversation=builders.Conversation(messages, truncation=builders.Truncation(keep="first", max_messages=4)),
        files={"a1": mug()},
        where=[InternetDetails(chat_im_incident=ChatImIncident(chat_client="Example Chat"))],
        reporter=REPORTER,
        reported=REPORTED,
        victims=[Victim(victim_person=Person(age=12))],
        profile=profile,
    )


@pytest.fixture
def endpoint() -> Iterator[MockEndpoint]:
    with MockEndpoint() as endpoint:
        yield endpoint


@pytest.mark.parametrize(("build", "files"), [(matched, 1), (flagged, 1), (enticed, 2)])
def test_draft_filed(
    build: Callable[[EndpointProfile], builders.Draft], files: int, endpoint: MockEndpoint, tmp_path: Path
) -> None:
    """It is acceptable, it is filed once, and building it again and handing that in files nothing again."""
    with TiplineClient.open(tmp_path / "home", profile=endpoint.profile) as client:
        draft = build(client.profile)
        assert draft.is_acceptable
        entry = client.enqueue(draft.report, evidence=draft.evidence)
        receipt = client.deliver(entry.id)

        again = build(client.profile)
        second = client.enqueue_once(again.report, evidence=again.evidence)

    assert (entry.id, False) == (second.entry.id, second.is_new)
    assert files == len(receipt.file_ids)
    summary = endpoint.summary()
    assert (1, 0, 0, 0) == (summary["finished"], summary["duplicates"], summary["orphans"], summary["stray_files"])
