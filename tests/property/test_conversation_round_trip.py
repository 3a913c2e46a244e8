"""Any conversation, with text as unkind as users write it, comes back from its table to the last character."""

import csv
import io
from datetime import datetime
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipline_client.builders import Message, Role, Truncation, read_conversation
from tipline_client.builders.messages import Conversation
from tipline_client.builders.table import write_conversation
from tipline_client.errors import EvidenceError
from tipline_client.testing.strategies import nasty_text

pytestmark = pytest.mark.slow

# Everything that means something to the table, next to each other.
_BITS = (*"\"'=+-@\t\r\n\\,\x00", "u0041", "\u202e", "\u200f", "\ud83d", "\ude00")
_texts = st.one_of(
    st.lists(st.sampled_from(_BITS), max_size=8).map("".join),
    st.text(st.characters(), max_size=20),
    st.text(st.characters(categories=["Cs", "Cc", "Cf"]), max_size=5),
    nasty_text(),
)
_names = _texts.filter(str.strip)
_zones = st.timezones()
_messages = st.builds(
    Message,
    id=_names,
    sent_at=st.datetimes(min_value=datetime(1990, 1, 1), timezones=_zones, allow_imaginary=False),  # noqa: DTZ001 - Hypothesis adds the zone
    role=st.sampled_from([Role.RECIPIENT, Role.VICTIM, Role.OTHER, Role.SYSTEM]),
    text=_texts,
    sender=st.none() | _names,
    attachments=st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,9}", fullmatch=True), max_size=3),
)
_conversations = st.lists(_messages, min_size=1, max_size=6, unique_by=lambda message: message.id).map(Conversation)


@given(_conversations)
def test_table_read_back(conversation: Conversation) -> None:
    """Every message is recovered exactly, and writing it again gives the same bytes."""
    data, _ = write_conversation(conversation.messages)

    table = read_conversation(data)

    assert conversation.messages == table.messages
    assert data == write_conversation(table.messages)[0]


@given(_conversations)
def test_table_for_other_readers(conversation: Conversation) -> None:
    """The standard reader finds the same rows; no cell begins like a formula, and none holds what nobody sees."""
    data, _ = write_conversation(conversation.messages)

    header, *rows = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)

    assert len(conversation.messages) == len(rows)
    assert {len(header)} == {len(row) for row in rows}
    cells = [cell for row in rows for cell in row]
    assert [] == [cell for cell in cells if cell.lstrip(" \u200b\u200f\u202e\ufeff").startswith(("=", "+", "-", "@"))]
    assert [] == [cell for cell in cells if cell.startswith(("\t", "\r", "\n"))]
    assert not any(ord(character) < 32 and character not in "\t\r\n" for cell in cells for character in cell)


@given(_conversations, st.permutations(range(6)))
def test_table_of_messages_in_another_order(conversation: Conversation, order: list[int]) -> None:
    """However the messages were fetched, the bytes are the same."""
    shuffled = [conversation.messages[index] for index in order if index < len(conversation.messages)]

    again = Conversation(shuffled)

    assert write_conversation(conversation.messages)[0] == write_conversation(again.messages)[0]


@given(_conversations, st.sampled_from(["first", "last"]), st.integers(1, 6))
def test_table_cut_short(conversation: Conversation, keep: Literal["first", "last"], limit: int) -> None:
    """What is there and what is said to be left out make up the whole, and the end that is kept is there."""
    truncation = Truncation(keep=keep, max_messages=limit)

    data, table = write_conversation(conversation.messages, truncation)

    assert table == read_conversation(data)
    left_out = 0 if table.left_out is None else table.left_out.count
    assert len(conversation.messages) == len(table.messages) + left_out
    end = conversation.messages[:limit] if keep == "first" else conversation.messages[-limit:]
    assert end == table.messages


@given(st.binary(max_size=200) | nasty_text().map(lambda text: text.encode(errors="replace")))
def test_any_file_as_a_table(data: bytes) -> None:
    """What is no table is refused with an error of this package."""
    try:
        table = read_conversation(data)
    except EvidenceError:
        return
    assert () == table.messages
