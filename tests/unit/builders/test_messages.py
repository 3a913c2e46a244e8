"""Messages and conversations: what exists is in order and unambiguous."""

from datetime import timedelta, timezone
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.unit.builders.cases import BEGIN, message, refused
from tipline_client.builders import Conversation, Message, Role, Truncation
from tipline_client.errors import ReportInvalidError

SAID: dict[str, Any] = {"id": "m-1", "sent_at": BEGIN, "role": Role.OTHER, "text": "a mug"}


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"id": ""}, "id"),
        ({"id": 1}, "id"),
        ({"sent_at": BEGIN.replace(tzinfo=None)}, "sent_at"),
        ({"sent_at": "2026-01-05T08:30:00Z"}, "sent_at"),
        ({"sent_at": BEGIN.replace(tzinfo=ZoneInfo("Europe/Berlin"), month=3, day=29, hour=2)}, "sent_at"),
        ({"role": "suspect"}, "role"),
        ({"role": None}, "role"),
        ({"text": None}, "text"),
        ({"text": b"a mug"}, "text"),
        ({"sender": ""}, "sender"),
        ({"attachments": "mug"}, "attachments"),
        ({"attachments": ["a mug"]}, "attachments[0]"),
        ({"attachments": ["mug", "=mug"]}, "attachments[1]"),
        ({"attachments": ["mug\n"]}, "attachments[0]"),
    ],
)
def test_wrong_message(values: dict[str, Any], name: str) -> None:
    """A value that no message can have is refused by its name."""
    with pytest.raises(ReportInvalidError) as raised:
        Message(**(SAID | values))

    assert [name] == refused(raised)


def test_role_that_nobody_knows() -> None:
    """The error lists the words that there are."""
    with pytest.raises(ReportInvalidError, match="personOrUserReported, intendedRecipient, victim, other, system"):
        Message(**(SAID | {"role": "groomer"}))


def test_role_by_its_word() -> None:
    """The word of a role is as good as its member."""
    assert Role.RECIPIENT is Message(**(SAID | {"role": "intendedRecipient"})).role


def test_time_of_another_zone() -> None:
    """A moment is kept in UTC, to the microsecond."""
    moment = BEGIN.replace(microsecond=123456)

    east = Message(**(SAID | {"sent_at": moment.astimezone(timezone(timedelta(hours=5, minutes=45)))}))

    assert (moment, timedelta(0)) == (east.sent_at, east.sent_at.utcoffset())


def test_content_in_a_repr() -> None:
    """A repr shows neither words nor accounts."""
    written = Message(**(SAID | {"sender": "user-1001", "attachments": ["a1"]}))
    shown = repr(written) + repr(Conversation([written]))

    assert [] == [text for text in ("mug", "user-1001", "a1", "m-1") if text in shown]


@pytest.mark.parametrize(
    "ids",
    [
        ["9", "10", "11"],
        ["m-9", "m-10", "m-0100"],
        ["07", "7", "8"],
        ["1" * 4999, "1" * 5000],
        # No one number at their end: as text, which is how ids of this kind sort.
        ["01ARZ3NDEK10", "01ARZ3NDEK9"],
        ["a10b", "a9b"],
        ["m", "m-1", "n-0"],
        ["1\u0661", "1\u0662"],
    ],
)
def test_messages_of_one_moment(ids: list[str]) -> None:
    """A number at the end of an id counts as a number, and the order in which they are given does not count."""
    messages = [Message(**(SAID | {"id": each})) for each in ids]

    for order in permutations(messages):
        assert ids == [message.id for message in Conversation(order).messages]


def test_messages_in_any_order() -> None:
    """They are put in the order of their times, and those of one moment in the order of their ids."""
    late, second, first = message(2), Message(**SAID), Message(**(SAID | {"id": "m-0"}))

    assert (first, second, late) == Conversation([late, second, first]).messages


def test_two_accounts_reported() -> None:
    """Two accounts in the role of the person reported are refused with the way out."""
    both = [message(1), Message(**(SAID | {"role": Role.REPORTED, "sender": "user-1002"}))]

    with pytest.raises(ReportInvalidError, match="2 accounts write in the role personOrUserReported") as raised:
        Conversation(both)

    assert ["messages"] == refused(raised)


@pytest.mark.parametrize(
    ("messages", "name"),
    [
        ([], "messages"),
        ("a mug", "messages"),
        ([message(1), "a mug"], "messages[1]"),
        ([message(1), message(2), message(1, "another")], "messages[2].id"),
    ],
)
def test_wrong_messages(messages: Any, name: str) -> None:
    """What is no list of messages with ids of their own is refused."""
    with pytest.raises(ReportInvalidError) as raised:
        Conversation(messages)

    assert [name] == refused(raised)


@pytest.mark.parametrize(
    "values", [{"is_whole": "yes"}, {"is_whole": 1}, {"truncation": 500}, {"name": ""}, {"details": {}}]
)
def test_wrong_conversation(values: dict[str, Any]) -> None:
    """An argument of another type is named."""
    with pytest.raises(ReportInvalidError) as raised:
        Conversation([message(1)], **values)

    assert list(values) == refused(raised)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"keep": "middle", "max_messages": 1}, "keep"),
        ({"keep": "first"}, "max_messages"),
        ({"keep": "first", "max_messages": 0}, "max_messages"),
        ({"keep": "last", "max_bytes": True}, "max_bytes"),
        ({"keep": "last", "max_bytes": 1e6}, "max_bytes"),
    ],
)
def test_wrong_truncation(values: dict[str, Any], name: str) -> None:
    """A limit that is none is refused."""
    with pytest.raises(ReportInvalidError) as raised:
        Truncation(**values)

    assert [name] == refused(raised)
