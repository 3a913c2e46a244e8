"""An enqueue that is cancelled at any moment: decision and report still commit or roll back together."""

import asyncio
import gc
from collections.abc import Iterator

import pytest

from tests.joining.applications import KINDS, is_asynchronous
from tests.joining.conftest import World

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning"),
    # From Python 3.13 on its own module says so too.
    pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning"),
]

MOMENTS = 24
STEP = 0.001


@pytest.fixture(autouse=True)
def left_by_others() -> Iterator[None]:
    """Drivers leave a connection open now and then whose making is cancelled; no other test is to be blamed for it."""
    yield
    gc.collect()


every_asynchronous_kind = pytest.mark.parametrize(
    "world", [kind for kind in KINDS if is_asynchronous(kind)], indirect=True
)


@every_asynchronous_kind
async def test_time_is_up(world: World) -> None:
    """Whenever it is, there is a report for each decision and none without; what is there is filed."""
    for moment in range(MOMENTS):
        try:
            async with asyncio.timeout(moment * STEP), world.app.transaction() as connection:
                await world.app.decide(connection, moment)
                await world.enqueue(connection, str(moment), key=f"case-{moment}")
        except TimeoutError:
            pass
    # A commit may have been under way when the time was up; this one comes after it.
    async with world.app.transaction() as connection:
        await world.app.decide(connection, MOMENTS)
        await world.enqueue(connection, "last", key=f"case-{MOMENTS}")

    decided = world.decisions()
    assert [f"case-{case}" for case in decided] == sorted(
        [entry.idempotency_key for entry in await world.client.outbox.list_entries()], key=lambda key: int(key[5:])
    )
    assert len(decided) == await world.filed()


@every_asynchronous_kind
async def test_transaction_that_goes_on(world: World) -> None:
    """Whoever catches the cancellation finds a transaction that can be used and committed."""
    for moment in range(MOMENTS):
        async with world.app.transaction() as connection:
            handing_in = asyncio.create_task(world.enqueue(connection, str(moment), key=f"case-{moment}"))
            await asyncio.sleep(moment * STEP)
            handing_in.cancel()
            await asyncio.wait([handing_in])
            await world.app.decide(connection, moment)

    assert list(range(MOMENTS)) == world.decisions()
    assert len(await world.client.outbox.list_entries()) == await world.filed()
