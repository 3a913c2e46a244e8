"""A conversation as its service knows it: messages with ids, times and roles, in one order.

Roles are named as the elements of the report, so that whoever reads a message finds the person. Nothing here knows how
a conversation is written down.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from tipline_client.builders.arguments import instant_of, kind_of, optional_text, refuse, text_of, tuple_of
from tipline_client.models import EvidenceDetails

__all__ = ["Conversation", "Message", "Role", "Truncation", "reference_of"]

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_NUMBERED = re.compile(r"([^0-9]*)0*([0-9]+)", re.DOTALL)


class Role(StrEnum):
    """Who wrote a message, in the words of the report."""

    REPORTED = "personOrUserReported"
    """The person whom the report accuses."""
    RECIPIENT = "intendedRecipient"
    """A person for whom the content was meant."""
    VICTIM = "victim"
    """A child who was harmed or is at risk."""
    OTHER = "other"
    """Any other person."""
    SYSTEM = "system"
    """The service itself: somebody joined, a picture was blocked."""


def reference_of(argument: str, value: object) -> str:
    """A reference to a file: 1 to 64 letters, digits, `.`, `_`, `-`, beginning with a letter or digit, all ASCII.

    Raises:
        ReportInvalidError: It is something else.
    """
    if not isinstance(value, str) or _REFERENCE.fullmatch(value) is None:
        refuse(
            argument,
            "A reference of 1 to 64 ASCII letters, digits, '.', '_' or '-' is expected, beginning with a letter or "
            "digit.",
        )
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. A repr shows neither text nor accounts.

    Attributes:
        id: Your identifier of it, the same whenever you are asked.
        sent_at: When it was sent, aware; kept in UTC with its microseconds.
        role: Who sent it; a member of `Role`, or its word.
        text: What it says, as it is; empty where it has attachments alone.
        sender: Your identifier of the account that sent it.
        attachments: References to its files, as they are named where the files are handed in.

    Raises:
        ReportInvalidError: A value is of another type, blank, unknown, or has no zone; it names the argument.
    """

    id: str = field(repr=False)
    sent_at: datetime
    role: Role
    text: str = field(repr=False)
    sender: str | None = field(default=None, repr=False)
    attachments: Sequence[str] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        text_of("id", self.id)
        object.__setattr__(self, "sent_at", instant_of("sent_at", self.sent_at))
        try:
            object.__setattr__(self, "role", Role(self.role))
        except ValueError:
            refuse("role", f"One of {', '.join(Role)} is expected.")
        text: object = self.text
        if not isinstance(text, str):
            refuse("text", f"Text is expected, and this is {kind_of(text)}.")
        optional_text("sender", self.sender)
        references = tuple_of("attachments", self.attachments)
        for index, reference in enumerate(references):
            reference_of(f"attachments[{index}]", reference)
        object.__setattr__(self, "attachments", references)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncation:
    """How much of a conversation may be sent. What is left out is stated in the table, its details and `missing`.

    Attributes:
        keep: Which end is kept: the `first` messages or the `last`.
        max_messages: At most so many messages, 1 or more.
        max_bytes: At most so many bytes of the whole table, 1 or more.

    Raises:
        ReportInvalidError: There is no limit, or a value is out of its range; it names the argument.
    """

    keep: Literal["first", "last"]
    max_messages: int | None = None
    max_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.keep not in ("first", "last"):
            refuse("keep", "'first' or 'last' is expected.")
        if self.max_messages is None and self.max_bytes is None:
            refuse("max_messages", "A limit is expected, here or in max_bytes.")
        for name in ("max_messages", "max_bytes"):
            limit: object = getattr(self, name)
            if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
                refuse(name, "A whole number, 1 or more, is expected.")


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages in the order of their times, those of one moment in the order of their ids.

    Ids that end in their one number, such as `9` and `m-10`, are in the order of those numbers; others in that of their
    characters. The order in which they are given says nothing, so that the same conversation is the same file.

    Attributes:
        messages: The messages, at least one, each id once; given in any order.
        is_whole: Whether they are all messages of the conversation; `None` where nobody says.
        truncation: How much of it may be sent; all of it by default.
        name: The name of the table's file.
        details: What you say of the table's file, such as whether somebody at the company read it to its end.

    Raises:
        ReportInvalidError: A value is of another type, an id comes twice, or two accounts write as the person
            reported; it names the argument.
    """

    messages: Sequence[Message] = field(repr=False)
    is_whole: bool | None = field(default=None, kw_only=True)
    truncation: Truncation | None = field(default=None, kw_only=True)
    name: str = field(default="conversation.csv", kw_only=True)
    details: EvidenceDetails = field(default=EvidenceDetails(), kw_only=True)

    def __post_init__(self) -> None:
        messages = tuple_of("messages", self.messages)
        if not messages:
            refuse("messages", "At least one message is expected.")
        ids: set[str] = set()
        for index, message in enumerate(messages):
            if not isinstance(message, Message):
                refuse(f"messages[{index}]", f"A Message is expected, and this is {kind_of(message)}.")
            if message.id in ids:
                refuse(f"messages[{index}].id", "Another message has the same id.")
            ids.add(message.id)
        accused = {message.sender for message in messages if message.role is Role.REPORTED and message.sender}
        if len(accused) > 1:
            refuse(
                "messages",
                f"{len(accused)} accounts write in the role {Role.REPORTED}, and a report accuses one person. Give "
                f"the others the role {Role.OTHER}, and build a report for each.",
            )
        whole: object = self.is_whole
        if whole is not None and not isinstance(whole, bool):
            refuse("is_whole", "True, False or None is expected.")
        truncation: object = self.truncation
        if truncation is not None and not isinstance(truncation, Truncation):
            refuse("truncation", f"A Truncation is expected, and this is {kind_of(truncation)}.")
        text_of("name", self.name)
        details: object = self.details
        if not isinstance(details, EvidenceDetails):
            refuse("details", f"EvidenceDetails are expected, and this is {kind_of(details)}.")
        ordered = sorted(messages, key=lambda message: (message.sent_at, *_place(message.id)))
        object.__setattr__(self, "messages", tuple(ordered))


def _place(message_id: str) -> tuple[str, int, str, str]:
    """Where an id stands among others: by what precedes its number, then by the number, of whatever length."""
    numbered = _NUMBERED.fullmatch(message_id)
    if numbered is None:
        return message_id, 0, "", message_id
    # A longer number without zeros in front is a greater one; as text alone, 10 would stand before 9.
    return numbered[1], len(numbered[2]), numbered[2], message_id
