"""What is said over a connection: any text comes back, and a caller's own transaction decides."""

from collections.abc import Mapping
from dataclasses import replace

import psycopg
import pytest

from tests.contract.values import LANE, new_entry
from tests.support.postgres import PostgresServer
from tipline_client.errors import DuplicateKeyError, OutboxError
from tipline_client.outbox.postgres import PostgresOutbox
from tipline_client.outbox.postgres.conversation import Row, Value, hold, hold_async, packed, unpacked
from tipline_client.outbox.postgres.entering import enqueue

STRANGE = ["\0", "a\0b", "\x1a", "\x1a0", "\x1a1\0\x1a", "\\0", "\\\\", "\x1a\x1a00\0\0", "", "mug \U0001f600"]


class _Caller:
    """A caller's own connection, as psycopg's users hold it."""

    def __init__(self, connection: "psycopg.Connection[Row]") -> None:
        self._connection = connection

    def __call__(self, sql: str, parameters: Mapping[str, Value]) -> list[Row]:
        cursor = self._connection.execute(sql.encode(), parameters)
        return cursor.fetchall()


@pytest.mark.parametrize("text", STRANGE)
def test_strange_text(text: str) -> None:
    """Whatever UTF-8 can carry is packed without a NUL, and comes back as it was."""
    kept = packed({"text": text, "list": [text], "bytes": b"\0", "none": None})

    assert "\0" not in str(kept["text"])
    assert (text, text, b"\0", None) == unpacked((kept["text"], kept["list"][0], kept["bytes"], kept["none"]))  # type: ignore[index]  # a list


def test_no_two_texts_become_one() -> None:
    """Two different keys stay different."""
    assert len(STRANGE) == len({packed({"text": text})["text"] for text in STRANGE})


@pytest.mark.parametrize("text", STRANGE)
async def test_key_with_strange_text(outbox: PostgresOutbox, text: str) -> None:
    """An entry whose id, key and digest hold a NUL is found by them."""
    new = replace(new_entry(), id=f"id {text}", idempotency_key=f"key {text}", content_digest=f"digest {text}")

    entry, _ = await outbox.enqueue(new)

    assert (new.id, new.idempotency_key, new.content_digest) == (entry.id, entry.idempotency_key, entry.content_digest)
    assert entry == await outbox.get(f"id {text}")
    assert entry == await outbox.find(LANE, f"key {text}")


async def test_half_a_surrogate_pair_anywhere(outbox: PostgresOutbox) -> None:
    """Text that UTF-8 cannot carry is refused as such, not as a failure of the driver with the text in it."""
    with pytest.raises(OutboxError, match="surrogate") as caught:
        await outbox.get("mug\ud83d")

    assert caught.value.__context__ is None


async def test_caller_s_transaction_that_commits(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """A report that is enqueued in a caller's transaction is queued when that commits, and not before."""
    server.execute("CREATE TABLE IF NOT EXISTS notes_of_a_caller (note text)")
    with server.connect() as connection:
        connection.execute("INSERT INTO notes_of_a_caller VALUES ('report the coffee mug')")
        entry, is_new = hold(enqueue(new_entry(), held=False), _Caller(connection))
        before = await outbox.find(LANE, "key-one")

    assert (True, None) == (is_new, before)
    assert entry == await outbox.get("id-one")


async def test_caller_s_transaction_that_is_undone(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """A report that is enqueued in a transaction which fails was never enqueued."""
    with server.connect() as connection:
        hold(enqueue(new_entry(), held=False), _Caller(connection))
        connection.rollback()

    assert await outbox.find(LANE, "key-one") is None
    assert 0 == (await outbox.count()).waiting


async def test_refusal_in_a_caller_s_transaction(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """A refused enqueue leaves the caller's transaction usable."""
    await outbox.enqueue(new_entry())

    with server.connect() as connection:
        with pytest.raises(DuplicateKeyError):
            hold(enqueue(new_entry(digest="another"), held=False), _Caller(connection))
        hold(enqueue(new_entry("two"), held=False), _Caller(connection))

    assert 2 == (await outbox.count()).waiting


async def test_caller_s_asynchronous_transaction(outbox: PostgresOutbox, server: PostgresServer) -> None:
    """The same verb is held over an asynchronous connection of the caller's."""
    async with await psycopg.AsyncConnection.connect(server.dsn()) as connection:

        async def execute(sql: str, parameters: Mapping[str, Value]) -> list[Row]:
            cursor = await connection.execute(sql.encode(), parameters)
            return await cursor.fetchall()

        entry, _ = await hold_async(enqueue(new_entry(), held=True), execute)

    assert entry == await outbox.get("id-one")
