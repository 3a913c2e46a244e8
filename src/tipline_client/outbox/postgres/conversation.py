"""How the verbs of this store speak to a database: each yields a statement and is sent its rows.

A verb written so knows no connection. The same lines run over the store's own asynchronous connections and inside a
transaction that a caller opened, synchronous or not.
"""

from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any, Final, TypeVar

from tipline_client.outbox import rules

__all__ = ["Conversation", "Row", "Value", "hold", "hold_async", "packed", "unpacked"]

T = TypeVar("T")

Value = str | bytes | int | bool | list[str] | list[int] | list[bytes] | None
Row = tuple[Any, ...]
Conversation = Generator[tuple[str, Mapping[str, Value]], list[Row], T]
"""Yields a statement with its parameters, is sent all of its rows, and returns what it found out."""

_ESCAPE: Final = "\x1a"
"""Stands before a character that PostgreSQL's text cannot hold; SUBSTITUTE is the control character meant for that."""


def packed(parameters: Mapping[str, Value]) -> dict[str, Value]:
    """The parameters as PostgreSQL can hold them: its text knows no NUL, which ids, keys and reasons may contain.

    Raises:
        OutboxError: A text holds half a surrogate pair, which UTF-8 cannot carry.
    """
    return {name: _packed(value) for name, value in parameters.items()}


def _packed(value: Value) -> Value:
    if isinstance(value, list):
        return [_packed_text(item) if isinstance(item, str) else item for item in value]  # type: ignore[return-value]  # a list of one kind stays one
    return _packed_text(value) if isinstance(value, str) else value


def _packed_text(text: str) -> str:
    rules.check_text(text)
    if _ESCAPE in text or "\0" in text:
        return text.replace(_ESCAPE, _ESCAPE + "1").replace("\0", _ESCAPE + "0")
    return text


def unpacked(row: Row) -> Row:
    """The row with its texts as they were handed in."""
    return tuple(_unpacked_text(value) if isinstance(value, str) and _ESCAPE in value else value for value in row)


def _unpacked_text(text: str) -> str:
    return text.replace(_ESCAPE + "0", "\0").replace(_ESCAPE + "1", _ESCAPE)


def hold(conversation: Conversation[T], execute: Callable[[str, Mapping[str, Value]], list[Row]]) -> T:
    """Hold a conversation over a synchronous connection.

    Args:
        conversation: One of this package's verbs.
        execute: Runs one statement in psycopg's style of named parameters and returns all of its rows.
    """
    try:
        sql, parameters = next(conversation)
        while True:
            rows = [unpacked(row) for row in execute(sql, packed(parameters))]
            sql, parameters = conversation.send(rows)
    except StopIteration as end:
        result: T = end.value
        return result


async def hold_async(
    conversation: Conversation[T], execute: Callable[[str, Mapping[str, Value]], Awaitable[list[Row]]]
) -> T:
    """Hold a conversation over an asynchronous connection; see `hold`."""
    try:
        sql, parameters = next(conversation)
        while True:
            rows = [unpacked(row) for row in await execute(sql, packed(parameters))]
            sql, parameters = conversation.send(rows)
    except StopIteration as end:
        result: T = end.value
        return result
