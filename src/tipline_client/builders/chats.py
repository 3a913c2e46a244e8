"""Somebody entices a child in a chat: the report of it, with the conversation as a table and its files beside it.

The roles of the messages are what the caller says they are, and so are the persons. Nothing is read out of the words.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

from tipline_client.builders import unsaid
from tipline_client.builders.arguments import evidence_of, kind_of, make_report, refuse
from tipline_client.builders.draft import Draft, make_draft, with_details
from tipline_client.builders.messages import Conversation, Role, reference_of
from tipline_client.builders.table import Table, write_conversation
from tipline_client.evidence import Evidence
from tipline_client.models import (
    EvidenceDetails,
    IncidentSummary,
    IntendedRecipient,
    InternetDetails,
    Person,
    PersonOrUserReported,
    Report,
    Reporter,
    Victim,
)
from tipline_client.validation import EndpointRules
from tipline_client.validation.rule import Finding
from tipline_client.validation.subject import is_blank

__all__ = ["chat_enticement"]

_ABOUT_TABLE = (
    "Conversation as a table: CSV in UTF-8, one row for each message, in the order of their times, which are in UTC. "
    "The column role names the element of this report that has the person; other is another person, and system is "
    "the service. Where apostrophe_added names a column, one apostrophe was put before its text, so that no "
    r"spreadsheet takes it for a formula. Where escaped names a column, characters that cannot be shown are written "
    r"as \uXXXX in it, and each backslash twice."
)
_PLACE_OF = {
    Role.REPORTED: "report.personOrUserReported",
    Role.RECIPIENT: "report.intendedRecipient",
    Role.VICTIM: "report.victim",
}


def chat_enticement(
    incident: IncidentSummary,
    *,
    conversation: Conversation,
    reporter: Reporter,
    profile: EndpointRules,
    reported: PersonOrUserReported | None = None,
    where: Sequence[InternetDetails] = (),
    files: Mapping[str, Evidence] | None = None,
    intended_recipients: Sequence[IntendedRecipient] = (),
    victims: Sequence[Victim] = (),
    additional_info: str | None = None,
    now: datetime | None = None,
) -> Draft:
    """A report of enticement in a chat.

    The first file of the draft is the conversation as a table; the same conversation gives the same bytes, so that
    handing in again files nothing twice. `read_conversation` gives the messages back.

    Args:
        incident: What happened and when; both are yours to say.
        conversation: The messages.
        reporter: Who files the report.
        profile: The endpoint that the draft is meant for; `missing` depends on it.
        reported: The one person whom the report accuses, whose messages have `Role.REPORTED`.
        where: On which kinds of service it happened, such as `chat_im_incident`.
        files: The attachments of the messages, by the references that the messages have.
        intended_recipients: For whom the messages were meant; theirs have `Role.RECIPIENT`.
        victims: Children who were harmed or are at risk; their messages have `Role.VICTIM`.
        additional_info: Anything else.
        now: The present moment, aware; the system's clock by default.

    Returns:
        The draft, and what an analyst will miss in it.

    Raises:
        ReportInvalidError: An argument is wrong, or a message refers to a file that is not there; it names the
            argument.
        ValueError: `now` has no zone.
    """
    if not isinstance(conversation, Conversation):
        refuse("conversation", f"A Conversation is expected, and this is {kind_of(conversation)}.")
    attached = _files_of(files, conversation)
    report = make_report(
        incident=incident,
        reporter=reporter,
        reported=reported,
        where=where,
        intended_recipients=intended_recipients,
        victims=victims,
        additional_info=additional_info,
    )
    data, table = write_conversation(conversation.messages, conversation.truncation)
    own = Evidence.from_bytes(
        data, name=conversation.name, details=_saying(conversation.details, _about(conversation, table))
    )
    evidence = [own, *_with_notes(attached, conversation, table)]
    return make_draft(
        report,
        evidence,
        profile=profile,
        now=now,
        unsaid=chain(
            _unsaid_of_table(conversation, table, now=now),
            _unsaid_of_persons(report, table),
            _unsaid_of_attachments(evidence, conversation),
        ),
        own_files=frozenset({0}),
    )


def _files_of(files: Mapping[str, Evidence] | None, conversation: Conversation) -> Mapping[str, Evidence]:
    given: object = {} if files is None else files
    if not isinstance(given, Mapping):
        refuse("files", f"A mapping from references to Evidence is expected, and this is {kind_of(given)}.")
    attached = {reference_of("files", name): evidence_of(f"files[{name!r}]", item) for name, item in given.items()}
    for message in conversation.messages:
        for reference in message.attachments:
            if reference not in attached:
                refuse("files", f"A message has the attachment {reference!r}, and no file has this reference.")
    return attached


def _about(conversation: Conversation, table: Table) -> str:
    said = [_ABOUT_TABLE]
    if table.left_out is not None:
        said.append(f"{table.left_out}.")
    if conversation.is_whole is not None:
        these = "These messages" if table.left_out is None else "These messages and those left out"
        said.append(f"{these} are {'the whole' if conversation.is_whole else 'an excerpt of the'} conversation.")
    return " ".join(said)


def _with_notes(files: Mapping[str, Evidence], conversation: Conversation, table: Table) -> Iterator[Evidence]:
    """The files, each with its reference; one that no message names stays as it is.

    In the order of the messages, since the caller's mapping may have the order in which they were fetched.
    """
    named = Counter(reference for message in conversation.messages for reference in dict.fromkeys(message.attachments))
    shown = Counter(reference for message in table.messages for reference in set(message.attachments))
    for reference in (*named, *sorted(files.keys() - named.keys())):
        item = files[reference]
        if reference not in named:
            yield item
            continue
        note = f"Attachment {reference} in the table {conversation.name}."
        hidden = named[reference] - shown[reference]
        if hidden:
            note += f" {hidden} of the {named[reference]} messages that have it are left out of the table."
        yield with_details(item, _saying(item.details, note))


def _saying(details: EvidenceDetails, text: str) -> EvidenceDetails:
    """The same details with one more text at the end."""
    said = {name: getattr(details, name) for name in details.model_fields_set}
    return EvidenceDetails.model_validate(said | {"additional_info": (*details.additional_info, text)})


def _unsaid_of_table(conversation: Conversation, table: Table, *, now: datetime | None) -> Iterator[Finding]:
    if conversation.is_whole is None:
        yield unsaid.WHOLE_OR_NOT.at("evidence[0].details.additionalInfo")
    if table.left_out is not None:
        yield unsaid.LEFT_OUT.at("evidence[0]", count=table.left_out.count, total=len(conversation.messages))
    if all(message.role is not Role.REPORTED for message in table.messages):
        yield unsaid.NO_ACT.at("evidence[0]")
    nameless = sum(1 for message in table.messages if message.sender is None and message.role is not Role.SYSTEM)
    if nameless:
        yield unsaid.SENDER.at("evidence[0]", count=nameless)
    ahead = sum(1 for message in table.messages if unsaid.is_ahead(message.sent_at, now=now))
    if ahead:
        yield unsaid.MESSAGE_AHEAD.at("evidence[0]", count=ahead)


def _unsaid_of_persons(report: Report, table: Table) -> Iterator[Finding]:
    persons: Mapping[Role, Sequence[PersonOrUserReported | IntendedRecipient | Victim]] = {
        Role.REPORTED: report.person_or_user_reported,
        Role.RECIPIENT: report.intended_recipient,
        Role.VICTIM: report.victim,
    }
    for role, found in persons.items():
        messages = [message for message in table.messages if message.role is role]
        names = {name for person in found for name in _names_of(person)}
        strangers = sum(1 for message in messages if message.sender is not None and message.sender not in names)
        # Of the person reported validation says the same.
        if messages and not found and role is not Role.REPORTED:
            yield unsaid.NO_PERSON.at(_PLACE_OF[role], count=len(messages))
        if found and strangers:
            yield unsaid.SENDER_ELSEWHERE.at(_PLACE_OF[role], count=strangers)
    children = [recipient.intended_recipient_person for recipient in report.intended_recipient]
    children += [victim.victim_person for victim in report.victim]
    if not any(_has_age(child) for child in children):
        yield unsaid.AGE.at("report.victim")
    for index, details in enumerate(report.internet_details):
        chat = details.chat_im_incident
        if chat is not None and is_blank(chat.chat_client) and is_blank(report.incident_summary.platform):
            yield unsaid.CHAT_SERVICE.at(f"report.internetDetails[{index}].chatImIncident.chatClient")


def _unsaid_of_attachments(evidence: Sequence[Evidence], conversation: Conversation) -> Iterator[Finding]:
    # They come behind the table, those of messages first; of any other nobody says that a user uploaded it.
    count = len({reference for message in conversation.messages for reference in message.attachments})
    for index, item in enumerate(evidence[1 : 1 + count], start=1):
        yield from unsaid.check_upload(item, f"evidence[{index}]")


def _names_of(person: PersonOrUserReported | IntendedRecipient | Victim) -> Iterator[str]:
    yield from (name for name in (person.esp_identifier, person.screen_name, *person.display_name) if name is not None)


def _has_age(person: Person | None) -> bool:
    return person is not None and (person.age is not None or person.date_of_birth is not None)
