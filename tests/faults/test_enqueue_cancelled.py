"""An enqueue whose task asyncio cancels: an entry with its copies, or neither."""

import asyncio

from tests.support.stage import Stage

MOMENTS = 40
STEP = 0.0005


async def test_at_any_moment(durable: Stage) -> None:
    """No copy is left that no entry names, and each entry that came to be is filed with its copies."""
    given_up = 0
    for moment in range(MOMENTS):
        handing_in = asyncio.create_task(durable.enqueue(str(moment)))
        await asyncio.sleep(moment * STEP)
        handing_in.cancel()
        await asyncio.wait([handing_in])
        given_up += handing_in.cancelled()

    entries = await durable.outbox.list_entries()
    assert given_up
    assert {entry.id for entry in entries} == {
        path.parent.name for path in (durable.folder / "evidence").rglob("*") if path.is_file()
    }
