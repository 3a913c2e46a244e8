"""Content that somebody reads is on record, with purpose and actor, in every store."""

import pytest

from tests.contract.values import CHAIN, START, new_entry
from tipline_client.delivery.events import ContentRead, digest_of
from tipline_client.errors import EntryNotFoundError, OutboxError
from tipline_client.outbox import Outbox


async def test_reading_on_record(outbox: Outbox) -> None:
    """A reading is a line of the chained history, and a note with the purpose in words."""
    await outbox.enqueue(new_entry())

    await outbox.archive.note_reading("id-one", "report", purpose="court order 12", actor="Zoë")

    lines = await outbox.history("id-one")
    assert ContentRead("report", "Zoë", digest_of("court order 12")) == lines[-1].event.what
    assert () == CHAIN.problems(lines)
    assert [(START, "report read by Zoë: court order 12")] == await outbox.notes("id-one")


async def test_reading_of_no_entry(outbox: Outbox) -> None:
    """What is not there cannot be read."""
    with pytest.raises(EntryNotFoundError):
        await outbox.archive.note_reading("id-none", "report", purpose="audit", actor="Zoë")


async def test_reading_in_words_that_cannot_be_kept(outbox: Outbox) -> None:
    """A purpose that no store keeps unchanged is refused, and nothing is on record."""
    await outbox.enqueue(new_entry())

    with pytest.raises(OutboxError):
        await outbox.archive.note_reading("id-one", "report", purpose="\ud800", actor="Zoë")

    assert [] == await outbox.notes("id-one")
