"""A conversation as a table: its bytes, what is done to cells, what is left out, and reading it back."""

import csv
import io
from datetime import timedelta
from typing import Literal

import pytest

from tests.unit.builders.cases import BEGIN, message, refused
from tipline_client.builders import LeftOut, Message, Role, Table, Truncation, read_conversation
from tipline_client.builders.table import write_conversation
from tipline_client.errors import EvidenceError, ReportInvalidError

HEADER = '"kind","message_id","sent_at","role","sender","text","attachments","apostrophe_added","escaped"\r\n'


def rows(data: bytes) -> list[dict[str, str]]:
    """The rows as any reader of CSV has them."""
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def written(text: str) -> dict[str, str]:
    """The row of a message with this text."""
    [row] = rows(write_conversation([message(1, text)])[0])
    return row


def test_two_messages() -> None:
    """The table, byte for byte."""
    attached = Message(
        id="=2+3",
        sent_at=BEGIN.replace(microsecond=250_000),
        role=Role.SYSTEM,
        text='"quoted",\r\nnext line ☕',
        attachments=["a1", "a2"],
    )

    data, _ = write_conversation([message(0), attached])

    assert (
        HEADER
        + '"message","m-000","2026-01-05T08:30:00Z","personOrUserReported","user-1001",'
        + '"see you at the mug shop","","",""\r\n'
        + '"message","\'=2+3","2026-01-05T08:30:00.250Z","system","",'
        + '"""quoted"",\r\nnext line ☕","a1 a2","message_id",""\r\n'
    ).encode() == data


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@mug",
        "\tmug",
        "\rmug",
        "\nmug",
        "＝1",
        " =1",
        "\u200b\ufeff+1",
        "\u202e-1",
        "\u00ad=1",
        "\u061c+1",
        "\ufe0f@1",
        "\U000e0001=1",
    ],
)
def test_text_like_a_formula(text: str) -> None:
    """An apostrophe is put in front, and the row says so."""
    row = written(text)

    assert (f"'{text}", "text", "") == (row["text"], row["apostrophe_added"], row["escaped"])


@pytest.mark.parametrize("text", ["'=1+1", "'mug", "1=1", "a mug", "", "Zoë ☕", "\u202eleft", r"C:\u0041", "\u2028"])
def test_text_as_it_is(text: str) -> None:
    """Anything else stands as it was written, an apostrophe of the writer's too."""
    row = written(text)

    assert (text, "", "") == (row["text"], row["apostrophe_added"], row["escaped"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\ud83d", r"\uD83D"),
        ("\ud83d\ude00", r"\uD83D\uDE00"),
        ("a\x00b", r"a\u0000b"),
        ("\x7f\x85\uffff", r"\u007F\u0085\uFFFF"),
        ("\\\x1b", r"\\\u001B"),
    ],
)
def test_characters_that_cannot_be_shown(text: str, shown: str) -> None:
    """They are written out, backslashes twice, and the row says so."""
    row = written(text)

    assert (shown, "", "text") == (row["text"], row["apostrophe_added"], row["escaped"])


def test_formula_with_a_control_character() -> None:
    """Both are done, and both are undone."""
    text = "=\x00\\"

    row = written(text)

    assert ("'=\\u0000\\\\", "text", "text") == (row["text"], row["apostrophe_added"], row["escaped"])
    assert text == read_conversation(write_conversation([message(1, text)])[0]).messages[0].text


def test_very_long_text() -> None:
    """A cell beyond the limit of the standard reader is read back."""
    long = message(1, 'mug "' * 100_000)

    assert (long,) == read_conversation(write_conversation([long])[0]).messages


@pytest.mark.parametrize(
    ("microsecond", "shown"), [(0, "08:30:00Z"), (500_000, "08:30:00.500Z"), (7, "08:30:00.000007Z")]
)
def test_parts_of_a_second(microsecond: int, shown: str) -> None:
    """They are written as far as they go."""
    moment = BEGIN.replace(microsecond=microsecond)
    written_then = Message(id="1", sent_at=moment, role=Role.OTHER, text="")

    data, _ = write_conversation([written_then])

    assert [f"2026-01-05T{shown}"] == [row["sent_at"] for row in rows(data)]
    assert (written_then,) == read_conversation(data).messages


@pytest.mark.parametrize(
    ("keep", "kept", "place", "said"),
    [
        (
            "first",
            ["m-000", "m-001"],
            -1,
            "3 later messages left out, sent from {d}:32:00Z to {d}:34:00Z",
        ),
        (
            "last",
            ["m-003", "m-004"],
            0,
            "3 earlier messages left out, sent from {d}:30:00Z to {d}:32:00Z",
        ),
    ],
)
def test_limit_of_messages(keep: Literal["first", "last"], kept: list[str], place: int, said: str) -> None:
    """The row that says what is left out stands where that would be."""
    data, table = write_conversation([message(number) for number in range(5)], Truncation(keep=keep, max_messages=2))

    found = rows(data)
    assert kept == [row["message_id"] for row in found if row["kind"] == "message"]
    assert ("left out", said.format(d="2026-01-05T08")) == (found[place]["kind"], found[place]["text"])
    assert table == read_conversation(data)


@pytest.mark.parametrize("keep", ["first", "last"])
def test_limit_of_bytes(keep: Literal["first", "last"]) -> None:
    """The whole table keeps to the limit, with as many messages as fit in; one byte less leaves out one more."""
    messages = [message(number, "mug " * number) for number in range(40)]
    size = len(write_conversation(messages)[0])

    for limit in range(size - 1, 800, -97):
        data, table = write_conversation(messages, Truncation(keep=keep, max_bytes=limit))
        assert len(data) <= limit
        assert table == read_conversation(data)
        assert table.left_out is not None
        assert len(messages) == len(table.messages) + table.left_out.count
        same, _ = write_conversation(messages, Truncation(keep=keep, max_bytes=len(data)))
        assert data == same
        _, fewer = write_conversation(messages, Truncation(keep=keep, max_bytes=len(data) - 1))
        assert len(fewer.messages) == len(table.messages) - 1


def test_everything_within_the_limits() -> None:
    """Nothing is left out, and nothing says so."""
    messages = [message(number) for number in range(3)]
    whole, _ = write_conversation(messages)

    data, table = write_conversation(messages, Truncation(keep="last", max_messages=3, max_bytes=len(whole)))

    assert (whole, Table(tuple(messages), None)) == (data, table)


def test_one_message_left_out() -> None:
    """One is called one."""
    moment = BEGIN + timedelta(minutes=1)

    _, table = write_conversation([message(0), message(1)], Truncation(keep="first", max_messages=1))

    assert LeftOut(1, "later", moment, moment) == table.left_out
    assert str(table.left_out).startswith("1 later message left out,")


def test_limit_below_one_message() -> None:
    """An empty table is never written."""
    with pytest.raises(ReportInvalidError) as raised:
        write_conversation([message(0)], Truncation(keep="first", max_bytes=150))

    assert ["conversation.truncation.max_bytes"] == refused(raised)


_ROW = '"message","m-1","2026-01-05T08:30:00Z","other","","a mug","","",""\r\n'


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"\xff", "not in UTF-8"),
        (b"", "row 1"),
        (b"kind,message_id\r\n", "row 1"),
        ((HEADER + _ROW[:-2]).encode(), "row 2"),
        ((HEADER + _ROW + '"message"\r\n').encode(), "row 3"),
        ((HEADER + _ROW + '"message",').encode(), "row 3"),
        ((HEADER + _ROW.replace("other", "suspect")).encode(), "row 2"),
        ((HEADER + _ROW.replace(":00Z", ":00")).encode(), "row 2"),
        ((HEADER + _ROW.replace("message", "note")).encode(), "row 2"),
        ((HEADER + _ROW.replace('"","",""', '"","text",""')).encode(), "row 2"),
        ((HEADER + _ROW.replace('"","",""', '"","role",""')).encode(), "row 2"),
        ((HEADER + _ROW.replace('mug","","",""', '\\mug","","","text"')).encode(), "row 2"),
    ],
)
def test_file_that_is_no_such_table(data: bytes, place: str) -> None:
    """It is refused with the row, and nothing of it is shown."""
    with pytest.raises(EvidenceError, match=place) as raised:
        read_conversation(data)

    assert "mug" not in str(raised.value)
