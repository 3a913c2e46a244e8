"""Enticement in a chat as a report: the table, its attachments, the persons, and what is missing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.builders.cases import CHAT, ENDPOINT, INCIDENT, NOW, REPORTED, REPORTER, VICTIM, message, refused, rules
from tipline_client.builders import Conversation, Draft, Message, Role, Truncation, chat_enticement, read_conversation
from tipline_client.errors import ReportInvalidError
from tipline_client.evidence import Evidence, digest
from tipline_client.models import EvidenceDetails, IntendedRecipient, InternetDetails, Person

TALK = (message(0), message(1, "which mug?", Role.VICTIM))


def built(conversation: Conversation | None = None, **arguments: Any) -> Draft:
    talk = Conversation(TALK, is_whole=True) if conversation is None else conversation
    given: dict[str, Any] = {"reporter": REPORTER, "profile": ENDPOINT, "now": NOW, "where": [CHAT]}
    given |= {"reported": REPORTED, "victims": [VICTIM]}
    return chat_enticement(INCIDENT, conversation=talk, **(given | arguments))


def data_of(item: Evidence) -> bytes:
    with item.open() as file:
        return file.read()


def with_file(number: int, *references: str) -> Message:
    plain = message(number)
    return Message(
        id=plain.id, sent_at=plain.sent_at, role=plain.role, text="", sender=plain.sender, attachments=references
    )


def mug(**claims: Any) -> Evidence:
    return Evidence.from_bytes(b"a coffee mug", name="mug.jpg", **claims)


def test_complete_case() -> None:
    """The table is the first file and says what it is; nothing is claimed of it."""
    [table] = built().evidence

    assert TALK == read_conversation(data_of(table)).messages
    assert "conversation.csv" == table.name
    assert {"additionalInfo"} == table.details.to_json_dict().keys()
    [about] = table.details.additional_info
    assert about.endswith("These messages are the whole conversation.")


def test_nothing_missing_but_claims() -> None:
    """Of a complete case only the claims about the table and ways to the person are missed."""
    assert [
        ("report.personOrUserReported[0].personOrUserReportedPerson.email", "reported-person-email-missing"),
        ("report.personOrUserReported[0].ipCaptureEvent", "ip-missing"),
        ("evidence[0].details.fileViewedByEsp", "file-viewed-claim-missing"),
        ("evidence[0].details.publiclyAvailable", "publicly-available-claim-missing"),
    ] == rules(built().issues)


def test_upload_of_attachments() -> None:
    """What is not said of the upload is missed of each file that a message has, and of no other."""
    known = mug(
        uploaded_to_esp_timestamp=NOW,
        ip_capture_event={"ipAddress": "192.0.2.7", "eventName": "Upload", "dateTime": NOW},
    )
    talk = Conversation((with_file(0, "b", "a"), with_file(1, "a")), is_whole=True)

    found = rules(built(talk, files={"a": mug(), "b": known, "c": mug()}).issues)

    assert [
        ("evidence[2].details.uploadedToEspTimestamp", "upload-time-missing"),
        ("evidence[2].details.ipCaptureEvent", "upload-address-missing"),
    ] == [(path, rule) for path, rule in found if rule.startswith("upload-")]


def test_claims_about_the_table() -> None:
    """What the caller says of the table is said, before what the builder adds."""
    details = EvidenceDetails(file_viewed_by_esp=True, publicly_available=False, additional_info=["Read by a person"])

    [table] = built(Conversation(TALK, details=details)).evidence

    assert (True, False) == (table.details.file_viewed_by_esp, table.details.publicly_available)
    assert ("Read by a person", 2) == (table.details.additional_info[0], len(table.details.additional_info))


async def test_messages_in_another_order() -> None:
    """The same conversation has the same digest, in whatever order it was fetched."""
    forth, back = (built(Conversation(list(talk))).evidence[0] for talk in (TALK, TALK[::-1]))

    assert await digest(forth, index=0) == await digest(back, index=0)


def test_messages_left_out() -> None:
    """What is left out is said in the table, in its details and among what is missing."""
    talk = Conversation(
        [message(number) for number in range(5)], is_whole=True, truncation=Truncation(keep="last", max_messages=2)
    )

    draft = built(talk)

    said = "3 earlier messages left out, sent from 2026-01-05T08:30:00Z to 2026-01-05T08:32:00Z"
    [table] = draft.evidence
    assert said in data_of(table).decode()
    assert table.details.additional_info[0].endswith(
        f"{said}. These messages and those left out are the whole conversation."
    )
    [missing] = [text for text in draft.missing if text.startswith("evidence[0]: 3 of 5 messages are left out")]
    assert missing in draft.missing


def test_attachment() -> None:
    """A file says which attachment it is, beside what the caller says of it; one without a message stays as it is."""
    talk = Conversation([with_file(0, "a1"), with_file(1, "a1")])

    _, named, other = built(talk, files={"a1": mug(file_viewed_by_esp=False), "a2": mug()}).evidence

    assert {
        "fileViewedByEsp": False,
        "additionalInfo": ["Attachment a1 in the table conversation.csv."],
    } == named.details.to_json_dict()
    assert {} == other.details.to_json_dict()


def test_order_of_the_files() -> None:
    """It is that of the messages, then of the references, whatever order the mapping and the messages came in."""
    messages = [with_file(0, "b2"), with_file(1, "a1")]
    files = {name: Evidence.from_bytes(b"a coffee mug", name=name) for name in ("z9", "a1", "c3", "b2")}

    drafts = [
        built(Conversation(order), files={name: files[name] for name in names})
        for order in (messages, messages[::-1])
        for names in (sorted(files), sorted(files, reverse=True))
    ]

    assert [["b2", "a1", "c3", "z9"]] * 4 == [[item.name for item in draft.evidence[1:]] for draft in drafts]


def test_attachment_of_messages_left_out() -> None:
    """A file whose messages are left out is sent still, and says so."""
    talk = Conversation(
        [with_file(0, "a1", "a2"), with_file(1, "a1")], truncation=Truncation(keep="last", max_messages=1)
    )

    _, both, hidden = built(talk, files={"a1": mug(), "a2": mug()}).evidence

    assert both.details.additional_info[0].endswith("1 of the 2 messages that have it are left out of the table.")
    assert hidden.details.additional_info[0].endswith("1 of the 1 messages that have it are left out of the table.")


@pytest.mark.parametrize(
    ("messages", "arguments", "expected"),
    [
        (TALK, {"victims": []}, ("report.victim", "conversation-person-missing")),
        (TALK, {"reported": None}, ("report.personOrUserReported", "reported-person-missing")),
        ((message(0, role=Role.RECIPIENT),), {}, ("report.intendedRecipient", "conversation-person-missing")),
        ((message(0, role=Role.VICTIM),), {}, ("evidence[0]", "conversation-without-reported")),
        ((message(0, role=Role.OTHER),), {}, ("evidence[0]", "conversation-sender-missing")),
        (TALK, {"reported": {"espIdentifier": "u1"}}, ("report.personOrUserReported", "conversation-sender-elsewhere")),
        (TALK, {"victims": [{"victimPerson": {}}]}, ("report.victim", "child-age-missing")),
        (
            TALK,
            {"where": [InternetDetails.model_validate({"chatImIncident": {}})]},
            ("report.internetDetails[0].chatImIncident.chatClient", "chat-service-missing"),
        ),
    ],
)
def test_something_missing(messages: tuple[Message, ...], arguments: dict[str, Any], expected: tuple[str, str]) -> None:
    """What cannot be told from the case is said, with its place."""
    assert expected in rules(built(Conversation(messages), **arguments).issues)
    assert expected not in rules(built().issues)


@pytest.mark.parametrize(("minutes", "is_missed"), [(5, False), (6, True)])
def test_message_of_the_future(minutes: int, is_missed: bool) -> None:
    """A time ahead of the clock, beyond what clocks may differ, is named with its number of messages and kept."""
    late = Message(
        id="m-900", sent_at=NOW + timedelta(minutes=minutes), role=Role.REPORTED, text="a mug", sender="user-1001"
    )
    draft = built(Conversation((*TALK, late)))

    said = [issue.message for issue in draft.issues if issue.rule == "conversation-time-in-future"]

    assert [True] * is_missed == ["1 of the messages" in words for words in said]
    assert late in read_conversation(data_of(draft.evidence[0])).messages


def test_message_of_the_future_by_the_clock() -> None:
    """Without `now` the system's clock counts; one without a zone is refused as ever."""
    late = Message(id="m-900", sent_at=datetime.now(UTC) + timedelta(days=3650), role=Role.REPORTED, text="a mug")

    assert "conversation-time-in-future" in {issue.rule for issue in built(Conversation((late,)), now=None).issues}
    with pytest.raises(ValueError, match="zone"):
        built(Conversation((late,)), now=datetime(2026, 1, 20))  # noqa: DTZ001 - that is the case


def test_completeness_that_nobody_states() -> None:
    """Whether the messages are all of them is not guessed, and is missed."""
    draft = built(Conversation(TALK))

    assert ("evidence[0].details.additionalInfo", "conversation-completeness-missing") in rules(draft.issues)
    assert "whole conversation" not in draft.evidence[0].details.additional_info[0]


def test_excerpt() -> None:
    """An excerpt is called one."""
    [table] = built(Conversation(TALK, is_whole=False)).evidence

    assert table.details.additional_info[0].endswith("These messages are an excerpt of the conversation.")


@pytest.mark.parametrize("person", [Person(age=12), Person(date_of_birth="2014-02-03")])
def test_age_of_a_recipient(person: Person) -> None:
    """The age of a recipient counts as the age of a child."""
    recipient = IntendedRecipient(intended_recipient_person=person)

    assert "child-age-missing" not in {
        issue.rule for issue in built(victims=[], intended_recipients=[recipient]).issues
    }


def test_words_of_a_chat_are_not_read() -> None:
    """What somebody writes about themselves fills in nothing."""
    loud = Conversation([message(0, "I am 12, my mail is mug@example.com, this is urgent"), TALK[1]], is_whole=True)

    assert built().report == built(loud).report
    assert rules(built().issues) == rules(built(loud).issues)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"conversation": [message(0)]}, "conversation"),
        ({"conversation": Conversation([with_file(0, "a1")])}, "files"),
        ({"files": {"a mug": mug()}}, "files"),
        ({"files": {"a1": b"mug"}}, "files['a1']"),
        ({"files": [mug()]}, "files"),
        ({"reported": [REPORTED, REPORTED]}, "reported"),
    ],
)
def test_wrong_argument(arguments: dict[str, Any], name: str) -> None:
    """An argument that is wrong is named, and so is a file that a message refers to and nobody hands in."""
    with pytest.raises(ReportInvalidError) as raised:
        built(**arguments)

    assert [name] == refused(raised)


def test_words_outside_of_the_table() -> None:
    """Nothing of the conversation shows in a repr or in what is missing."""
    draft = built(Conversation(TALK))

    assert "mug" not in repr(draft) + "".join(draft.missing) + repr(draft.issues)
